/**
 * The entries of 256 consecutive delivery tags: message, holder and place in its queue.
 *
 * hot path: flat memory
 */

import type { MessageHandle } from '../ports.ts';

export const TAGS_PER_CHUNK = 256;
const CHUNKS_KEPT = 256;
const SETTLED = -1;

const kept: TagChunk[] = [];

export class TagChunk {
  readonly handles = new Uint32Array(TAGS_PER_CHUNK);
  readonly sequences = new Float64Array(TAGS_PER_CHUNK);
  readonly #slots = new Int32Array(TAGS_PER_CHUNK).fill(SETTLED);
  /** How many are outstanding. */
  count = 0;

  /** An empty chunk, used before or new. */
  static take(): TagChunk {
    return kept.pop() ?? new TagChunk();
  }

  /** Keeps an empty chunk for the next `take`. */
  static keep(chunk: TagChunk): void {
    if (chunk.count === 0 && kept.length < CHUNKS_KEPT) kept.push(chunk);
  }

  set(entry: number, handle: MessageHandle, slot: number, sequence: number): void {
    this.handles[entry] = handle;
    this.#slots[entry] = slot;
    this.sequences[entry] = sequence;
    this.count++;
  }

  has(entry: number): boolean {
    return this.#slots[entry] !== SETTLED;
  }

  /** Marks an outstanding entry as settled. @returns its holder's slot. */
  clear(entry: number): number {
    const slot = this.#slots[entry]!;
    this.#slots[entry] = SETTLED;
    this.count--;
    return slot;
  }
}
