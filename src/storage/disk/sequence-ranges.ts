/** By queue, from which sequence to which one there are some of a kind of messages. */

import type { PagePlace } from './pages/page-format.ts';

export class SequenceRanges {
  readonly #ranges = new Map<number, { first: number; last: number }>();

  add(queueId: number, sequence: number): void {
    const range = this.#ranges.get(queueId);
    if (range === undefined) this.#ranges.set(queueId, { first: sequence, last: sequence });
    else {
      range.first = Math.min(range.first, sequence);
      range.last = Math.max(range.last, sequence);
    }
  }

  /** Whether some of them may be on a page. */
  meet({ queueId, firstSequence, span }: PagePlace): boolean {
    const range = this.#ranges.get(queueId);
    return range !== undefined && range.first < firstSequence + span && range.last >= firstSequence;
  }
}
