/**
 * Lets go of the messages of a purged or deleted queue, in steps when there are very many.
 */

import type { Messages } from '../messages.ts';
import type { MessageHandle, Residency } from '../ports.ts';
import type { Task } from '../pump.ts';
import type { ReadyRing } from './ready-ring.ts';
import type { Returned } from './returned.ts';

interface Finisher {
  finishPurged(message: MessageHandle, sequence: number): void;
  finishPage(sequence: number, count: number): void;
}

export class ReleaseTask implements Task {
  /** Up to so many messages are let go at once. */
  static readonly AT_ONCE = 4096;

  readonly #world: { readonly messages: Messages; readonly residency: Residency };
  readonly #queue: Finisher;
  readonly #ready: ReadyRing;
  readonly #returned: Returned;

  constructor(
    world: { readonly messages: Messages; readonly residency: Residency },
    queue: Finisher,
    ready: ReadyRing,
    returned: Returned,
  ) {
    this.#world = world;
    this.#queue = queue;
    this.#ready = ready;
    this.#returned = returned;
  }

  step(budget: number): boolean {
    let left = budget;
    for (; left > 0 && this.#returned.length > 0; left--) {
      const sequence = this.#returned.firstSequence;
      this.#queue.finishPurged(this.#returned.shift(), sequence);
    }
    for (; left > 0 && this.#ready.length > 0; left--) this.#releaseHead();
    return this.#ready.length === 0 && (this.#returned?.length ?? 0) === 0;
  }

  #releaseHead(): void {
    if (!this.#ready.isHeadResident) {
      this.#queue.finishPage(this.#ready.headSequence, this.#ready.headPageSpan);
      this.#world.residency.discard(this.#ready.dropHeadPage());
      return;
    }
    const sequence = this.#ready.headSequence;
    this.#queue.finishPurged(this.#ready.shift(), sequence);
  }
}
