/**
 * What the clients of the torture were promised and what they were given, kept outside of the broker: knows what may not
 * have happened. A byte for each message in each queue, because a long run has millions.
 */

import { bodyOf } from './torture-body.ts';

export const QUEUES = ['torture.0', 'torture.1', 'torture.2', 'torture.3'];

const PUBLISHED = 1;
const CONFIRMED = 2;
const RECEIVED = 4;
const REPEATED = 8;
/** Acknowledged long enough before a kill, but nothing shows that the broker made anything durable since then. */
const UNPROVED = 16;

/** How it is known that an acknowledgement is durable. */
export type Proof = 'confirm' | 'commit-ok' | 'time';
const COMMITTED: Readonly<Record<Proof, number>> = { confirm: 32, 'commit-ok': 64, time: 128 };
export const PROOFS: readonly Proof[] = ['confirm', 'commit-ok', 'time'];
const ANY_PROOF = COMMITTED.confirm | COMMITTED['commit-ok'] | COMMITTED.time;

export type Finding = 'lost' | 'returned' | 'silently repeated' | 'changed' | 'half a transaction' | 'misbehaved';
/** As many different ones are told one by one. */
const TOLD_MAX = 20;

/** A message in the queues that it goes to. */
export interface Publication {
  readonly id: number;
  readonly queues: readonly number[];
}

/** A message in one queue. */
interface Place {
  readonly queue: number;
  readonly id: number;
}

export class Ledger {
  readonly findings = new Map<Finding, number>();
  readonly told: string[] = [];
  readonly counts = { published: 0, confirmed: 0, repeated: 0, unproved: 0, unprovedReturned: 0 };
  readonly acked: Record<Proof, number> = { confirm: 0, 'commit-ok': 0, time: 0 };
  readonly committed: Record<Proof, number> = { confirm: 0, 'commit-ok': 0, time: 0 };
  /** Committed ones that came again. */
  readonly returned: Record<Proof, number> = { confirm: 0, 'commit-ok': 0, time: 0 };
  /** Confirmed and not received. */
  backlog = 0;
  /** When the latest of those publishes and commits was sent that the broker has answered: all before it is durable. */
  provedUpTo = 0;
  readonly #states = QUEUES.map(() => new Uint8Array(1024));
  readonly #undecided: (readonly Place[])[] = [];
  #lastId = 0;

  nextId(): number {
    return ++this.#lastId;
  }

  published({ id, queues }: Publication): void {
    for (const queue of queues) this.#set(queue, id, PUBLISHED);
    this.counts.published += queues.length;
  }

  /** @param sentAt when the publish or its commit was sent */
  confirmed({ id, queues }: Publication, sentAt: number): void {
    this.provedUpTo = Math.max(this.provedUpTo, sentAt);
    for (const queue of queues) {
      if (!this.#has(queue, id, RECEIVED)) this.backlog++;
      this.#set(queue, id, CONFIRMED);
    }
    this.counts.confirmed += queues.length;
  }

  /**
   * A transaction whose commit was not answered before the broker was killed. Some of it may have been delivered before it
   * was durable; of the rest all is there afterwards, or nothing.
   */
  undecided(publications: readonly Publication[]): void {
    const places = publications.flatMap(({ id, queues }) => queues.map((queue) => ({ queue, id })));
    this.#undecided.push(places.filter(({ queue, id }) => !this.#has(queue, id, RECEIVED)));
  }

  received(queue: number, id: number, isRedelivered: boolean, body: Uint8Array): void {
    const name = `${id} of ${QUEUES[queue]}`;
    if (!this.#has(queue, id, PUBLISHED)) return this.find('changed', `${name} was never published`);
    if (!bodyOf(id).equals(body)) this.find('changed', `${name} came with another body`);
    if (this.#has(queue, id, ANY_PROOF)) this.#returned(queue, id);
    if (this.#has(queue, id, UNPROVED)) this.counts.unprovedReturned++;
    if (!this.#has(queue, id, RECEIVED)) {
      if (this.#has(queue, id, CONFIRMED)) this.backlog--;
      return this.#set(queue, id, RECEIVED);
    }
    if (!isRedelivered) this.find('silently repeated', `${name} came twice and does not say so`);
    if (!this.#has(queue, id, REPEATED)) this.counts.repeated++;
    this.#set(queue, id, REPEATED);
  }

  ackCommitted(queue: number, id: number, proof: Proof): void {
    if (this.#has(queue, id, ANY_PROOF)) return;
    this.#set(queue, id, COMMITTED[proof]);
    this.committed[proof]++;
  }

  ackUnproved(queue: number, id: number): void {
    this.#set(queue, id, UNPROVED);
    this.counts.unproved++;
  }

  /** Something happened that may not. */
  find(finding: Finding, what: string): void {
    this.findings.set(finding, (this.findings.get(finding) ?? 0) + 1);
    const text = `${finding}: ${what}`;
    if (this.told.length < TOLD_MAX && !this.told.includes(text)) this.told.push(text);
  }

  /** After everything that is left has been received. */
  finish(): void {
    for (let queue = 0; queue < QUEUES.length; queue++) {
      for (let id = 1; id <= this.#lastId; id++) {
        if (this.#has(queue, id, CONFIRMED) && !this.#has(queue, id, RECEIVED))
          this.find('lost', `${id} of ${QUEUES[queue]}`);
      }
    }
    for (const places of this.#undecided) this.#checkUndecided(places);
  }

  /** Of all acknowledgements, those that are known to be durable. */
  get committedShare(): number {
    return sum(this.committed) / Math.max(1, sum(this.acked));
  }

  /** In short. */
  get state(): string {
    const { published, confirmed } = this.counts;
    const found = [...this.findings].map(([finding, count]) => `${count} ${finding}`).join(', ');
    return (
      `${published} published, ${confirmed} confirmed, ${sum(this.acked)} acknowledged, ` +
      `${percent(sum(this.committed), sum(this.acked))} committed; found: ${found || 'nothing'}`
    );
  }

  /** All that is known at the end. */
  get summary(): string {
    const { repeated, unproved, unprovedReturned } = this.counts;
    const proofs = PROOFS.map((proof) => {
      const [acked, committed] = [this.acked[proof], this.committed[proof]];
      return `  by ${proof}: ${percent(committed, acked)} of ${acked} committed, ${this.returned[proof]} returned`;
    });
    return [
      this.state,
      ...proofs,
      `  older than 200 ms, but nothing was made durable since: ${unproved}, of which ${unprovedReturned} came again`,
      `  came more than once: ${repeated}`,
    ].join('\n');
  }

  #returned(queue: number, id: number): void {
    for (const proof of PROOFS) {
      if (!this.#has(queue, id, COMMITTED[proof])) continue;
      this.returned[proof]++;
      this.find('returned', `${id} of ${QUEUES[queue]} came again after its acknowledgement was durable, by ${proof}`);
    }
  }

  #checkUndecided(places: readonly Place[]): void {
    const received = places.filter(({ queue, id }) => this.#has(queue, id, RECEIVED)).length;
    if (received === 0 || received === places.length) return;
    this.find('half a transaction', `${received} of ${places.length} messages, ${places[0]?.id} the first`);
  }

  #has(queue: number, id: number, flag: number): boolean {
    return ((this.#states[queue]?.[id] ?? 0) & flag) !== 0;
  }

  #set(queue: number, id: number, flag: number): void {
    let states = this.#states[queue] ?? new Uint8Array(0);
    if (id >= states.length) {
      const larger = new Uint8Array(2 * id);
      larger.set(states);
      states = larger;
      this.#states[queue] = states;
    }
    states[id] = (states[id] ?? 0) | flag;
  }
}

function sum(counts: Record<Proof, number>): number {
  return counts.confirm + counts['commit-ok'] + counts.time;
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / Math.max(1, whole)).toFixed(1)} %`;
}
