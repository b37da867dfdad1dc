/**
 * The files of the log: segments in the order in which they were written, the one that is being written, the next one
 * ready for it, and files that are free to be used again.
 *
 * A segment's number stands in its file's name and in the head of each of its batches: what is left over from an earlier
 * use of the file has a lower number and counts for nothing. Reusing a file costs a third of making one grow.
 */

import { assert } from '../../base/assert.ts';
import type { Disk, DiskFault, DiskFile } from './disk.ts';
import { SLOTS_MAX } from './live-messages.ts';
import { Reserve } from './reserve.ts';
import type { SafeNames } from './safe-names.ts';

/** A segment is full with so many bytes unless said otherwise; a batch that is larger has one for itself. */
export const SEGMENT_BYTES = 64 * 1024 * 1024;
/** Free files that are kept. */
const SPARES_MAX = 4;

const NAME = /^segment-(\d{6,})\.log$/;

export interface Segment {
  /** Rising, never used twice. */
  readonly number: number;
  /** By which the index of live messages knows it. */
  readonly slot: number;
  readonly file: DiskFile;
  /** The number of its first batch; of the next one, while it is empty. */
  firstBatch: number;
  /** Where the next batch goes; the end of what counts. */
  bytes: number;
  /** Not all of it can be read: it is kept until somebody decides what becomes of it. */
  isDamaged: boolean;
  /** It must not grow beyond, because of a disk that is full. */
  readonly bytesMax: number;
}

export function segmentName(number: number): string {
  return `segment-${String(number).padStart(6, '0')}.log`;
}

/** @returns the number in a segment's name; undefined for other files */
export function segmentNumber(name: string): number | undefined {
  const digits = NAME.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

type Ready = (fault: DiskFault | undefined) => void;

export class Segments {
  /** A segment is full with so many. */
  readonly bytesMax: number;
  /** For when the disk is full. */
  readonly reserve: Reserve;
  readonly #disk: Disk;
  readonly #names: SafeNames;
  /** Oldest first; the last one is written to. */
  readonly #segments: Segment[] = [];
  readonly #spares: DiskFile[] = [];
  readonly #freeSlots: number[] = [];
  #lastSlot = 0;
  #lastNumber: number;
  #next: Segment | undefined;
  #hasBegun = false;
  #isPreparing = false;
  #isSealed = false;
  #waiting: Ready[] = [];

  /** @param lastNumber the highest number that was ever used in this directory */
  constructor(disk: Disk, names: SafeNames, lastNumber: number, bytesMax: number = SEGMENT_BYTES) {
    this.#disk = disk;
    this.#names = names;
    this.#lastNumber = lastNumber;
    this.bytesMax = bytesMax;
    this.reserve = new Reserve(disk, names);
  }

  /** The one that is written to; undefined until the first `roll`, and after `seal`. */
  get current(): Segment | undefined {
    return this.#isSealed ? undefined : this.#segments.at(-1);
  }

  /** Nothing is added to the segments that there are: the next batch goes to another one. */
  seal(): void {
    this.#isSealed = true;
  }

  /** The number of the segment that the next batch goes to, if there is room. */
  get upcomingNumber(): number {
    const known = this.current ?? this.#next;
    if (known !== undefined) return known.number;
    return this.#isPreparing ? this.#lastNumber : this.#lastNumber + 1;
  }

  get oldest(): Segment | undefined {
    return this.#segments[0];
  }

  get length(): number {
    return this.#segments.length;
  }

  [Symbol.iterator](): Iterator<Segment> {
    return this.#segments.values();
  }

  /** Takes over a file that recovery found. */
  adopt(number: number, file: DiskFile, firstBatch: number): Segment {
    const segment = { ...this.#segment(number, file, this.bytesMax), firstBatch, bytes: file.size };
    this.#segments.push(segment);
    return segment;
  }

  /** A file that nothing needs any more. */
  addSpare(file: DiskFile): void {
    if (this.reserve.offer(file)) return;
    // What the reserve lacks it makes of the room there is.
    if (this.#spares.length < SPARES_MAX && this.reserve.isComplete) this.#spares.push(file);
    else this.#drop(file);
  }

  /** Time goes by. @param logBytes of all segments */
  tick(logBytes: number): void {
    this.reserve.tick(logBytes);
    if (!this.reserve.isComplete) for (const file of this.#spares.splice(0)) this.addSpare(file);
  }

  /** From now on there are new segments. @param spares files that nothing needs any more */
  begin(spares: readonly DiskFile[]): void {
    for (const file of spares) this.addSpare(file);
    this.#hasBegun = true;
    this.prepare();
  }

  /** Has the next segment ready, so that nobody waits for it. */
  prepare(): void {
    if (this.#hasBegun && this.#next === undefined && !this.#isPreparing) this.#prepare();
  }

  /**
   * Goes on in the next segment.
   * @returns it, or undefined: then `ready` is called when it is worth asking again, or when it cannot be had.
   */
  roll(ready: Ready): Segment | undefined {
    const next = this.#next;
    if (next !== undefined) {
      this.#next = undefined;
      this.#isSealed = false;
      this.#segments.push(next);
      return next;
    }
    this.#waiting.push(ready);
    this.prepare();
    return undefined;
  }

  /**
   * Goes on in a file of the reserve, for a batch of so many bytes.
   * @param done takes it, possibly at once; undefined when there is none
   */
  rollToReserve(bytes: number, done: (segment: Segment | undefined) => void): void {
    // A file that is being made has a lower number, and must not come later.
    if (this.#isPreparing) return void this.#waiting.push(() => this.rollToReserve(bytes, done));
    if (!this.reserve.hasSegment(bytes)) return done(undefined);
    if (this.#next !== undefined) {
      this.#freeSlots.push(this.#next.slot);
      this.addSpare(this.#next.file);
      this.#next = undefined;
    }
    this.#isPreparing = true;
    const number = ++this.#lastNumber;
    this.reserve.take(segmentName(number), (fault) => {
      if (fault !== undefined) this.#prepared(undefined);
      const file = fault === undefined ? this.#openSegment(number) : undefined;
      if (file === undefined) return done(undefined);
      const segment = this.#segment(number, file, this.reserve.fileBytes);
      this.#isSealed = false;
      this.#segments.push(segment);
      this.#prepared(undefined);
      done(segment);
    });
  }

  /** The oldest segment holds nothing that counts: its file is free. */
  retireOldest(): void {
    const segment = this.#segments.shift();
    assert(segment !== undefined && this.#segments.length > 0, 'the segment that is written to was retired');
    this.#freeSlots.push(segment.slot);
    this.addSpare(segment.file);
  }

  close(): void {
    for (const { file } of this.#segments) file.close();
    for (const file of this.#spares) file.close();
    this.#next?.file.close();
    this.reserve.close();
  }

  #prepare(): void {
    this.#isPreparing = true;
    const number = ++this.#lastNumber;
    const spare = this.#spares.shift();
    if (spare === undefined) this.#make(number);
    else this.#reuse(number, spare);
  }

  #make(number: number): void {
    const file = this.#openSegment(number);
    // A batch in a file whose name is lost with the power would be lost with it.
    if (file !== undefined) this.#names.sync((fault) => this.#named(number, file, fault));
  }

  #reuse(number: number, spare: DiskFile): void {
    this.#names.rename(spare.name, segmentName(number), (fault) => {
      spare.close();
      if (fault !== undefined) return this.#prepared(fault);
      const file = this.#openSegment(number);
      if (file !== undefined) this.#named(number, file, undefined);
    });
  }

  #openSegment(number: number): DiskFile | undefined {
    try {
      return this.#disk.open(segmentName(number));
    } catch (error) {
      this.#prepared({ code: codeOf(error), message: `cannot make ${segmentName(number)}: ${String(error)}` });
      return undefined;
    }
  }

  #named(number: number, file: DiskFile, fault: DiskFault | undefined): void {
    if (fault === undefined) {
      this.#next = this.#segment(number, file, this.bytesMax);
    } else file.close();
    this.#prepared(fault);
  }

  #prepared(fault: DiskFault | undefined): void {
    this.#isPreparing = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const ready of waiting) ready(fault);
  }

  #segment(number: number, file: DiskFile, bytesMax: number): Segment {
    return { number, slot: this.#takeSlot(), file, firstBatch: 0, bytes: 0, isDamaged: false, bytesMax };
  }

  #takeSlot(): number {
    const slot = this.#freeSlots.pop() ?? ++this.#lastSlot;
    assert(slot <= SLOTS_MAX, `a log has at most ${SLOTS_MAX} segments`);
    return slot;
  }

  #drop(file: DiskFile): void {
    file.close();
    this.#disk.remove(file.name, () => undefined);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'EIO';
}
