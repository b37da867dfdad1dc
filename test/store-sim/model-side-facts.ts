/**
 * What a store must know of messages and keys besides: each thing that can be known has a timeline of what it was from
 * which ticket on. Where the log ended, all of them say the same.
 */

import type { SideFact } from '../../src/core/side-fact.ts';
import { check } from '../sim/failure.ts';
import type { Cut } from './cut.ts';
import { type Known, knownBy, nameOf, sequenceOf } from './known.ts';
import { NEVER } from './model-queue.ts';
import type { StoredQueue } from './stored-state.ts';

interface State {
  readonly ticket: number;
  readonly known: Known;
}

class Timeline {
  /** Of a message: what is known of it has no place where it is not. */
  readonly sequence: number | undefined;
  /** By ticket, rising. */
  states: State[] = [{ ticket: 0, known: undefined }];
  /** Whatever it ever was. */
  readonly ever = new Set<Known>([undefined]);

  constructor(sequence: number | undefined) {
    this.sequence = sequence;
  }

  get newest(): Known {
    return this.states.at(-1)?.known;
  }

  change(ticket: number, known: Known): void {
    this.states.push({ ticket, known });
    this.ever.add(known);
  }

  narrow(isRight: (known: Known) => boolean, cut: Cut, why: () => string): void {
    for (const [index, { ticket, known }] of this.states.entries()) {
      const end = (this.states[index + 1]?.ticket ?? NEVER) - 1;
      if (!isRight(known)) cut.outside(ticket, end, () => `${why()}, not ${known}`);
    }
  }

  /** It is as it was found, whatever was said last. */
  goBackTo(ticket: number, known: Known, isRight: (known: Known) => boolean): void {
    while (this.states.length > 1 && !isRight(this.newest)) this.states.pop();
    if (!isRight(this.newest)) this.states.push({ ticket, known });
  }

  /** Whether it was so at a ticket or later. */
  wasFrom(ticket: number, isRight: (known: Known) => boolean): boolean {
    const first = this.states.findLastIndex((state) => state.ticket <= ticket);
    return this.states.slice(Math.max(0, first)).some(({ known }) => isRight(known));
  }
}

export class ModelSideFacts {
  /** By queue, and by the names of what can be known: see `nameOf`. */
  readonly #queues = new Map<number, Map<string, Timeline>>();
  /** By queue: up to when keys may have been given up. */
  readonly #expired = new Map<number, number>();

  /** A message is in the log; one that a crash took may have had its sequence. */
  published(queueId: number, sequence: number, ticket: number): void {
    for (const timeline of this.#timelines(queueId).values()) {
      if (timeline.sequence === sequence) timeline.change(ticket, undefined);
    }
  }

  said(fact: SideFact, ticket: number): void {
    const timeline = this.#timeline(fact);
    const known = knownBy(fact);
    // What it adds to may yet be lost.
    timeline.ever.add(known);
    timeline.change(ticket, fact.kind === 'dedupSeen' ? Math.max(fact.untilMs, Number(timeline.newest ?? 0)) : known);
  }

  expired(queueId: number, upToMs: number): void {
    this.#expired.set(queueId, Math.max(upToMs, this.#expired.get(queueId) ?? 0));
  }

  /** What the newest fact of such a kind said. */
  newest(fact: SideFact): Known {
    return this.#timeline(fact).newest;
  }

  /** Narrows down where the log ended by what is known of one queue. @param isHeld a key may wait with publishes */
  narrow(stored: StoredQueue, cut: Cut, isHeld: (ticket: number) => boolean): void {
    for (const name of stored.known.keys()) {
      const sequence = sequenceOf(name);
      const isThere = sequence === undefined || stored.live.has(sequence);
      check(isThere, () => `queue ${stored.id} knows ${name} of a message that is not there`);
    }
    this.#checkForeign(stored);
    for (const [name, timeline] of this.#comparable(stored)) {
      const found = stored.known.get(name);
      const mayWait = timeline.sequence === undefined && timeline.states.some(({ ticket }) => isHeld(ticket));
      const isRight = this.#isRight(stored.id, timeline, found);
      if (!mayWait) timeline.narrow(isRight, cut, () => `queue ${stored.id} knows ${name} as ${found}`);
    }
  }

  /** Bits have flipped, but what a queue knows is all there: when it is not named. */
  checkDamaged(stored: StoredQueue, isNamed: boolean, certain: number, isHeld: (ticket: number) => boolean): void {
    this.#checkForeign(stored);
    if (isNamed) return;
    for (const [name, timeline] of this.#comparable(stored)) {
      const found = stored.known.get(name);
      const mayWait = timeline.sequence === undefined && timeline.states.some(({ ticket }) => isHeld(ticket));
      const isThere = mayWait || timeline.wasFrom(certain, this.#isRight(stored.id, timeline, found));
      check(isThere, () => `queue ${stored.id} is not named, and knows ${name} as ${found}`);
    }
  }

  /** What came later has not happened, nor what a key waited with that is lost. */
  survive(stored: readonly StoredQueue[], cut: number): void {
    for (const [id, timelines] of this.#queues) {
      const known = stored.find((queue) => queue.id === id)?.known;
      for (const [name, timeline] of timelines) {
        timeline.states = timeline.states.filter(({ ticket }) => ticket <= cut);
        if (timeline.sequence !== undefined || known === undefined) continue;
        timeline.goBackTo(cut, known.get(name), this.#isRight(id, timeline, known.get(name)));
      }
    }
  }

  /** What is certain need not be told from what was before. */
  forget(certain: number): void {
    for (const timelines of this.#queues.values()) {
      for (const timeline of timelines.values()) {
        const first = timeline.states.findLastIndex(({ ticket }) => ticket <= certain);
        if (first > 0) timeline.states = timeline.states.slice(first);
      }
    }
  }

  /** Whatever is lost: nothing is known that was never said. */
  #checkForeign({ id, known }: StoredQueue): void {
    for (const [name, found] of known) {
      const wasSaid = this.#timelines(id).get(name)?.ever.has(found) ?? false;
      check(wasSaid, () => `queue ${id} knows ${name} as ${found}, which nobody said`);
    }
  }

  *#comparable({ id, live }: StoredQueue): Iterable<[string, Timeline]> {
    for (const [name, timeline] of this.#timelines(id)) {
      if (timeline.sequence === undefined || live.has(timeline.sequence)) yield [name, timeline];
    }
  }

  /** A key whose time is up may be gone, or be as it was: one that waited for room comes late. */
  #isRight(queueId: number, { sequence }: Timeline, found: Known): (known: Known) => boolean {
    const upToMs = sequence === undefined ? (this.#expired.get(queueId) ?? -1) : -1;
    const isOver = (known: Known) => Number(known ?? 0) <= upToMs;
    return (known) => known === found || (isOver(known) && isOver(found));
  }

  #timelines(queueId: number): Map<string, Timeline> {
    const timelines = this.#queues.get(queueId) ?? new Map<string, Timeline>();
    this.#queues.set(queueId, timelines);
    return timelines;
  }

  #timeline(fact: SideFact): Timeline {
    const name = nameOf(fact);
    const timelines = this.#timelines(fact.queueId);
    const timeline = timelines.get(name) ?? new Timeline(sequenceOf(name));
    timelines.set(name, timeline);
    return timeline;
  }
}
