/** The ready ring against an array, while chunks are paged out and come back. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkSteps, type Step, step } from '../../../test/support/steps.ts';
import { CHUNK_ENTRIES, ReadyRing } from './ready-ring.ts';

class World {
  ring = new ReadyRing(1);
  isPaging = false;
  readonly #pages = new Map<number, Uint32Array>();
  #entries: { handle: number; sequence: number }[] = [];
  #nextSequence = 1;
  #lastPage = 0;

  push(count: number): void {
    const first = this.#nextSequence;
    const sequences: number[] = [];
    for (let index = 0; index < count; index++) {
      const handle = this.#nextSequence * 7;
      this.#entries.push({ handle, sequence: this.#nextSequence++ });
      sequences.push(this.ring.push(handle));
      if (this.ring.filled !== undefined) this.#offer();
    }
    expect(sequences).toEqual(Array.from({ length: count }, (_, index) => first + index));
  }

  shift(count: number): void {
    const taken: { handle: number; sequence: number }[] = [];
    for (let index = 0; index < count && this.ring.isHeadResident; index++) {
      const sequence = this.ring.headSequence;
      taken.push({ handle: this.ring.shift(), sequence });
    }
    expect(taken).toEqual(this.#entries.splice(0, taken.length));
  }

  /** Brings back the page that is needed first, or any other. */
  pageIn(pick: number): void {
    const page = pick === 0 ? this.ring.headPage : [...this.#pages.keys()][pick % Math.max(1, this.#pages.size)];
    const handles = page === undefined ? undefined : this.#pages.get(page);
    if (page === undefined || handles === undefined) return;
    this.#pages.delete(page);
    expect(this.ring.pagedIn(page, handles)).toBe(true);
  }

  /** What is detached can be taken to the end, page by page, and the ring goes on with the next sequence. */
  detach(): void {
    const detached = this.ring.detach();
    for (let index = 0; index < this.#entries.length; ) {
      expect(detached.headSequence).toBe(this.#entries[index]?.sequence);
      if (detached.isHeadResident) expect(detached.shift()).toBe(this.#entries[index++]?.handle);
      else {
        expect(this.#pages.delete(detached.dropHeadPage())).toBe(true);
        index += CHUNK_ENTRIES;
      }
    }
    expect(detached.length).toBe(0);
    this.#entries = [];
    this.expectSame();
  }

  takeAll(): void {
    while (this.ring.length > 0) {
      this.pageIn(0);
      this.shift(CHUNK_ENTRIES);
    }
    this.expectSame();
  }

  expectSame(): void {
    expect(this.ring.length).toBe(this.#entries.length);
    expect(this.ring.headSequence).toBe(this.#nextSequence - this.#entries.length);
    expect(this.ring.hasPages).toBe(this.#pages.size > 0);
  }

  #offer(): void {
    const chunk = this.ring.filled;
    this.ring.filled = undefined;
    if (!this.isPaging || chunk?.handles === undefined) return;
    this.#pages.set(++this.#lastPage, chunk.handles.slice());
    this.ring.pagedOut(chunk, this.#lastPage);
  }
}

const counts = fc.oneof(fc.nat(20), fc.nat(4000));

const steps: fc.Arbitrary<Step<World>>[] = [
  counts.map((count) => step(`push ${count}`, (world) => world.push(count))),
  counts.map((count) => step(`shift ${count}`, (world) => world.shift(count))),
  fc.nat(5).map((pick) => step(`page in ${pick}`, (world) => world.pageIn(pick))),
  fc.boolean().map((isPaging) =>
    step(`paging ${isPaging}`, (world) => {
      world.isPaging = isPaging;
    }),
  ),
  fc.constant(step<World>('detach', (world) => world.detach())),
  fc.constant(step<World>('check', (world) => world.expectSame())),
];

describe('a ready ring', () => {
  test('gives what it was given, in order and densely numbered, whatever is paged', () => {
    checkSteps({ world: () => new World(), steps, runs: 25, stepsMax: 30, finally: (world) => world.takeAll() });
  });

  test('stops at a paged head and says which pages it needs', () => {
    const world = new World();
    world.isPaging = true;
    world.push(16 + 3 * CHUNK_ENTRIES);
    world.shift(15);
    expect([world.ring.isHeadResident, world.ring.headPage, world.ring.nextPage]).toEqual([true, undefined, 1]);
    world.shift(1);
    expect([world.ring.isHeadResident, world.ring.headPage, world.ring.nextPage]).toEqual([false, 1, 2]);
  });

  test('never offers the first or the last chunk', () => {
    const ring = new ReadyRing(1);
    for (let index = 0; index < 16 + CHUNK_ENTRIES; index++) ring.push(index);
    expect(ring.filled).toBeUndefined();
    ring.push(0);
    expect(ring.filled?.handles?.[0]).toBe(16);
    for (let index = 0; index < 16; index++) ring.shift();
    expect(ring.filled).toBeUndefined();
  });

  test('does not know a page that was detached', () => {
    const world = new World();
    world.isPaging = true;
    world.push(16 + 2 * CHUNK_ENTRIES);
    world.ring.detach();
    expect(world.ring.pagedIn(1, new Uint32Array(CHUNK_ENTRIES))).toBe(false);
  });
});
