/** The index of live messages with pages, against the plainest model: a map from message to where it stands. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkSteps, type Step, step } from '../../../../test/support/steps.ts';
import { LiveMessages } from '../live-messages.ts';
import { DurablePage, settledBytes } from './durable-page.ts';
import type { PagePlace } from './page-format.ts';

const SEQUENCES = 5000;

class World {
  readonly live = new LiveMessages();
  /** By `queue/sequence`: a segment's slot, or a page's name. */
  readonly #model = new Map<string, string>();
  readonly #emptied: string[] = [];
  readonly #pages = new Map<string, DurablePage>();
  #lastFile = 0;

  add(queue: number, first: number, count: number): void {
    for (let sequence = first; sequence < first + count; sequence++) {
      // What is on a page is never published again.
      if (this.#model.get(`${queue}/${sequence}`)?.startsWith('page') === true) continue;
      this.live.add(queue, sequence, 1);
      this.#model.set(`${queue}/${sequence}`, 'segment');
    }
    this.check();
  }

  page(queue: number, first: number, span: number, hole: number): void {
    const place: PagePlace = {
      queueId: queue,
      firstSequence: first,
      span,
      file: ++this.#lastFile,
      offset: 0,
      bytes: 8,
      earliestExpiryMs: 0,
    };
    const holes = new Uint8Array(settledBytes(span));
    for (let entry = hole; entry < span; entry += hole + 1)
      holes[entry >>> 3] = (holes[entry >>> 3] ?? 0) | (1 << (entry & 7));
    const page = this.live.toPage(place, hole === 0 ? undefined : holes);
    const name = `page ${place.file}`;
    const moved = this.#present(queue, first, span).filter(
      (sequence) => hole === 0 || (sequence - first) % (hole + 1) !== hole,
    );
    for (const sequence of moved) this.#model.set(`${queue}/${sequence}`, name);
    expect(page?.live).toBe(moved.length === 0 ? undefined : moved.length);
    if (page !== undefined) {
      page.owner = { emptied: () => this.#emptied.push(name) };
      this.#pages.set(name, page);
    }
    this.check();
  }

  remove(queue: number, first: number, count: number): void {
    this.live.removeRun(queue, first, count);
    for (const sequence of this.#present(queue, first, count)) this.#model.delete(`${queue}/${sequence}`);
    this.check();
  }

  drop(queue: number): void {
    this.live.dropQueue(queue);
    this.live.settleDropped(Number.POSITIVE_INFINITY);
    for (const sequence of this.#present(queue, 0, SEQUENCES)) this.#model.delete(`${queue}/${sequence}`);
    this.check();
  }

  check(): void {
    const places = [...this.#model.values()];
    expect(this.live.counts[1]).toBe(places.filter((place) => place === 'segment').length);
    const alive = [...this.#pages.keys()].filter((name) => places.includes(name));
    expect(this.live.pages.length).toBe(alive.length);
    expect(this.#emptied.slice().sort()).toEqual(
      [...this.#pages.keys()].filter((name) => !alive.includes(name)).sort(),
    );
  }

  /** Every message is where it belongs, and a log that is read again says the same. */
  finish(): void {
    const copy = new LiveMessages();
    for (const page of this.live.pages.all()) copy.restorePage(new DurablePage(page, page.settled?.slice()));
    for (const queue of [1, 2]) {
      for (let sequence = 0; sequence < SEQUENCES; sequence++) {
        const place = this.#model.get(`${queue}/${sequence}`);
        const isOnPage = place?.startsWith('page') === true;
        if (this.live.slotOf(queue, sequence) !== (place === 'segment' ? 1 : 0))
          throw new Error(`slot of ${queue}/${sequence}`);
        if (this.live.pages.isLive(queue, sequence) !== isOnPage) throw new Error(`page of ${queue}/${sequence}`);
        if (copy.pages.isLive(queue, sequence) !== isOnPage)
          throw new Error(`page of ${queue}/${sequence} after a restart`);
        if (isOnPage && this.#pages.get(place ?? '')?.isLive(sequence) !== true)
          throw new Error(`${place} lacks ${sequence}`);
      }
    }
  }

  #present(queue: number, first: number, count: number): number[] {
    return Array.from({ length: count }, (_, index) => first + index).filter((at) => this.#model.has(`${queue}/${at}`));
  }
}

const queues = fc.constantFrom(1, 2);
const firsts = fc.nat(3500);
const counts = fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 1024 }));

const steps: fc.Arbitrary<Step<World>>[] = [
  fc
    .tuple(queues, firsts, counts)
    .map(([queue, first, count]) =>
      step(`add ${count} to ${queue} from ${first}`, (world) => world.add(queue, first, count)),
    ),
  fc
    .tuple(queues, firsts, counts, fc.oneof(fc.constant(0), fc.nat(5)))
    .map(([queue, first, span, hole]) =>
      step(`page ${span} of ${queue} from ${first}, hole ${hole}`, (world) => world.page(queue, first, span, hole)),
    ),
  fc
    .tuple(queues, firsts, counts)
    .map(([queue, first, count]) =>
      step(`remove ${count} of ${queue} from ${first}`, (world) => world.remove(queue, first, count)),
    ),
  queues.map((queue) => step(`drop ${queue}`, (world) => world.drop(queue))),
];

describe('live messages on pages', () => {
  test('are where they were put last until they are removed, and a page without any says so once', () => {
    checkSteps({ world: () => new World(), steps, runs: 60, stepsMax: 15, finally: (world) => world.finish() });
  });

  describe.each([true, false])(
    'a log that is read again over what a checkpoint knows, contents too: %s',
    (withContents) => {
      test('loses nothing, brings nothing back, and has each message in one place', () => {
        const place = { queueId: 1, firstSequence: 10, span: 4, file: 1, offset: 0, bytes: 100, earliestExpiryMs: 0 };
        const readPages = (live: LiveMessages) => {
          live.restorePage(new DurablePage(place, undefined));
          // What had come back into memory was paged out anew, twice, with one more.
          live.restorePage(new DurablePage({ ...place, firstSequence: 11, span: 3, file: 2 }, undefined));
          live.restorePage(new DurablePage({ ...place, firstSequence: 11, span: 4, file: 3 }, undefined));
          live.remove(1, 12);
        };
        const readContents = (live: LiveMessages) => {
          for (const sequence of [10, 11, 12, 13, 14]) live.add(1, sequence, 1);
        };
        const live = new LiveMessages();
        readContents(live);
        readPages(live);
        if (withContents) readContents(live);
        readPages(live);

        expect(live.pages.pagesOf(1).map(({ file, live: count }) => [file, count])).toEqual([
          [1, 1],
          [3, 3],
        ]);
        const isLive = [10, 11, 12, 13, 14].map((sequence) => live.pages.isLive(1, sequence));
        expect(isLive).toEqual([true, true, false, true, true]);
        expect(live.length).toBe(0);
      });
    },
  );

  test('after damage a message that seems to stand in two places stands on the page, and others around it', () => {
    const live = new LiveMessages();
    live.pages.add(
      new DurablePage(
        { queueId: 1, firstSequence: 10, span: 5, file: 1, offset: 0, bytes: 100, earliestExpiryMs: 0 },
        Uint8Array.of(0b10010, 0, 0, 0, 0, 0, 0, 0),
      ),
    );
    const sequences = [9, 10, 11, 13, 14, 15];
    for (const sequence of sequences) live.add(1, sequence, 1);
    live.untangle();
    expect(sequences.map((sequence) => live.slotOf(1, sequence))).toEqual([1, 0, 1, 0, 1, 1]);
    expect(live.pages.pagesOf(1).map((page) => page.liveRange())).toEqual([
      { from: 0, to: 1 },
      { from: 2, to: 4 },
    ]);
  });

  test('after damage are shown as stretches with nothing between them, and none is lost', () => {
    const live = new LiveMessages();
    // The first reaches over the two behind it, the last is by itself.
    live.pages.add(pageWith(1, [1, 2, 4, 9]));
    live.pages.add(pageWith(2, [3, 5]));
    live.pages.add(pageWith(3, [7, 8]));
    live.pages.add(pageWith(4, [10, 12]));
    live.untangle();

    const shown = live.pages.pagesOf(1).map((page) => {
      const { from, to } = page.liveRange();
      return [page.file, page.firstSequence + from, page.firstSequence + to - 1, page.live];
    });
    expect(shown.sort(([, a = 0], [, b = 0]) => a - b)).toEqual([
      [1, 1, 2, 2],
      [2, 3, 3, 1],
      [1, 4, 4, 1],
      [2, 5, 5, 1],
      [3, 7, 8, 2],
      [1, 9, 9, 1],
      [4, 10, 12, 2],
    ]);
    // The page again, as a log has it that is read over the checkpoint with its parts.
    live.restorePage(pageWith(1, [1, 2, 4, 9]));
    expect(live.pages.pagesOf(1).filter(({ file }) => file === 1)).toHaveLength(1);
    expect(live.countOf(1)).toBe(10);
  });
});

/** A page of the first sequences of a queue, of which only these are live. */
function pageWith(file: number, sequences: readonly number[]): DurablePage {
  const place = { queueId: 1, firstSequence: 1, span: 16, file, offset: 0, bytes: 100, earliestExpiryMs: 0 };
  const settled = new Uint8Array(settledBytes(16)).fill(0xff);
  for (const entry of sequences.map((sequence) => sequence - 1))
    settled[entry >>> 3] = (settled[entry >>> 3] ?? 0) & ~(1 << (entry & 7));
  return new DurablePage(place, settled);
}
