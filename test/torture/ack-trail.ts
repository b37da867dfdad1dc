/**
 * What one consumer has acknowledged on its connection, in order, and up to where it knows that this is durable.
 *
 * Two ways to know: a later confirm or commit-ok on the same connection; or that it was sent 200 ms before the kill. The
 * clock alone proves nothing about a broker that got no processor in these 200 ms, so the second way also asks for a
 * proof that needs no clock: an answer on the same connection says that the broker has read the acknowledgement, and
 * something that anybody sent after that answer was confirmed.
 */

import type { Ledger, Proof } from './ledger.ts';

const OLD_MS = 200;

/** So many acknowledgements had been read by the broker at this time. */
interface ReadMark {
  readonly count: number;
  readonly answeredAt: number;
}

export class AckTrail {
  readonly #ledger: Ledger;
  readonly #queue: number;
  readonly #proof: Proof;
  readonly #ids: number[] = [];
  readonly #sentAt: number[] = [];
  readonly #readMarks: ReadMark[] = [];
  #committed = 0;

  /** @param proof the only one that this consumer seeks */
  constructor(ledger: Ledger, queue: number, proof: Proof) {
    this.#ledger = ledger;
    this.#queue = queue;
    this.#proof = proof;
  }

  /** Acknowledgements that were sent so far. */
  get length(): number {
    return this.#ids.length;
  }

  sent(id: number): void {
    this.#ids.push(id);
    this.#sentAt.push(performance.now());
    this.#ledger.acked[this.#proof]++;
  }

  /** The first `count` are durable. */
  committed(count: number): void {
    for (; this.#committed < count; this.#committed++) {
      this.#ledger.ackCommitted(this.#queue, this.#ids[this.#committed] ?? 0, this.#proof);
    }
  }

  /** The broker has read the first `count`: it has just answered what was sent after them. */
  read(count: number): void {
    this.#readMarks.push({ count, answeredAt: performance.now() });
  }

  /** The broker was killed, and all that it had sent before is here. */
  killed(killedAt: number): void {
    if (this.#proof !== 'time') return;
    const old = this.#sentAt.findLastIndex((sentAt) => sentAt <= killedAt - OLD_MS) + 1;
    const proved = this.#readMarks.findLast(({ answeredAt }) => answeredAt <= this.#ledger.provedUpTo)?.count ?? 0;
    this.committed(Math.min(old, proved));
    for (let index = proved; index < old; index++) this.#ledger.ackUnproved(this.#queue, this.#ids[index] ?? 0);
  }
}
