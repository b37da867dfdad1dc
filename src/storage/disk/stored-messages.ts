/**
 * The second reading of a log: hands out the messages that are live, in the order in which they stand in the segments.
 */

import { type Region, regionOf } from '../../base/bytes.ts';
import type { Messages } from '../../core/messages.ts';
import type { MessageHandle } from '../../core/ports.ts';
import { batchBytes, headBytes, readHead } from './batch-format.ts';
import { FileWindow } from './file-window.ts';
import type { LiveMessages } from './live-messages.ts';
import { type RecordReader, readRecords, targetQueue, targetSequence } from './record-codec.ts';
import type { RecoveredLog, RecoveryProgress } from './recovery.ts';
import type { Segment } from './segments.ts';

/** Takes a message, with a reference of its own, to its place in a queue. */
export type RestoreMessage = (queueId: number, sequence: number, message: MessageHandle) => void;

const HEAD_BYTES = headBytes({ queueIds: undefined });

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

/** Reads a batch that was found whole before. */
export function readBatch(window: FileWindow, at: number, open: (view: DataView) => RecordReader): void {
  const place = window.have(at, HEAD_BYTES);
  const length = place < 0 ? 0 : window.view.getUint32(place + 40, true);
  const headPlace = window.have(at, HEAD_BYTES + 8 * length);
  const head = headPlace < 0 ? undefined : readHead(window.view, headPlace);
  if (head === undefined) throw new Error(`${window.file.name} has changed at byte ${at} since it was read`);
  const start = window.have(at, batchBytes(head));
  if (start < 0) throw new Error(`${window.file.name} is shorter than it was`);
  const payloadAt = start + headBytes(head);
  readRecords(window.view, payloadAt, payloadAt + head.payloadBytes, open(window.view));
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
      if (message === undefined) message = this.#messages.restore(this.#region, runAt, runBytes, largeBytes);
      else this.#messages.retain(message);
      this.#restore(queueId, sequence, message);
    }
  }

  settle(): void {}
  watermark(): void {}
  used(): void {}
  definition(): void {}
}
