/**
 * Writes confirms: one basic.ack for all that may be confirmed, after a basic.nack for each message that was rejected.
 */

import type { Output } from '../../base/output.ts';
import type { Confirms } from './confirms.ts';
import { writeMethodFrame } from './frames-out.ts';

/** Confirms the sequence numbers `first` up to `last`. */
export function writeConfirms(
  output: Output,
  channel: number,
  confirms: Confirms,
  range: { readonly first: number; readonly last: number },
): void {
  let { last } = range;
  if (confirms.hasRejected) {
    const rejected = confirms.takeRejected(last);
    for (const deliveryTag of rejected) {
      writeMethodFrame(output, channel, { name: 'basic.nack', deliveryTag, multiple: false, requeue: false });
    }
    // What a basic.nack was about before is not meant by `multiple`; but the ack may not end with one.
    while (rejected.at(-1) === last) {
      rejected.pop();
      last--;
    }
  }
  if (last < range.first) return;
  writeMethodFrame(output, channel, { name: 'basic.ack', deliveryTag: last, multiple: last > range.first });
}
