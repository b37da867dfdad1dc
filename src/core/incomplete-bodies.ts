/**
 * Message bodies of which not all has come: how much memory they hold, and whose is the largest.
 *
 * They count in the memory budget, and unlike messages in queues nobody can drain them: a client that sends no further
 * keeps the memory for as long as it is connected.
 */

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
