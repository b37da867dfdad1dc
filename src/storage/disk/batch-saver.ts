/**
 * Brings batches to disk, one at a time: written, synced, and only then reported.
 *
 * A fault is never passed over. Out of space, the same batch goes to the reserve, or is tried again until there is room, and
 * publishers are stopped meanwhile. Any other fault of a write, and every fault of a sync, means that nothing of this file may be believed
 * from now on: the batch is written once more, to a new segment; when that fails too, the broker must end.
 */

import { Durations } from '../../base/durations.ts';
import { headBytes } from './batch-format.ts';
import type { Batch, BatchPlace, BatchWriter, BundlePart } from './batch-writer.ts';
import type { Bundle } from './bundle.ts';
import type { DiskFault } from './disk.ts';
import type { Segment, Segments } from './segments.ts';
import type { StoredBatch } from './stored-batch.ts';

const NO_SPACE = new Set(['ENOSPC', 'EDQUOT']);

export interface BatchSaverOptions {
  readonly segments: Segments;
  readonly writer: BatchWriter;
  /** Says which start of the broker wrote a batch. */
  readonly epoch: number;
  /** Of the last batch that is on disk. */
  readonly lastNumber: number;
  readonly lastCrc: number;
  readonly faults: SaverFaults;
  /** Milliseconds that never go back; only differences count. */
  readonly elapsedMs: () => number;
}

/** Who has to know that the disk does not do what it should. */
export interface SaverFaults {
  /** There is no room: publishers must stop until it is said that there is. */
  outOfSpace(isOut: boolean, fault: DiskFault | undefined): void;
  /** A file is not to be believed any more; the log goes on in another one. */
  distrusted(fault: DiskFault): void;
  /** Nothing can be kept. The broker must end. */
  lost(fault: DiskFault): void;
}

export class BatchSaver {
  /** A batch is on its way. */
  isBusy = false;
  /** A write has found no space, and since then not all has become well. */
  isOutOfSpace = false;
  /** The last batch that is on disk. */
  durableBatch: number;
  /** Since the start. Bytes with heads. */
  readonly metrics = { batches: 0, bytes: 0, records: 0, syncs: new Durations() };

  readonly #segments: Segments;
  readonly #writer: BatchWriter;
  readonly #epoch: number;
  readonly #faults: SaverFaults;
  readonly #elapsedMs: () => number;
  #lastNumber: number;
  #lastCrc: number;
  #isDistrusting = false;
  #retry: (() => void) | undefined;
  #isClosed = false;

  constructor(options: BatchSaverOptions) {
    this.#segments = options.segments;
    this.#writer = options.writer;
    this.#epoch = options.epoch;
    this.#faults = options.faults;
    this.#elapsedMs = options.elapsedMs;
    this.#lastNumber = options.lastNumber;
    this.#lastCrc = options.lastCrc;
    this.durableBatch = options.lastNumber;
  }

  /** The number of the next batch that is made. */
  get nextBatch(): number {
    return this.#lastNumber + 1;
  }

  /**
   * Empties the bundle and brings it to disk, or brings a part of it and empties it with the last one.
   * @param saved called when it is durable, possibly at once
   */
  save(bundle: Bundle, saved: () => void, part: BundlePart = 'all'): void {
    this.isBusy = true;
    this.#inSegment(part === 'unheld' ? unheldBytes(bundle) : bundle.bytes, (segment) => {
      const batch = this.#writer.write(bundle, this.#placeIn(segment), part);
      if (part !== 'unheld') bundle.clear();
      if (batch === undefined) return this.#done(saved);
      this.#lastNumber = batch.head.number;
      this.#write(segment, batch, saved);
    });
  }

  /** Brings the last batch of an earlier start to disk once more, before all else. */
  saveAgain(last: StoredBatch, saved: () => void): void {
    this.isBusy = true;
    this.#inSegment(last.payload.length, (segment) => {
      const batch = this.#writer.copy(last, this.#placeAgain(segment, last.head.number));
      this.#write(segment, batch, saved);
    });
  }

  /** Time goes by: what did not fit is tried again. */
  tick(): void {
    if (!this.isBusy) this.#checkSpace();
    const retry = this.#retry;
    this.#retry = undefined;
    retry?.();
  }

  /** Nothing is written any more, and nothing reported. */
  close(): void {
    this.#isClosed = true;
  }

  #placeIn(segment: Segment): BatchPlace {
    const { number, slot } = segment;
    if (segment.bytes === 0) segment.firstBatch = this.#lastNumber + 1;
    return { segment: number, slot, epoch: this.#epoch, number: this.#lastNumber + 1, previousCrc: this.#lastCrc };
  }

  /** Finds a segment with room for so many bytes. */
  #inSegment(bytes: number, use: (segment: Segment) => void): void {
    const { current, bytesMax } = this.#segments;
    const isOfReserve = current !== undefined && current.bytesMax < bytesMax;
    if (current !== undefined && (current.bytes === 0 || current.bytes + bytes < current.bytesMax)) {
      if (!isOfReserve && current.bytes > bytesMax / 2) this.#segments.prepare();
      return use(current);
    }
    // One that has blocks of its own, once the disk is known to have no others.
    if (this.isOutOfSpace && isOfReserve) this.#inReserve(bytes, use, () => this.#inNextSegment(bytes, use));
    else this.#inNextSegment(bytes, use);
  }

  #inNextSegment(bytes: number, use: (segment: Segment) => void): void {
    const again = (fault: DiskFault | undefined): void => {
      if (this.#isClosed) return;
      if (fault === undefined) return this.#inNextSegment(bytes, use);
      if (NO_SPACE.has(fault.code)) return this.#whenFull(fault, bytes, use, () => this.#inNextSegment(bytes, use));
      if (this.#noteDistrust(fault)) this.#inNextSegment(bytes, use);
    };
    const next = this.#segments.roll(again);
    if (next !== undefined) use(next);
  }

  #inReserve(bytes: number, use: (segment: Segment) => void, otherwise: () => void): void {
    this.#segments.rollToReserve(bytes, (segment) => {
      if (this.#isClosed) return;
      if (segment === undefined) otherwise();
      else use(segment);
    });
  }

  #write(segment: Segment, batch: Batch, saved: () => void): void {
    segment.file.write(batch.bytes, segment.bytes, (fault) => {
      if (this.#isClosed) return;
      if (fault === undefined) return this.#sync(segment, batch, saved);
      if (!NO_SPACE.has(fault.code)) return this.#distrust(fault, batch, saved);
      const elsewhere = (other: Segment) => this.#writeAgain(other, batch, saved);
      this.#whenFull(fault, batch.bytes.length, elsewhere, () => this.#write(segment, batch, saved));
    });
  }

  #writeAgain(segment: Segment, batch: Batch, saved: () => void): void {
    this.#write(segment, this.#writer.repeat(batch, this.#placeAgain(segment, batch.head.number)), saved);
  }

  #sync(segment: Segment, batch: Batch, saved: () => void): void {
    const beganMs = this.#elapsedMs();
    segment.file.sync((fault) => {
      this.metrics.syncs.add(this.#elapsedMs() - beganMs);
      if (this.#isClosed) return;
      // Whatever the reason: the pages may be gone, and a second sync would say that all is well.
      if (fault !== undefined) return this.#distrust(fault, batch, saved);
      segment.bytes += batch.bytes.length;
      this.durableBatch = batch.head.number;
      this.#lastCrc = batch.crc;
      this.metrics.batches++;
      this.metrics.bytes += batch.bytes.length;
      this.metrics.records += batch.head.records;
      this.#isDistrusting = false;
      this.#done(saved);
    });
  }

  #done(saved: () => void): void {
    this.isBusy = false;
    this.#checkSpace();
    saved();
  }

  /** The batch goes to a file of its own; what was durable in the old one stays so. */
  #distrust(fault: DiskFault, batch: Batch, saved: () => void): void {
    if (!this.#noteDistrust(fault)) return;
    this.#inNextSegment(batch.bytes.length, (segment) => this.#writeAgain(segment, batch, saved));
  }

  /** @returns false when that has happened just now, and it is the disk that cannot be trusted */
  #noteDistrust(fault: DiskFault): boolean {
    if (this.#isDistrusting) this.#faults.lost(fault);
    else this.#faults.distrusted(fault);
    const isFirst = !this.#isDistrusting;
    this.#isDistrusting = true;
    return isFirst;
  }

  #placeAgain(segment: Segment, number: number): BatchPlace {
    const place = this.#placeIn(segment);
    segment.firstBatch = number;
    return { ...place, number };
  }

  /** @param use takes a segment of the reserve. @param retry otherwise, when time has gone by */
  #whenFull(fault: DiskFault, bytes: number, use: (segment: Segment) => void, retry: () => void): void {
    if (!this.isOutOfSpace) {
      this.isOutOfSpace = true;
      this.#faults.outOfSpace(true, fault);
    }
    this.#inReserve(bytes, use, () => {
      this.#retry = retry;
    });
  }

  /** All is well when a batch has found room and nothing of the reserve is missing, for the next time. */
  #checkSpace(): void {
    if (!this.isOutOfSpace || !this.#segments.reserve.isComplete) return;
    this.isOutOfSpace = false;
    this.#faults.outOfSpace(false, undefined);
  }
}

/** With room for head and foot. */
function unheldBytes(bundle: Bundle): number {
  const facts = bundle.facts.length + bundle.definedQueues.length;
  return bundle.unheldBytes + 2 * (headBytes({ queueIds: undefined }) + 8 * facts);
}
