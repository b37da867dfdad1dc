/** A broker with a bug: one settle in fifty does not reach the log. Loaded before the program. */

import { DiskLog } from '../../../dist/storage/disk/disk-log.js';

const LOST_EVERY = 50;
let settles = 0;

const { settle } = DiskLog.prototype;
DiskLog.prototype.settle = function (...args) {
  return ++settles % LOST_EVERY === 0 ? this.durable : settle.apply(this, args);
};
