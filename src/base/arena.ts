/**
 * Memory for messages: blocks in segments of 256 KB, freed by the segment, reused while still warm in the cache.
 *
 * A block is named by a handle, which stays the same when the block moves: a segment that is mostly dead is emptied by
 * copying its few live blocks elsewhere. Segments are cut from slabs of 32 MB, because that is the size from which the
 * C library maps memory of its own for each allocation and gives it back when it is freed.
 *
 * hot path: flat memory
 */

import { assert } from './assert.ts';
import { copyBytes, type Region, regionOf } from './bytes.ts';
import { HandleTables, TABLE_BITS, TABLE_MASK } from './handle-tables.ts';

export const SEGMENT_BYTES = 256 * 1024;
const SEGMENTS_PER_SLAB = 128;
const SLAB_BYTES = SEGMENT_BYTES * SEGMENTS_PER_SLAB;
const SLABS_MAX = 512;

/** Blocks begin at multiples of 8 bytes, so that 31 bits address 16 GB. */
const GRANULE_BITS = 3;
const SLAB_GRANULE_BITS = 22;
const SEGMENT_GRANULE_BITS = 15;
const SLAB_GRANULE_MASK = (1 << SLAB_GRANULE_BITS) - 1;
/** Before each block: its length with this head (u32), its handle (u32). */
const BLOCK_HEAD_BYTES = 8;

/** The largest block that `allocate` takes. */
export const BLOCK_BYTES_MAX = SEGMENT_BYTES - BLOCK_HEAD_BYTES;

/**
 * Below this a segment is worth emptying. Lower would cost less copying, but then memory settles at that share: with a
 * quarter, one message kept of a thousand held four times its bytes.
 */
const SPARSE_BYTES = (SEGMENT_BYTES * 3) / 4;
/** Emptying starts when segments in use exceed the live bytes by this factor and this much. */
const COMPACTION_FACTOR = 1.3;
const COMPACTION_SLACK_BYTES = SEGMENT_BYTES;
export interface ArenaStats {
  /** Bytes of live blocks, heads included. */
  readonly liveBytes: number;
  /** Bytes of segments that hold a live block, or are being filled. */
  readonly segmentBytes: number;
  /** Bytes taken from the operating system. */
  readonly slabBytes: number;
  readonly blocks: number;
}

/** A segment that is being filled, from its start to its end. */
class Bump {
  segment = -1;
  position = 0;
  end = 0;
}

export class Arena {
  readonly #slabs: (Region | undefined)[] = [];
  /** By segment: bytes of live blocks, bytes ever filled, users that need the block to stay in place. */
  readonly #live: number[] = [];
  readonly #filled: number[] = [];
  readonly #pins: number[] = [];
  readonly #isListedSparse: boolean[] = [];
  #free: number[] = [];
  #sparse: number[] = [];

  readonly #handles = new HandleTables();
  readonly #locations = this.#handles.locations;
  readonly #references = this.#handles.references;

  /** Where new blocks go. */
  readonly #young = new Bump();
  /** Where blocks go that outlived their segment: apart from the new ones, most of which will soon be dead. */
  #old = new Bump();
  #liveBytes = 0;
  #blocks = 0;
  #segmentsInUse = 0;
  /** The most segments in use since the last `endPeriod`, and in the period before it. */
  #segmentsPeak = 0;
  #segmentsPeakBefore = 0;
  #slabsInUse = 0;

  /**
   * A new block with one reference. Its bytes are whatever was there before.
   * @param bytes 0 to `BLOCK_BYTES_MAX`.
   */
  allocate(bytes: number): number {
    const size = (bytes + BLOCK_HEAD_BYTES + 7) & ~7;
    const bump = this.#young;
    if (bump.position + size > bump.end) this.#nextSegment(bump, bytes);
    const location = this.#place(bump, size);
    const handle = this.#handles.take();
    const table = handle >>> TABLE_BITS;
    this.#locations[table]![handle & TABLE_MASK] = location;
    this.#references[table]![handle & TABLE_MASK] = 1;
    const view = this.#slabs[location >>> SLAB_GRANULE_BITS]!.view;
    const offset = (location & SLAB_GRANULE_MASK) << GRANULE_BITS;
    view.setUint32(offset, size, true);
    view.setUint32(offset + 4, handle, true);
    this.#blocks++;
    return handle;
  }

  /** The memory that a block stands in; valid until the next `compact`. */
  regionOf(handle: number): Region {
    return this.#slabs[this.#locations[handle >>> TABLE_BITS]![handle & TABLE_MASK]! >>> SLAB_GRANULE_BITS]!;
  }

  /** Where the block's bytes begin in that memory. */
  offsetOf(handle: number): number {
    const location = this.#locations[handle >>> TABLE_BITS]![handle & TABLE_MASK]!;
    return ((location & SLAB_GRANULE_MASK) << GRANULE_BITS) + BLOCK_HEAD_BYTES;
  }

  retain(handle: number): void {
    const table = this.#references[handle >>> TABLE_BITS]!;
    table[handle & TABLE_MASK] = table[handle & TABLE_MASK]! + 1;
  }

  /** One reference less. @returns how many are left; at 0 the caller must `free`. */
  release(handle: number): number {
    const table = this.#references[handle >>> TABLE_BITS]!;
    const left = table[handle & TABLE_MASK]! - 1;
    table[handle & TABLE_MASK] = left;
    return left;
  }

  free(handle: number): void {
    const location = this.#locations[handle >>> TABLE_BITS]![handle & TABLE_MASK]!;
    assert(location >= 0, 'a block was freed twice');
    const slab = this.#slabs[location >>> SLAB_GRANULE_BITS]!;
    const size = slab.view.getUint32((location & SLAB_GRANULE_MASK) << GRANULE_BITS, true);
    this.#handles.giveBack(handle);
    this.#blocks--;
    this.#vacate(location >>> SEGMENT_GRANULE_BITS, size);
  }

  /** Keeps a block alive and in place, for a write by reference. */
  pin(handle: number): void {
    this.retain(handle);
    const segment = this.#segmentOf(handle);
    this.#pins[segment] = this.#pins[segment]! + 1;
  }

  /** The opposite of `pin`. @returns the references left; at 0 the caller must `free`. */
  unpin(handle: number): number {
    const segment = this.#segmentOf(handle);
    assert(this.#pins[segment]! > 0, 'a block was unpinned twice');
    this.#pins[segment] = this.#pins[segment]! - 1;
    // While pinned, it may have been passed over when it could have been emptied.
    if (this.#pins[segment] === 0 && !this.#isCurrent(segment)) this.#listIfSparse(segment);
    return this.release(handle);
  }

  /** True when emptying sparse segments would give back much. */
  get wantsCompaction(): boolean {
    return (
      this.#sparse.length > 0 &&
      this.#segmentsInUse * SEGMENT_BYTES > COMPACTION_FACTOR * this.#liveBytes + COMPACTION_SLACK_BYTES
    );
  }

  /** Empties up to `segmentsMax` sparse segments; about 50 µs each. */
  compact(segmentsMax: number): void {
    // The lowest first: what outlives its segment gathers in few slabs, so that the others can be given back.
    this.#sparse.sort((a, b) => b - a);
    for (let count = 0; count < segmentsMax && this.wantsCompaction; ) {
      const segment = this.#sparse.pop();
      if (segment === undefined) return;
      this.#isListedSparse[segment] = false;
      const isWorthIt = !this.#isCurrent(segment) && this.#live[segment]! > 0 && this.#live[segment]! < SPARSE_BYTES;
      if (!isWorthIt || this.#pins[segment]! > 0) continue;
      this.#evacuate(segment);
      count++;
    }
  }

  /**
   * Gives up to `slabsMax` whole free slabs back that were needed neither in this period nor in the one before; the
   * operating system has them after the next garbage collection.
   * @returns the bytes let go.
   */
  trim(slabsMax: number): number {
    const peak = Math.max(this.#segmentsPeak, this.#segmentsPeakBefore);
    const needed = Math.max(Math.ceil(peak / SEGMENTS_PER_SLAB), this.#slabsInUse - slabsMax);
    let dropped = 0;
    for (let slab = this.#slabs.length - 1; slab >= 0 && this.#slabsInUse > needed; slab--) {
      if (this.#slabs[slab] === undefined || !this.#isFreeSlab(slab)) continue;
      this.#slabs[slab] = undefined;
      this.#slabsInUse--;
      dropped++;
    }
    if (dropped > 0) this.#free = this.#free.filter((segment) => this.#slabOf(segment) !== undefined);
    return dropped * SLAB_BYTES;
  }

  /** Gives back the tables of handles that nothing uses. @returns the bytes let go */
  trimHandles(): number {
    return this.#handles.trim(this.#blocks);
  }

  /** Ends the period for which `trim` keeps what was needed. An arena without blocks needs nothing. */
  endPeriod(): void {
    if (this.#blocks === 0) this.#leaveYoung();
    this.#segmentsPeakBefore = this.#segmentsPeak;
    this.#segmentsPeak = this.#segmentsInUse;
  }

  /** Bytes of segments that hold a live block, or are being filled. */
  get segmentBytes(): number {
    return this.#segmentsInUse * SEGMENT_BYTES;
  }

  /** Bytes taken from the operating system. */
  get slabBytes(): number {
    return this.#slabsInUse * SLAB_BYTES;
  }

  get stats(): ArenaStats {
    return {
      liveBytes: this.#liveBytes,
      segmentBytes: this.segmentBytes,
      slabBytes: this.slabBytes,
      blocks: this.#blocks,
    };
  }

  /** Takes `size` bytes at the bump's position. */
  #place(bump: Bump, size: number): number {
    const { segment } = bump;
    const location = (segment << SEGMENT_GRANULE_BITS) + (bump.position >>> GRANULE_BITS);
    bump.position += size;
    this.#live[segment] = this.#live[segment]! + size;
    this.#liveBytes += size;
    return location;
  }

  #vacate(segment: number, size: number): void {
    const live = this.#live[segment]! - size;
    this.#live[segment] = live;
    this.#liveBytes -= size;
    if (live === 0) this.#emptied(segment);
    else if (live < SPARSE_BYTES && !this.#isCurrent(segment)) this.#listIfSparse(segment);
  }

  #isCurrent(segment: number): boolean {
    return segment === this.#young.segment || segment === this.#old.segment;
  }

  /** A segment without live blocks is filled from its start again, or is free. */
  #emptied(segment: number): void {
    if (segment === this.#young.segment) {
      this.#young.position = 0;
      return;
    }
    if (segment === this.#old.segment) this.#old = new Bump();
    this.#putBack(segment);
  }

  #putBack(segment: number): void {
    this.#segmentsInUse--;
    this.#free.push(segment);
  }

  #nextSegment(bump: Bump, bytes: number): void {
    assert(bytes <= BLOCK_BYTES_MAX, `a block of ${bytes} bytes is too large for the arena`);
    const previous = bump.segment;
    const filled = bump.position;
    if (this.#free.length === 0) this.#addSlab();
    if (bump === this.#old) this.#moveLowestFreeLast();
    const segment = this.#free.pop();
    assert(segment !== undefined, 'a new slab has free segments');
    bump.segment = segment;
    this.#segmentsInUse++;
    if (this.#segmentsInUse > this.#segmentsPeak) this.#segmentsPeak = this.#segmentsInUse;
    bump.position = 0;
    bump.end = SEGMENT_BYTES;
    if (previous >= 0) this.#noteLeft(previous, filled);
  }

  /** The segment that is being filled is empty, and goes to the free ones. */
  #leaveYoung(): void {
    const { segment } = this.#young;
    if (segment < 0) return;
    this.#young.segment = -1;
    this.#young.position = 0;
    this.#young.end = 0;
    this.#putBack(segment);
  }

  #moveLowestFreeLast(): void {
    const free = this.#free;
    const last = free.length - 1;
    let lowest = last;
    for (let index = 0; index < last; index++) if (free[index]! < free[lowest]!) lowest = index;
    const segment = free[lowest]!;
    free[lowest] = free[last]!;
    free[last] = segment;
  }

  /** A segment is no longer the current one: it may be free or sparse already. */
  #noteLeft(segment: number, filled: number): void {
    this.#filled[segment] = filled;
    if (this.#live[segment] === 0) this.#putBack(segment);
    else this.#listIfSparse(segment);
  }

  #listIfSparse(segment: number): void {
    if (this.#live[segment]! >= SPARSE_BYTES || this.#isListedSparse[segment]!) return;
    this.#isListedSparse[segment] = true;
    this.#sparse.push(segment);
  }

  #addSlab(): void {
    let slab = this.#slabs.indexOf(undefined);
    if (slab < 0) slab = this.#slabs.length;
    assert(slab < SLABS_MAX, 'message memory is limited to 16 GB a process');
    this.#slabs[slab] = regionOf(new Uint8Array(SLAB_BYTES));
    this.#slabsInUse++;
    for (let index = SEGMENTS_PER_SLAB - 1; index >= 0; index--) {
      const segment = slab * SEGMENTS_PER_SLAB + index;
      this.#live[segment] = 0;
      this.#filled[segment] = 0;
      this.#pins[segment] = 0;
      this.#isListedSparse[segment] = false;
      this.#free.push(segment);
    }
  }

  #evacuate(segment: number): void {
    const slab = this.#slabs[Math.floor(segment / SEGMENTS_PER_SLAB)]!;
    const base = (segment % SEGMENTS_PER_SLAB) * SEGMENT_BYTES;
    const end = base + this.#filled[segment]!;
    const firstLocation = segment << SEGMENT_GRANULE_BITS;
    for (let offset = base; offset < end; ) {
      const size = slab.view.getUint32(offset, true);
      const handle = slab.view.getUint32(offset + 4, true);
      const location = firstLocation + ((offset - base) >>> GRANULE_BITS);
      const locations = this.#locations[handle >>> TABLE_BITS];
      if (locations !== undefined && locations[handle & TABLE_MASK] === location) {
        this.#move(handle, slab, offset, size);
        this.#vacate(segment, size);
      }
      offset += size;
    }
    assert(this.#live[segment] === 0, 'a segment still holds blocks after it was emptied');
  }

  #move(handle: number, from: Region, offset: number, size: number): void {
    const bump = this.#old;
    if (bump.position + size > bump.end) this.#nextSegment(bump, size - BLOCK_HEAD_BYTES);
    const location = this.#place(bump, size);
    const to = this.#slabs[location >>> SLAB_GRANULE_BITS]!;
    copyBytes(to, (location & SLAB_GRANULE_MASK) << GRANULE_BITS, from, offset, size);
    this.#locations[handle >>> TABLE_BITS]![handle & TABLE_MASK] = location;
  }

  #segmentOf(handle: number): number {
    return this.#locations[handle >>> TABLE_BITS]![handle & TABLE_MASK]! >>> SEGMENT_GRANULE_BITS;
  }

  #slabOf(segment: number): Region | undefined {
    return this.#slabs[Math.floor(segment / SEGMENTS_PER_SLAB)];
  }

  #isFreeSlab(slab: number): boolean {
    const first = slab * SEGMENTS_PER_SLAB;
    for (let segment = first; segment < first + SEGMENTS_PER_SLAB; segment++) {
      if (this.#live[segment]! > 0 || this.#isCurrent(segment)) return false;
    }
    return true;
  }
}
