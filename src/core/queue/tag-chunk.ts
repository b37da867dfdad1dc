/**
 * The entries of 256 consecutive delivery tags: message, holder and place in its queue.
 *
 * hot path: flat memory
 */

import { assert } from '../../base/assert.ts';
import type { MessageHandle } from '../ports.ts';
import { deliveredPool, NO_SLOT, PIECE_ENTRIES } from './delivered-columns.ts';

export const TAGS_PER_CHUNK = PIECE_ENTRIES;
const SETTLED = NO_SLOT;

export class TagChunk {
  readonly #slab = deliveredPool.withRoom();
  readonly #columns = this.#slab.memory;
  readonly #start = deliveredPool.takeFrom(this.#slab);
  /** How many are outstanding. */
  count = 0;

  /** Once all are settled; the chunk is not to be used any more. */
  giveBack(): void {
    assert(this.count === 0, 'a chunk with outstanding tags was given back');
    deliveredPool.giveBack(this.#slab, this.#start);
  }

  set(entry: number, handle: MessageHandle, slot: number, sequence: number): void {
    const index = this.#start + entry;
    this.#columns.handles[index] = handle;
    this.#columns.slots[index] = slot;
    this.#columns.sequences[index] = sequence;
    this.count++;
  }

  has(entry: number): boolean {
    return this.#columns.slots[this.#start + entry] !== SETTLED;
  }

  /** The holder's slot of an outstanding entry. */
  slot(entry: number): number {
    return this.#columns.slots[this.#start + entry]!;
  }

  handle(entry: number): MessageHandle {
    return this.#columns.handles[this.#start + entry]!;
  }

  /** Another number stands for the message from now on. */
  replace(entry: number, handle: MessageHandle): void {
    this.#columns.handles[this.#start + entry] = handle;
  }

  sequence(entry: number): number {
    return this.#columns.sequences[this.#start + entry]!;
  }

  /** Marks an outstanding entry as settled. @returns its holder's slot. */
  clear(entry: number): number {
    const slot = this.#columns.slots[this.#start + entry]!;
    this.#columns.slots[this.#start + entry] = SETTLED;
    this.count--;
    return slot;
  }
}
