/**
 * Bundles whose publishes wait for room on the disk, while all else that was in them has been written: oldest first. What
 * is settled meanwhile never has to be written. What is said of their messages meanwhile waits with them.
 */

import type { Ticket } from '../../core/ports.ts';
import type { Bundle, PagedContent } from './bundle.ts';
import { SequenceRanges } from './sequence-ranges.ts';

/** Both included. */
export interface HeldTickets {
  readonly from: Ticket;
  readonly to: Ticket;
}

interface Held {
  readonly bundle: Bundle;
  /** The newest ticket that was given before the bundle was begun. */
  readonly after: Ticket;
  /** What settles some of it for good is not safe before this ticket is. */
  until: Ticket;
}

export class HeldBundles {
  readonly #held: Held[] = [];
  #underWay: Held | undefined;

  get isEmpty(): boolean {
    return this.#held.length === 0;
  }

  get bytes(): number {
    return this.#held.reduce((sum, { bundle }) => sum + bundle.bytes, 0);
  }

  /** Publishes from such a ticket to such a one may be missing after a crash although what came after them is there. */
  get tickets(): readonly HeldTickets[] {
    const held = this.#underWay === undefined ? this.#held : [this.#underWay, ...this.#held];
    return held.map(({ bundle, after }) => ({ from: after + 1, to: bundle.lastTicket }));
  }

  /** @returns how far the log is durable, if it is durable up to `saved` but for what is held */
  durable(saved: Ticket): Ticket {
    return (this.#underWay ?? this.#held[0])?.after ?? saved;
  }

  /** Takes a target out again. @returns false when it is not here */
  elide(queueId: number, sequence: number): boolean {
    return this.#held.some(({ bundle }) => bundle.elide(queueId, sequence));
  }

  /** The settles and deletions of a bundle are written before what is held is: of that nothing must come back. */
  overtakenBy(other: Bundle): void {
    for (const held of this.#held) if (held.bundle.overtakenBy(other)) held.until = other.lastTicket;
  }

  /** Takes over what waits in a bundle, that was given tickets after `after`. @returns false when nothing does */
  hold(bundle: Bundle, after: Ticket): boolean {
    const ranges = this.#ranges();
    bundle.addHeldTo(ranges);
    bundle.holdPages(ranges);
    bundle.giveSideFacts((queueId, sequence) => {
      return this.#held.find((held) => held.bundle.mayHold(queueId, sequence))?.bundle;
    });
    if (!bundle.hasHoldable) return false;
    bundle.side.holdKeys();
    this.#held.push({ bundle, after, until: bundle.lastTicket });
    return true;
  }

  /** Takes out the pages that need not wait any more, from bundles of which all else is saved. */
  takePages(saved: Ticket): PagedContent[] {
    const waiting = this.#held.filter(({ bundle }) => bundle.lastTicket <= saved && bundle.paged.length > 0);
    if (waiting.length === 0) return [];
    const ranges = this.#ranges();
    return waiting.flatMap(({ bundle }) => bundle.takePages(ranges));
  }

  #ranges(): SequenceRanges {
    const ranges = new SequenceRanges();
    for (const { bundle } of this.#held) bundle.addHeldTo(ranges);
    return ranges;
  }

  /** Lets go of the oldest bundles of which all is saved, or settled for good. @param gone takes each of them */
  prune(saved: Ticket, gone: (bundle: Bundle) => void): void {
    for (let first = this.#held[0]; first !== undefined; first = this.#held[0]) {
      if (first.until > saved || first.bundle.hasHoldable) return;
      this.#held.shift();
      gone(first.bundle);
    }
  }

  /** The oldest one, to be written. */
  takeFirst(): Bundle | undefined {
    const first = this.#held.shift();
    this.#underWay = first;
    return first?.bundle;
  }

  /** What was taken last is durable. */
  written(): void {
    this.#underWay = undefined;
  }
}
