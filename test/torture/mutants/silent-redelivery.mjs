/** A broker with a bug: after a crash nothing says that it was delivered before. Loaded before the program. */

import { ClassicQueue } from '../../../dist/core/queue/classic.js';

const { restore } = ClassicQueue.prototype;
ClassicQueue.prototype.restore = function (messages, { highest, watermark }) {
  restore.call(this, messages, { highest: Math.max(highest, watermark), watermark: 0 });
};
