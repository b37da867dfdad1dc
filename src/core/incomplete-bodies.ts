/**
 * Message bodies of which not all has come: how much memory they hold, and whose is the largest.
 *
 * They count in the memory budget, and unlike messages in queues nobody can drain them: a client that sends no further
 * keeps the memory for as long as it is connected.
 */

import { LARGE_BODY_BYTES } from './messages.ts';

/** Blocks that are kept, each as large as a body that is copied into the arena once it is whole. */
const SPARE_BLOCKS_MAX = 8;

/** A body that has begun to come. */
export interface IncompleteBody {
  /** Memory that it holds, which may be more than what has come. */
  readonly heldBytes: number;
  /** Refuses the message: the memory is free, and the client is told. */
  refuse(): void;
}

export class IncompleteBodies {
  /** What all of them hold. */
  heldBytes = 0;
  readonly #bodies = new Set<IncompleteBody>();
  readonly #spareBlocks: Uint8Array[] = [];
  #blocksOut = 0;

  get count(): number {
    return this.#bodies.size;
  }

  /** @param body holds nothing yet; it adds to `heldBytes` as it grows */
  add(body: IncompleteBody): void {
    this.#bodies.add(body);
  }

  /** The body is complete or given up, and its memory no longer counted here. */
  remove(body: IncompleteBody): void {
    if (this.#bodies.delete(body)) this.heldBytes -= body.heldBytes;
  }

  /**
   * A block of `LARGE_BODY_BYTES` for a body that is no larger: of those that are in pieces only because a read of the
   * socket has cut them, which is one a read. Undefined when too many are out.
   */
  takeBlock(): Uint8Array | undefined {
    if (this.#blocksOut === SPARE_BLOCKS_MAX) return undefined;
    this.#blocksOut++;
    return this.#spareBlocks.pop() ?? new Uint8Array(LARGE_BODY_BYTES);
  }

  giveBackBlock(block: Uint8Array): void {
    this.#blocksOut--;
    this.#spareBlocks.push(block);
  }

  /** Refuses the largest ones until all together hold no more than this. @returns how many were refused. */
  refuseDownTo(bytesMax: number): number {
    const largestFirst = [...this.#bodies].sort((a, b) => b.heldBytes - a.heldBytes);
    let refused = 0;
    for (const body of largestFirst) {
      if (this.heldBytes <= bytesMax) break;
      body.refuse();
      refused++;
    }
    return refused;
  }
}
