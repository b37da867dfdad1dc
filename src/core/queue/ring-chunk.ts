/**
 * A stretch of the ready ring: handles in flat memory, or the number of the page where they are, or nothing but holes.
 *
 * hot path
 */

import { type Piece, SlabPool } from '../../base/slab-pool.ts';

/** Entries of a small chunk, with which a ring begins and to which it shrinks, and of all others: 4 bytes each. */
export const SMALL_ENTRIES = 16;
export const CHUNK_ENTRIES = 1024;

const allocate = (entries: number): Uint32Array => new Uint32Array(entries);
const smallPool = new SlabPool(SMALL_ENTRIES, 1024, allocate);
const chunkPool = new SlabPool(CHUNK_ENTRIES, 64, allocate);

/** In the place of a page's number: the handles are here. */
export const RESIDENT = -1;
const NO_HANDLES: Uint32Array = new Uint32Array(0);

export class RingChunk {
  /** Entries `start` up to `end` of it; none for a page and for holes. */
  memory = NO_HANDLES;
  start = 0;
  end = 0;
  /** Of the entry at `start`, of the page's first, of the first hole. */
  firstSequence = 0;
  page = RESIDENT;
  /** Of a page, and of holes without memory: how many sequences they stand for. */
  span = 0;
  /** Of a page: how many of its entries are no holes. */
  pagedEntries = 0;
  /** Of a page: it is on its way back. */
  isAsked = false;
  next: RingChunk | undefined;
  #piece: Piece<Uint32Array> | undefined;
  #pool = chunkPool;

  /** Takes memory for so many entries, or for a few more. */
  take(entries: number): this {
    this.#pool = entries <= SMALL_ENTRIES ? smallPool : chunkPool;
    const piece = this.#pool.take();
    this.#piece = piece;
    this.memory = piece.memory;
    this.start = piece.start;
    this.end = piece.start + entries;
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
    this.#piece = other.#piece;
    this.#pool = other.#pool;
    other.#forget();
  }

  giveBack(): void {
    if (this.#piece === undefined) return;
    this.#pool.giveBack(this.#piece);
    this.#forget();
  }

  #forget(): void {
    this.#piece = undefined;
    this.memory = NO_HANDLES;
    this.start = 0;
    this.end = 0;
  }
}
