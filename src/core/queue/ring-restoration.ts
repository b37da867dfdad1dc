/**
 * Builds the ready ring of a queue from what a log kept of it: messages come in any order, and there are holes where others
 * are gone.
 *
 * hot path
 */

import type { MessageHandle } from '../ports.ts';
import { CHUNK_ENTRIES, HOLE, ReadyRing } from './ready-ring.ts';

interface Chunk {
  readonly handles: Uint32Array;
  entries: number;
}

export class RingRestoration {
  /** By number: chunk n holds the sequences from n × `CHUNK_ENTRIES` on. */
  readonly #chunks = new Map<number, Chunk>();

  /** A message, with a reference of its own, comes back to its place. */
  add(sequence: number, message: MessageHandle): void {
    const number = Math.floor(sequence / CHUNK_ENTRIES);
    const chunk = this.#chunks.get(number) ?? this.#addChunk(number);
    const entry = sequence % CHUNK_ENTRIES;
    if (chunk.handles[entry] === HOLE) chunk.entries++;
    chunk.handles[entry] = message;
  }

  /** @param nextSequence the one that the next message of the queue gets, above all that were added */
  build(nextSequence: number): ReadyRing {
    const numbers = [...this.#chunks.keys()].sort((a, b) => a - b);
    const first = numbers[0];
    if (first === undefined) return new ReadyRing(nextSequence);
    const ring = new ReadyRing(first * CHUNK_ENTRIES);
    for (const number of numbers) {
      const gap = number * CHUNK_ENTRIES - ring.nextSequence;
      if (gap > 0) ring.restoreGap(gap);
      const chunk = this.#chunks.get(number);
      if (chunk !== undefined) ring.restoreChunk(chunk.handles, chunk.entries);
    }
    ring.restored(nextSequence);
    this.#chunks.clear();
    return ring;
  }

  #addChunk(number: number): Chunk {
    const chunk = { handles: new Uint32Array(CHUNK_ENTRIES).fill(HOLE), entries: 0 };
    this.#chunks.set(number, chunk);
    return chunk;
  }
}
