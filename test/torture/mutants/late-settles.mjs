/** A broker with a bug: what clients settle reaches the log only a second later. Loaded before the program. */

import { DiskLog } from '../../../dist/storage/disk/disk-log.js';

const HELD_MS = 1000;

const { settle } = DiskLog.prototype;
DiskLog.prototype.settle = function (...args) {
  setTimeout(() => settle.apply(this, args), HELD_MS);
  return 0;
};
