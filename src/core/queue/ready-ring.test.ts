/** The ready ring against an array, while chunks are paged out and come back. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkSteps, type Step, step } from '../../../test/support/steps.ts';
import { ReadyRing } from './ready-ring.ts';
import { CHUNK_ENTRIES, type RingChunk } from './ring-chunk.ts';

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

  /** Brings back a page that is wanted, or any other. */
  pageIn(pick: number): void {
    const wanted = pick === 0 ? this.ring.nextWanted(0) : undefined;
    const page = wanted ?? [...this.#pages.keys()][pick % Math.max(1, this.#pages.size)];
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
        index += detached.headPageSpan;
        expect(this.#pages.delete(detached.dropHeadPage())).toBe(true);
      }
    }
    expect(detached.length).toBe(0);
    this.#entries = [];
    this.expectSame();
  }

  /** Whatever is in memory goes, also what is first and last. */
  pageOutAll(): void {
    for (let chunk = this.ring.firstResident; chunk !== undefined; chunk = this.ring.firstResident)
      this.#pageOut(chunk);
    expect(this.ring.isHeadResident).toBe(false);
    this.expectSame();
  }

  /** The first that are in memory come back on a page, after some of them have gone. */
  prepend(count: number, gap: number): void {
    const taken: { handle: number; sequence: number }[] = [];
    for (let index = 0; index < count && this.ring.isHeadResident; index++) {
      const sequence = this.ring.headSequence;
      taken.push({ handle: this.ring.shift(), sequence });
    }
    const kept = taken.slice(0, taken.length - gap);
    // Behind what came back before there are sequences without an entry: a page ends there.
    const jump = kept.findIndex(({ sequence }, index) => sequence !== (kept[0]?.sequence ?? 0) + index);
    const back = jump === -1 ? kept : kept.slice(0, jump);
    this.#entries.splice(0, taken.length);
    if (back.length === 0 || back.length > CHUNK_ENTRIES) return;
    const page = ++this.#lastPage;
    this.#pages.set(
      page,
      Uint32Array.from(back, ({ handle }) => handle),
    );
    this.ring.prependPage(page, back[0]?.sequence ?? 0, back.length, back.length);
    this.#entries.unshift(...back);
    expect(this.ring.headSequence).toBe(back[0]?.sequence);
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
    expect(this.ring.headSequence).toBe(this.#entries[0]?.sequence ?? this.#nextSequence);
    expect(this.ring.hasPages).toBe(this.#pages.size > 0);
  }

  #offer(): void {
    const chunk = this.ring.filled;
    this.ring.filled = undefined;
    if (this.isPaging && chunk !== undefined) this.#pageOut(chunk);
  }

  /** In pages of a few entries now and then. */
  #pageOut(chunk: RingChunk): void {
    for (let rest: RingChunk | undefined = chunk; rest !== undefined; ) {
      const handles = this.ring.handlesOf(rest);
      const page = ++this.#lastPage;
      const count = page % 3 === 0 ? Math.ceil(handles.length / 3) : handles.length;
      const first = this.#entries.findIndex(({ handle }) => handle === handles[0]);
      expect(this.ring.sequenceOf(rest)).toBe(this.#entries[first]?.sequence);
      this.#pages.set(page, handles.slice(0, count));
      rest = this.ring.pagedOut(rest, page, count);
    }
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
  fc
    .tuple(fc.nat(1500), fc.nat(3))
    .map(([count, gap]) => step(`prepend ${count} without ${gap}`, (world) => world.prepend(count, gap))),
  fc.constant(step<World>('page out all', (world) => world.pageOutAll())),
  fc.constant(step<World>('detach', (world) => world.detach())),
  fc.constant(step<World>('check', (world) => world.expectSame())),
];

describe('a ready ring', () => {
  test('gives what it was given, in order and densely numbered, whatever is paged', () => {
    checkSteps({ world: () => new World(), steps, runs: 25, stepsMax: 30, finally: (world) => world.takeAll() });
  });

  test('stops at a paged head and names each page that it wants once, the head first', () => {
    const world = new World();
    for (let count = 16 + 5 * CHUNK_ENTRIES; count > 0; count--) world.push(1);
    world.isPaging = true;
    world.push(3 * CHUNK_ENTRIES);
    expect([world.ring.wantsPages, world.ring.nextWanted(1), world.ring.wantsPages]).toEqual([true, undefined, false]);
    world.shift(16 + 4 * CHUNK_ENTRIES);
    expect([world.ring.wantsPages, world.ring.nextWanted(2), world.ring.nextWanted(2)]).toEqual([true, 1, 2]);
    expect(world.ring.nextWanted(2)).toBe(3);
    expect(world.ring.nextWanted(2)).toBeUndefined();
    world.shift(CHUNK_ENTRIES);
    expect(world.ring.isHeadResident).toBe(false);
  });

  test('never calls the first or the last chunk filled', () => {
    const ring = new ReadyRing(1);
    for (let index = 0; index < 16 + CHUNK_ENTRIES; index++) ring.push(index);
    expect(ring.filled).toBeUndefined();
    ring.push(0);
    expect(ring.filled && ring.handlesOf(ring.filled)[0]).toBe(16);
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
