/**
 * The second reading of a log: hands out the messages that are live, in the order in which they stand in the segments.
 */

import { type Region, regionOf } from '../../base/bytes.ts';
import type { Messages } from '../../core/messages.ts';
import type { MessageHandle } from '../../core/ports.ts';
import { FileWindow } from './file-window.ts';
import type { LiveMessages } from './live-messages.ts';
import { type RecordReader, targetQueue, targetSequence } from './record-codec.ts';
import type { RecoveredLog, RecoveryProgress } from './recovery.ts';
import type { Segment } from './segments.ts';
import { readBatch } from './stored-batch.ts';

/** Takes a message, with a reference of its own, to its place in a queue. */
export type RestoreMessage = (queueId: number, sequence: number, message: MessageHandle) => void;

/** @returns how far it is, now and then */
export function* readMessages(
  log: RecoveredLog,
  messages: Messages,
  restore: RestoreMessage,
): Generator<RecoveryProgress> {
  const wanted = [...log.batches.keys()].filter(({ slot }) => log.live.counts[slot] !== 0);
  const of = wanted.reduce((sum, { bytes }) => sum + bytes, 0);
  const buffers = { bytes: new Uint8Array(0) };
  let before = 0;
  for (const segment of wanted) {
    const window = new FileWindow(segment.file, buffers);
    for (const at of log.batches.get(segment) ?? []) {
      readBatch(window, at, (view) => new LiveContents(view, segment, log.live, messages, restore));
      yield { bytes: before + at, of };
    }
    before += segment.bytes;
  }
}

/** Brings the messages of a batch into memory that stand in its segment and nowhere else. */
class LiveContents implements RecordReader {
  readonly #region: Region;
  readonly #segment: Segment;
  readonly #live: LiveMessages;
  readonly #messages: Messages;
  readonly #restore: RestoreMessage;

  constructor(view: DataView, segment: Segment, live: LiveMessages, messages: Messages, restore: RestoreMessage) {
    this.#region = regionOf(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
    this.#segment = segment;
    this.#live = live;
    this.#messages = messages;
    this.#restore = restore;
  }

  content(targetsAt: number, targets: number, runAt: number, runBytes: number, largeBytes: number): void {
    const { view } = this.#region;
    let message: MessageHandle | undefined;
    for (let index = 0; index < targets; index++) {
      const queueId = targetQueue(view, targetsAt, index);
      const sequence = targetSequence(view, targetsAt, index);
      if (this.#live.slotOf(queueId, sequence) !== this.#segment.slot) continue;
      message ??= this.#messages.restore(this.#region, runAt, runBytes, largeBytes);
      this.#messages.retain(message);
      this.#restore(queueId, sequence, message);
    }
    if (message !== undefined) this.#messages.release(message);
  }

  settle(): void {}
  watermark(): void {}
  used(): void {}
  paged(): void {}
  definition(): void {}
  sideFact(): void {}
}
