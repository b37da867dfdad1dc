/**
 * Lets go of the messages of a purged or deleted queue, in steps when there are very many.
 */

import type { Messages } from '../messages.ts';
import type { MessageHandle, Residency } from '../ports.ts';
import type { Task } from '../pump.ts';
import type { ReadyRing } from './ready-ring.ts';
import type { Returned } from './returned.ts';
import type { UnackedPage, UnackedPages } from './unacked-pages.ts';

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
  readonly #unackedPages: UnackedPages | undefined;
  /** Pages with messages that had come back. */
  readonly #purged: readonly UnackedPage[];
  #nextPurged = 0;

  constructor(
    world: { readonly messages: Messages; readonly residency: Residency },
    queue: Finisher,
    ready: ReadyRing,
    returned: Returned,
    unackedPages: UnackedPages | undefined,
  ) {
    this.#world = world;
    this.#queue = queue;
    this.#ready = ready;
    this.#returned = returned;
    this.#unackedPages = unackedPages;
    this.#purged = unackedPages?.purge() ?? [];
  }

  step(budget: number): boolean {
    let left = budget;
    for (; left > 0 && this.#returned.length > 0; left--) {
      const sequence = this.#returned.firstSequence;
      this.#queue.finishPurged(this.#returned.shift(), sequence);
    }
    while (left > 0 && this.#nextPurged < this.#purged.length) left -= this.#finishPage();
    for (; left > 0 && this.#ready.length > 0; left--) this.#releaseHead();
    return this.#ready.length === 0 && this.#returned.length === 0 && this.#nextPurged === this.#purged.length;
  }

  /** @returns how many messages that were at most */
  #finishPage(): number {
    const page = this.#purged[this.#nextPurged++];
    if (page === undefined) return 0;
    this.#unackedPages?.finishPurged(page);
    return page.states.length;
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
