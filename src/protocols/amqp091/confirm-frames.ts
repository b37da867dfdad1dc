/**
 * Writes confirms: one basic.ack for all that may be confirmed in its turn, after a basic.nack for each message that was
 * rejected; and one for each message that is confirmed before others that came earlier.
 */

import type { Output } from '../../base/output.ts';
import type { Confirms, Range } from './confirms.ts';
import { writeMethodFrame } from './frames-out.ts';

/** Confirms the sequence numbers `first` up to `last`, before which all are confirmed. */
export function writeConfirms(output: Output, channel: number, confirms: Confirms, range: Range): void {
  let { last } = range;
  if (confirms.hasRejected) {
    const rejected = confirms.takeRejected(last);
    for (const number of rejected) writeRejected(output, channel, number);
    // What a basic.nack was about before is not meant by `multiple`; but the ack may not end with one.
    while (rejected.at(-1) === last) {
      rejected.pop();
      last--;
    }
  }
  if (last < range.first) return;
  writeMethodFrame(output, channel, { name: 'basic.ack', deliveryTag: last, multiple: last > range.first });
}

/** Confirms what need not wait for what came before it: `multiple` would mean that, too. */
export function writeEarlyConfirms(output: Output, channel: number, confirms: Confirms): void {
  for (let range = confirms.takeEarly(); range !== undefined; range = confirms.takeEarly()) {
    const rejected = confirms.hasRejected ? confirms.takeRejected(range.last) : NONE;
    let next = 0;
    for (let deliveryTag = range.first; deliveryTag <= range.last; deliveryTag++) {
      if (rejected[next] !== deliveryTag)
        writeMethodFrame(output, channel, { name: 'basic.ack', deliveryTag, multiple: false });
      else {
        writeRejected(output, channel, deliveryTag);
        next++;
      }
    }
  }
}

const NONE: readonly number[] = [];

function writeRejected(output: Output, channel: number, deliveryTag: number): void {
  writeMethodFrame(output, channel, { name: 'basic.nack', deliveryTag, multiple: false, requeue: false });
}
