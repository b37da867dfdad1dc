/**
 * Writes what is live in a segment again, at the end of the log, a part of it at a time: reads the file as it was
 * written, and waits for the disk before it goes on.
 */

import { type Region, regionOf } from '../../base/bytes.ts';
import type { Ticket } from '../../core/ports.ts';
import { batchBytes, checksum, headBytes, neededBytes, readHead } from './batch-format.ts';
import type { MovedSource } from './bundle.ts';
import type { DiskLog } from './disk-log.ts';
import type { LiveMessages } from './live-messages.ts';
import { CONTENT_RECORD_BYTES, type RecordReader, readRecords, targetQueue, targetSequence } from './record-codec.ts';
import type { Segment } from './segments.ts';

const READ_BYTES = 1024 * 1024;

export class SegmentMover {
  readonly segment: Segment;
  readonly #live: LiveMessages;
  readonly #log: DiskLog;
  readonly #done: () => void;
  /** Written again so far. */
  movedBytes = 0;
  #at = 0;
  #readBytes = READ_BYTES;
  /** Free again when the step before is durable: until then what is to be moved stands in it. */
  #buffer = new Uint8Array(0);
  #isReading = false;
  #ticket: Ticket = 0;
  #isStopped = false;

  /** @param done called when nothing live is left there, or the segment cannot be read */
  constructor(segment: Segment, live: LiveMessages, log: DiskLog, done: () => void) {
    this.segment = segment;
    this.#live = live;
    this.#log = log;
    this.#done = done;
  }

  step(): void {
    if (this.#isReading || this.#log.saved < this.#ticket) return;
    const left = this.segment.bytes - this.#at;
    if (left <= 0 || this.#live.counts[this.segment.slot] === 0) return this.#done();
    this.#isReading = true;
    if (this.#buffer.length < this.#readBytes) this.#buffer = new Uint8Array(this.#readBytes);
    const bytes = this.#buffer.subarray(0, Math.min(left, this.#readBytes));
    this.segment.file.read(bytes, this.#at, (fault, read) => {
      this.#isReading = false;
      if (this.#isStopped) return;
      if (fault === undefined && read === bytes.length) this.#moveFrom(regionOf(bytes));
      else this.#giveUp();
    });
  }

  /** The segment is not what it was: what is read of it counts for nothing. */
  stop(): void {
    this.#isStopped = true;
  }

  #moveFrom({ bytes, view }: Region): void {
    const reader = this.#reader({ bytes, view, slot: this.segment.slot });
    let at = 0;
    for (;;) {
      const needed = neededBytes(view, at);
      const head = needed === 0 || at + needed > view.byteLength ? undefined : readHead(view, at);
      if (head === undefined || at + batchBytes(head) > view.byteLength) {
        const isAtEnd = view.byteLength < this.#readBytes;
        if (at === 0 && isAtEnd) return this.#giveUp();
        // A batch that is longer than what was read at once.
        this.#readBytes = at === 0 ? 2 * this.#readBytes : READ_BYTES;
        break;
      }
      const payloadAt = at + headBytes(head);
      const payloadEnd = payloadAt + head.payloadBytes;
      // What has been damaged since it was written must not be written again as if it were whole.
      if (checksum(view, payloadAt, payloadEnd) !== head.payloadCrc) return this.#giveUp();
      readRecords(view, payloadAt, payloadEnd, reader);
      at += batchBytes(head);
      if (at === view.byteLength) break;
    }
    this.#at += at;
  }

  #reader(source: MovedSource): RecordReader {
    const { view, slot } = source;
    return {
      content: (targetsAt, targets, _runAt, runBytes, largeBytes) => {
        if (!isLiveIn(slot, view, targetsAt, targets, this.#live)) return;
        this.#ticket = this.#log.move(source, targetsAt - CONTENT_RECORD_BYTES);
        this.movedBytes += runBytes + largeBytes;
      },
      settle: () => undefined,
      watermark: () => undefined,
      used: () => undefined,
      paged: () => undefined,
      definition: () => undefined,
      sideFact: () => undefined,
    };
  }

  /** What cannot be read stays where it is. */
  #giveUp(): void {
    this.segment.isDamaged = true;
    this.#done();
  }
}

/** Whether the message of a record stands in this slot, and not elsewhere or nowhere, for any of its targets. */
export function isLiveIn(
  slot: number,
  view: DataView,
  targetsAt: number,
  targets: number,
  live: LiveMessages,
): boolean {
  for (let index = 0; index < targets; index++) {
    if (live.slotOf(targetQueue(view, targetsAt, index), targetSequence(view, targetsAt, index)) === slot) return true;
  }
  return false;
}
