/**
 * Pieces of flat memory of one size, cut from slabs and known by where they begin: millions of entries are a few dozen
 * allocations, which the garbage collector hardly notices. (With a typed array a piece, ten million entries cost pauses of
 * 20 ms.)
 */

import { assert } from './assert.ts';

/** Wholly free slabs kept for the next burst. */
const SPARE_SLABS = 1;

export interface Slab<M> {
  readonly memory: M;
  /** Where pieces begin that were given back; those from `cut` on were never taken. */
  readonly free: number[];
  cut: number;
  taken: number;
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

  /** The slab of the next piece. */
  withRoom(): Slab<M> {
    return this.#withRoom.at(-1) ?? this.#addSlab();
  }

  /**
   * A piece whose entries are as they were left.
   * @param slab what `withRoom` has just answered
   * @returns where the piece begins in the slab's memory
   */
  takeFrom(slab: Slab<M>): number {
    if (slab.taken === 0) this.#wholeSlabs--;
    slab.taken++;
    this.#taken++;
    if (slab.taken === this.#pieces) this.#withRoom.pop();
    return slab.free.pop() ?? slab.cut++ * this.entries;
  }

  /** @param start where the piece begins */
  giveBack(slab: Slab<M>, start: number): void {
    assert(slab.taken > 0, 'a piece was given back twice');
    if (slab.taken === this.#pieces) this.#withRoom.push(slab);
    slab.free.push(start);
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
