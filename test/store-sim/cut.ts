/**
 * Where a log broke off: the one ticket up to which everything is there and behind which nothing is. Each thing that is
 * seen after a crash says where it cannot be; when it can be nowhere, the store has lost something or kept half of it.
 */

import { SimFailure } from '../sim/failure.ts';

/** Says why, for the message of a failure. */
type Why = () => string;

interface Gap {
  readonly from: number;
  readonly to: number;
  readonly why: Why;
}

export class Cut {
  #first: number;
  #whyFirst: Why;
  #last: number;
  #whyLast: Why;
  readonly #gaps: Gap[] = [];

  /** @param certain what was said to be durable. @param appended what there was. */
  constructor(certain: number, appended: number) {
    this.#first = certain;
    this.#whyFirst = () => 'was said to be durable';
    this.#last = appended;
    this.#whyLast = () => 'is all that was appended';
  }

  /** Everything up to this ticket is there. */
  atLeast(ticket: number, why: Why): void {
    if (ticket <= this.#first) return;
    this.#first = ticket;
    this.#whyFirst = why;
  }

  /** What came with this ticket is not there. */
  before(ticket: number, why: Why): void {
    if (ticket > this.#last) return;
    this.#last = ticket - 1;
    this.#whyLast = why;
  }

  /** Not between these two, both included. */
  outside(from: number, to: number, why: Why): void {
    if (from <= to) this.#gaps.push({ from, to, why });
  }

  /** @returns the last ticket that is possible: what came before it and left no trace may as well be there. @throws SimFailure */
  find(): number {
    let cut = this.#last;
    const why: string[] = [];
    for (const gap of this.#gaps.sort((a, b) => b.to - a.to)) {
      if (gap.from > cut || gap.to < cut) continue;
      cut = gap.from - 1;
      why.push(`; it does not end from ${gap.from} to ${gap.to}: ${gap.why()}`);
    }
    if (cut >= this.#first) return cut;
    throw new SimFailure(
      `the log does not end anywhere: ticket ${this.#last} ${this.#whyLast()}${why.join('')}; ` +
        `but ticket ${this.#first} ${this.#whyFirst()}`,
    );
  }
}
