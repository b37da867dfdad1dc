/**
 * A stretch of the ready ring: handles in flat memory, or the number of the page where they are, or nothing but holes.
 *
 * hot path
 */

import { type Slab, SlabPool } from '../../base/slab-pool.ts';

/** Entries of a small chunk, with which a ring begins and to which it shrinks, and of all others: 4 bytes each. */
export const SMALL_ENTRIES = 16;
export const CHUNK_ENTRIES = 1024;

const allocate = (entries: number): Uint32Array => new Uint32Array(entries);
const SMALL_CHUNKS_PER_SLAB = 1024;
const SMALL_SLAB_ENTRIES = SMALL_ENTRIES * SMALL_CHUNKS_PER_SLAB;
const CHUNKS_PER_SLAB = 64;
const smallPool = new SlabPool(SMALL_ENTRIES, SMALL_CHUNKS_PER_SLAB, allocate);
const chunkPool = new SlabPool(CHUNK_ENTRIES, CHUNKS_PER_SLAB, allocate);

/** Where the entries of a chunk are that are not in memory. */
export interface ChunkPage {
  readonly page: number;
  /** How many of them are no holes. */
  readonly entries: number;
  /** They are on their way back. */
  isAsked: boolean;
}

const NO_HANDLES: Uint32Array = new Uint32Array(0);

export class RingChunk {
  /** Entries `start` up to `end` of it; none for a page and for holes. */
  memory = NO_HANDLES;
  start = 0;
  end = 0;
  /** Of the entry at `start`, of the page's first, of the first hole. */
  firstSequence = 0;
  /** Undefined when the entries are here, or there are none. */
  paged: ChunkPage | undefined;
  /** Of a page, and of holes without memory: how many sequences they stand for. */
  span = 0;
  next: RingChunk | undefined;
  /** Of which `memory` is; undefined without memory. */
  #slab: Slab<Uint32Array> | undefined;

  /** Takes memory for so many entries, or for a few more. */
  take(entries: number): this {
    const pool = entries <= SMALL_ENTRIES ? smallPool : chunkPool;
    this.#slab = pool.withRoom();
    this.memory = this.#slab.memory;
    this.start = pool.takeFrom(this.#slab);
    this.end = this.start + entries;
    return this;
  }

  get entries(): number {
    return this.end - this.start;
  }

  /** Takes all memory of another chunk, whose entries before `start` are done with; then that has none. */
  takeOver(other: RingChunk, start: number): void {
    this.firstSequence = other.firstSequence + start - other.start;
    this.memory = other.memory;
    this.start = start;
    this.end = other.end;
    this.#slab = other.#slab;
    other.#forget();
  }

  giveBack(): void {
    if (this.#slab === undefined) return;
    const pool = this.memory.length === SMALL_SLAB_ENTRIES ? smallPool : chunkPool;
    // Where its piece begins: `start` may have gone on, `end` is behind its last entry.
    pool.giveBack(this.#slab, Math.floor((this.end - 1) / pool.entries) * pool.entries);
    this.#forget();
  }

  #forget(): void {
    this.#slab = undefined;
    this.memory = NO_HANDLES;
    this.start = 0;
    this.end = 0;
  }
}
