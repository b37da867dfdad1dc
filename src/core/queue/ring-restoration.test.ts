/** A ring restored from pages and messages in any order, against the set of its sequences. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../base/random.ts';
import { HOLE, type PagedQueue, type Residency } from '../ports.ts';
import type { ReadyRing } from './ready-ring.ts';
import { CHUNK_ENTRIES } from './ring-chunk.ts';
import { RingRestoration } from './ring-restoration.ts';

const QUEUE: PagedQueue = { id: 1, options: { durable: true }, isDraining: false, pagedIn: () => undefined };

/** A message's handle, by which it is known again. */
const handleOf = (sequence: number) => 3 * sequence;

class World {
  readonly pages = new Map<number, Uint32Array>();
  readonly live: number[];
  readonly restoration: RingRestoration;
  readonly #random: SeededRandom;
  readonly #paged = new Set<number>();
  readonly #sequences: number;
  readonly #isLive: ReadonlySet<number>;

  constructor(seed: number, sequences: number, isPaging: boolean) {
    this.#random = new SeededRandom(seed);
    this.#sequences = sequences;
    const odds = 1 + this.#random.below(4);
    this.live = Array.from({ length: sequences }, (_, index) => index + 1).filter(() => this.#random.below(odds) === 0);
    this.#isLive = new Set(this.live);
    const counts = new Map<number, number>();
    const expected = (first: number) => counts.get(first / CHUNK_ENTRIES) ?? 0;
    this.restoration = new RingRestoration(
      isPaging ? { queue: QUEUE, residency: this.#residency(), expected } : undefined,
    );
    for (let at = 1; at <= sequences; at += 1 + this.#random.below(3000)) at = this.#addPage(at);
    const unpaged = this.live.filter((sequence) => !this.#paged.has(sequence));
    for (const sequence of unpaged) {
      const number = Math.floor(sequence / CHUNK_ENTRIES);
      counts.set(number, (counts.get(number) ?? 0) + 1);
    }
    for (const sequence of this.#shuffled(unpaged)) this.restoration.add(sequence, handleOf(sequence));
  }

  /** Takes all, bringing back each page when it is needed. */
  drain(ring: ReadyRing): number[] {
    const taken: number[] = [];
    while (ring.length > 0) {
      for (let page = ring.nextWanted(1); page !== undefined; page = ring.nextWanted(1)) this.#pageIn(ring, page);
      const sequence = ring.headSequence;
      const handle = ring.shift();
      if (handle !== handleOf(sequence)) throw new Error(`${handle} is at ${sequence}`);
      taken.push(sequence);
    }
    return taken;
  }

  /** @returns where it ends */
  #addPage(first: number): number {
    const handles = Uint32Array.from(
      { length: 1 + this.#random.below(Math.min(CHUNK_ENTRIES, this.#sequences - first + 1)) },
      (_, index) => first + index,
    );
    const kept = handles.map((sequence) => (this.#isLive.has(sequence) ? handleOf(sequence) : HOLE));
    const entries = kept.filter((handle) => handle !== HOLE).length;
    if (entries === 0) return first;
    for (const sequence of handles) this.#paged.add(sequence);
    this.pages.set(this.pages.size, kept);
    this.restoration.addPage({ page: this.pages.size - 1, firstSequence: first, span: handles.length, entries });
    return first + handles.length;
  }

  /** Takes what it is offered now and then, in parts. */
  #residency(): Residency {
    return {
      pagesAhead: 1,
      wantsUnacked: false,
      isBehind: false,
      pageOut: (_queue, _first, handles) => {
        if (this.#random.below(4) === 0) return undefined;
        let count = 1 + this.#random.below(handles.length);
        while (handles[count] === HOLE) count++;
        this.pages.set(this.pages.size, handles.slice(0, count));
        return { page: this.pages.size - 1, count };
      },
      readAhead: () => undefined,
      copyAhead: () => undefined,
      discard: () => undefined,
    };
  }

  #pageIn(ring: ReadyRing, page: number): void {
    expect(ring.pagedIn(page, this.pages.get(page) ?? new Uint32Array())).toBe(true);
  }

  /** Segments of a log are in order, what was moved is not. */
  #shuffled(sequences: readonly number[]): number[] {
    const moved = sequences.filter(() => this.#random.below(10) === 0);
    const others = new Set(moved);
    return [...sequences.filter((sequence) => !others.has(sequence)), ...moved.reverse()];
  }
}

describe('a restored ring', () => {
  test('has every message in its place, whatever is on pages and whatever is gone', () => {
    const worlds = fc.record({ seed: fc.nat(), sequences: fc.nat(8000), isPaging: fc.boolean() });
    fc.assert(
      fc.property(worlds, ({ seed, sequences, isPaging }) => {
        const world = new World(seed, sequences, isPaging);
        const ring = world.restoration.build(sequences + 5);
        expect(ring.length).toBe(world.live.length);
        expect(world.drain(ring)).toEqual(world.live);
        expect([ring.headSequence, ring.push(1)]).toEqual([sequences + 5, sequences + 5]);
      }),
      { numRuns: 40 },
    );
  });

  test('does not take two messages for one place', () => {
    const restoration = new RingRestoration();
    restoration.add(5, 1);
    expect(() => restoration.add(5, 2)).toThrow('one sequence');
  });
});
