/**
 * Brings batches to disk, one at a time: written, synced, and only then reported.
 *
 * A fault is never passed over. Out of space, the same batch is tried again until there is some, and publishers are
 * stopped meanwhile. Any other fault of a write, and every fault of a sync, means that nothing of this file may be believed
 * from now on: the batch is written once more, to a new segment; when that fails too, the broker must end.
 */

import type { Batch, BatchPlace, BatchWriter } from './batch-writer.ts';
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
  /** Since the start. Bytes with heads; the time of a sync is for whoever owns a clock. */
  readonly metrics = { batches: 0, bytes: 0, records: 0 };

  readonly #segments: Segments;
  readonly #writer: BatchWriter;
  readonly #epoch: number;
  readonly #faults: SaverFaults;
  #lastNumber: number;
  #lastCrc: number;
  #isOutOfSpace = false;
  #isDistrusting = false;
  #retry: (() => void) | undefined;
  #isClosed = false;

  constructor(options: BatchSaverOptions) {
    this.#segments = options.segments;
    this.#writer = options.writer;
    this.#epoch = options.epoch;
    this.#faults = options.faults;
    this.#lastNumber = options.lastNumber;
    this.#lastCrc = options.lastCrc;
  }

  /** The number of the next batch that is made. */
  get nextBatch(): number {
    return this.#lastNumber + 1;
  }

  /** Empties the bundle and brings it to disk. @param saved called when it is durable, possibly at once */
  save(bundle: Bundle, saved: () => void): void {
    this.isBusy = true;
    this.#inSegment(bundle.bytes, (segment) => {
      const batch = this.#writer.write(bundle, this.#placeIn(segment));
      bundle.clear();
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
    const { current } = this.#segments;
    const { bytesMax } = this.#segments;
    if (current !== undefined && (current.bytes === 0 || current.bytes + bytes < bytesMax)) {
      if (current.bytes > bytesMax / 2) this.#segments.prepare();
      return use(current);
    }
    this.#inNextSegment(use);
  }

  #inNextSegment(use: (segment: Segment) => void): void {
    const again = (fault: DiskFault | undefined): void => {
      if (this.#isClosed) return;
      if (fault === undefined) return this.#inNextSegment(use);
      if (NO_SPACE.has(fault.code)) return this.#waitForSpace(fault, () => this.#inNextSegment(use));
      if (this.#noteDistrust(fault)) this.#inNextSegment(use);
    };
    const next = this.#segments.roll(again);
    if (next !== undefined) use(next);
  }

  #write(segment: Segment, batch: Batch, saved: () => void): void {
    segment.file.write(batch.bytes, segment.bytes, (fault) => {
      if (this.#isClosed) return;
      if (fault === undefined) return this.#sync(segment, batch, saved);
      if (!NO_SPACE.has(fault.code)) return this.#distrust(fault, batch, saved);
      this.#waitForSpace(fault, () => this.#write(segment, batch, saved));
    });
  }

  #sync(segment: Segment, batch: Batch, saved: () => void): void {
    segment.file.sync((fault) => {
      if (this.#isClosed) return;
      // Whatever the reason: the pages may be gone, and a second sync would say that all is well.
      if (fault !== undefined) return this.#distrust(fault, batch, saved);
      segment.bytes += batch.bytes.length;
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
    this.#spaceFound();
    saved();
  }

  /** The batch goes to a file of its own; what was durable in the old one stays so. */
  #distrust(fault: DiskFault, batch: Batch, saved: () => void): void {
    if (!this.#noteDistrust(fault)) return;
    this.#inNextSegment((segment) => {
      this.#write(segment, this.#writer.repeat(batch, this.#placeAgain(segment, batch.head.number)), saved);
    });
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

  #waitForSpace(fault: DiskFault, retry: () => void): void {
    this.#retry = retry;
    if (this.#isOutOfSpace) return;
    this.#isOutOfSpace = true;
    this.#faults.outOfSpace(true, fault);
  }

  #spaceFound(): void {
    if (!this.#isOutOfSpace) return;
    this.#isOutOfSpace = false;
    this.#faults.outOfSpace(false, undefined);
  }
}
