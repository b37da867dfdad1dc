/** Pages know when the first of their messages expires, however they came about, and after every restart. */

import { describe, expect, test, vi } from 'vitest';
import { PagedBroker } from '../../../../test/support/paged-broker.ts';
import { simulatedDisk } from '../../../../test/support/simulated-disk-steps.ts';
import { SimulatedFile } from '../../../../test/support/simulated-file.ts';
import { NEVER_MS } from '../../../core/messages.ts';
import { checkPageFile } from './page-check.ts';

const MESSAGES = 16 + 3 * 1024;
/** The chunks of the ring go to pages: those of 1024 messages behind the first 16, and at last what is left. */
const CHUNK = 1024;
const FIRST = 17;

/** By sequence: the times to live of some messages. The broker's clock stands at 0. */
const TIMES_TO_LIVE = new Map([
  [FIRST + 3, 9_000_000_000],
  [FIRST + 500, 4000],
  [FIRST + 1023, 5000],
  [FIRST + 2 * CHUNK, 70],
]);

/** A broker with a queue `q` whose messages are nearly all on pages. */
function filled(timesToLive: ReadonlyMap<number, number> = TIMES_TO_LIVE): PagedBroker {
  const world = new PagedBroker(simulatedDisk());
  world.declare('q');
  for (let sequence = 1; sequence <= MESSAGES; sequence++) {
    world.publish('q', `body ${sequence}`, true, timesToLive.get(sequence));
    if (sequence % 500 === 0) world.quiet();
  }
  world.tick(4);
  return world;
}

/** What the log knows of its pages: first sequence, span, earliest expiry. */
function knownOf({ opened }: PagedBroker): number[][] {
  const pages = [...opened.found.live.pages.all()];
  return pages.map((page) => [page.firstSequence, page.span, page.earliestExpiryMs]).sort(([a = 0], [b = 0]) => a - b);
}

/** The same, as the heads of the pages have it. */
function headsOf(world: PagedBroker): number[][] {
  const files = world.pageFiles.map((name) => checkPageFile(world.disk.open(name)));
  return files
    .flatMap(({ pages }) => pages.map((page) => [page.firstSequence, page.span, page.earliestExpiryMs]))
    .sort(([a = 0], [b = 0]) => a - b);
}

const RING_PAGES = [
  [FIRST, CHUNK, 4000],
  [FIRST + CHUNK, CHUNK, NEVER_MS],
];

function restarted(world: PagedBroker): PagedBroker {
  return new PagedBroker(world.disk.copy());
}

function takeAll(world: PagedBroker): void {
  for (let left = MESSAGES; left > 0; )
    if (world.take('q', false) === undefined) world.quiet();
    else left--;
}

describe('the earliest expiry of a page', () => {
  test('is that of the first of its messages to expire; of other pages there is none', () => {
    const world = filled();
    expect([knownOf(world), headsOf(world)]).toEqual([RING_PAGES, RING_PAGES]);
  });

  test('is known after a restart that reads the log, and one that reads a checkpoint', () => {
    const world = filled();
    expect(knownOf(restarted(world))).toEqual(RING_PAGES);
    world.opened.checkpoint(() => {});
    world.tick(4);
    const again = restarted(world);
    expect(again.opened.found.lastCheckpoint).toBeGreaterThan(0);
    expect(knownOf(again)).toEqual(RING_PAGES);
    // It pages out what was in memory, too; all of it is in the third broker's checkpoint.
    again.opened.checkpoint(() => {});
    again.tick(4);
    const known = knownOf(again);
    expect(known).toEqual(expect.arrayContaining([...RING_PAGES, [FIRST + 2 * CHUNK, 1007, 70]]));
    expect(knownOf(restarted(again))).toEqual(known);
  });

  test('stays the same when that message is settled: none is earlier', () => {
    const world = filled();
    takeAll(world);
    world.sink.unacked.settle(FIRST + 500, false, 'ack');
    world.quiet();
    expect(knownOf(restarted(world))).toEqual(RING_PAGES);
  });

  test('is that of what clients hold, on their pages, and known after a restart', () => {
    const world = filled();
    takeAll(world);
    world.pageOutUnacked();
    world.tick(4);
    const rows = [
      [1, CHUNK, 4000],
      [1 + CHUNK, CHUNK, 5000],
      [1 + 2 * CHUNK, CHUNK, 70],
      [1 + 3 * CHUNK, 16, NEVER_MS],
    ];
    expect([knownOf(world), headsOf(world), knownOf(restarted(world))]).toEqual([rows, rows, rows]);
  });

  test('is asked from the heads of pages only where some message expires', () => {
    const readsOf = (world: PagedBroker): number => {
      const readNow = vi.spyOn(SimulatedFile.prototype, 'readNow');
      const disk = world.disk.copy();
      new PagedBroker(disk);
      const files = readNow.mock.contexts.filter((file) => (file as SimulatedFile).name.startsWith('page-'));
      readNow.mockRestore();
      return files.length;
    };
    const [without, some] = [filled(new Map()), filled()];
    expect(readsOf(without)).toBe(without.pageFiles.length);
    expect(readsOf(some)).toBe(some.pageFiles.length + 1);
  });
});
