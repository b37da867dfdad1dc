/**
 * Pieces of flat memory of one size, cut from slabs: millions of entries are a few dozen allocations, which the garbage
 * collector hardly notices. (With a typed array a piece, ten million entries cost pauses of 20 ms.)
 */

import { assert } from './assert.ts';

/** Wholly free slabs kept for the next burst. */
const SPARE_SLABS = 1;

export interface Slab<M> {
  readonly memory: M;
  /** Pieces given back; those from `cut` on were never taken. */
  readonly free: Piece<M>[];
  cut: number;
  taken: number;
}

/** Entries `start` up to `start + entries` of `memory`. */
export interface Piece<M> {
  readonly memory: M;
  readonly start: number;
  readonly slab: Slab<M>;
}

export class SlabPool<M> {
  /** Entries in a piece. */
  readonly entries: number;
  readonly #pieces: number;
  readonly #allocate: (entries: number) => M;
  /** Slabs with a free piece, the one to take from last. */
  #withRoom: Slab<M>[] = [];
  #wholeSlabs = 0;
  #taken = 0;

  /**
   * @param entries in a piece
   * @param pieces in a slab
   * @param allocate makes the memory for so many entries
   */
  constructor(entries: number, pieces: number, allocate: (entries: number) => M) {
    this.entries = entries;
    this.#pieces = pieces;
    this.#allocate = allocate;
  }

  /** How many pieces are out. */
  get taken(): number {
    return this.#taken;
  }

  /** A piece whose entries are as they were left. */
  take(): Piece<M> {
    const slab = this.#withRoom.at(-1) ?? this.#addSlab();
    if (slab.taken === 0) this.#wholeSlabs--;
    slab.taken++;
    this.#taken++;
    if (slab.taken === this.#pieces) this.#withRoom.pop();
    return slab.free.pop() ?? { memory: slab.memory, start: slab.cut++ * this.entries, slab };
  }

  giveBack(piece: Piece<M>): void {
    const { slab } = piece;
    assert(slab.taken > 0, 'a piece was given back twice');
    if (slab.taken === this.#pieces) this.#withRoom.push(slab);
    slab.free.push(piece);
    slab.taken--;
    this.#taken--;
    if (slab.taken === 0) this.#keepOrDrop(slab);
  }

  #addSlab(): Slab<M> {
    const slab: Slab<M> = { memory: this.#allocate(this.#pieces * this.entries), free: [], cut: 0, taken: 0 };
    this.#withRoom.push(slab);
    this.#wholeSlabs++;
    return slab;
  }

  #keepOrDrop(slab: Slab<M>): void {
    if (this.#wholeSlabs < SPARE_SLABS) this.#wholeSlabs++;
    else this.#withRoom = this.#withRoom.filter((other) => other !== slab);
  }
}
