/** Going on without damaged pages, and with pages of which the log has lost the record. */

import { describe, expect, test } from 'vitest';
import { PagedBroker, type Taken } from '../../../../test/support/paged-broker.ts';
import { inspected, KEPT, repaired, repairedUpTo } from '../../../../test/support/repaired-log.ts';
import type { SimulatedDisk } from '../../../../test/support/simulated-disk.ts';
import { simulatedDisk } from '../../../../test/support/simulated-disk-steps.ts';
import { checksum, headBytes } from '../batch-format.ts';
import { type PagePlace, pageFileName } from '../pages/page-format.ts';

const PAGES = 3;
/** Of a batch that concerns one queue. */
const FOOT_BYTES = headBytes({ queueIds: [1] });
const SIZES = { segmentBytes: 200_000 };

/** A queue with five messages on each of a few pages, and one in memory. */
function pagedBroker(sizes = SIZES): PagedBroker {
  const world = new PagedBroker(simulatedDisk(), sizes);
  world.declare('q');
  world.declare('other');
  checkpoint(world);
  world.publish('other', 'of another queue');
  for (let page = 1; page <= PAGES; page++) {
    for (let index = 1; index <= 5; index++) world.publish('q', `${page}.${index}`);
    world.queue('q').pageOutReady();
  }
  world.tick(6);
  world.publish('q', 'last');
  world.quiet();
  expect(world.opened.found.live.pages.length).toBe(PAGES);
  return world;
}

/** Declarations, and what is settled, are in a file of their own. */
function checkpoint(world: PagedBroker): void {
  let isDone = false;
  world.opened.checkpoint(() => {
    isDone = true;
  });
  for (let turns = 0; !isDone && turns < 100; turns++) world.tick();
  expect(isDone).toBe(true);
}

/** Takes so many of a queue's messages and acknowledges them. */
function acknowledge(world: PagedBroker, count: number): void {
  for (let left = count; left > 0; ) {
    const taken = world.take('q', false);
    if (taken === undefined) world.quiet();
    else {
      world.sink.unacked.settle(taken.tag, false, 'ack');
      left--;
    }
  }
  world.quiet();
}

/** The next message of a queue that is read from a page perhaps; not acknowledged. */
function takeSoon(world: PagedBroker): Taken {
  for (let turns = 0; turns < 10; turns++) {
    const taken = world.take('q', false);
    if (taken !== undefined) return taken;
    world.quiet();
  }
  throw new Error('the queue hands nothing out');
}

/** Takes and acknowledges all that comes. */
function takeAll(world: PagedBroker): Taken[] {
  const all: Taken[] = [];
  for (let idle = 0; idle < 5; ) {
    const taken = world.take('q');
    if (taken === undefined) idle++;
    else all.push(taken);
    world.quiet();
  }
  return all;
}

/** Where the last batch in the log ends. */
function endOf({ opened }: PagedBroker): number {
  return [...opened.found.segments].at(-1)?.bytes ?? 0;
}

function pageOf({ opened }: PagedBroker, index: number): PagePlace {
  const page = opened.found.live.pages.all()[index];
  if (page === undefined) throw new Error(`there is no page ${index}`);
  return page;
}

function bodies(...pages: readonly number[]): string[] {
  return pages.flatMap((page) => [1, 2, 3, 4, 5].map((index) => `${page}.${index}`));
}

/** What a broker hands out that is started on a disk. */
function served(disk: SimulatedDisk): { readonly q: string[]; readonly other: string[]; readonly damaged: string[] } {
  const world = new PagedBroker(disk);
  return { q: world.drain('q'), other: world.drain('other'), damaged: world.damaged };
}

/** The disk with a byte in the second page flipped. */
function withDamagedPage(): { readonly disk: SimulatedDisk; readonly page: PagePlace } {
  const world = pagedBroker();
  const page = pageOf(world, 1);
  world.disk.flip(pageFileName(page.queueId, page.file), page.offset + 100, 3);
  return { disk: world.disk.kill(), page };
}

describe('a page that is damaged', () => {
  test('is found before anybody reads it, with its queue and the messages that are left', () => {
    const { disk, page } = withDamagedPage();
    const { damages, queues } = inspected(disk);

    const { queueId, file, offset, bytes } = page;
    expect(damages).toEqual([
      {
        file: pageFileName(queueId, file),
        from: offset,
        to: offset + bytes,
        queueIds: [queueId],
        hasDefinitions: false,
        loss: 'messages',
      },
    ]);
    expect(queues.map(({ name, messages }) => [name, messages])).toEqual([
      ['q', 11],
      ['other', 1],
    ]);
  });

  test('is left out by a repair: what is on other pages and in memory is served, in order', () => {
    const { disk, page } = withDamagedPage();
    repaired(disk, SIZES);

    expect(inspected(disk).damages).toEqual([]);
    expect(disk.list()).toContain(KEPT + pageFileName(page.queueId, page.file));
    expect(served(disk)).toEqual({ q: [...bodies(1, 3), 'last'], other: ['of another queue'], damaged: [] });
  });

  test('whose file is gone is left out as well', () => {
    const { disk, page } = withDamagedPage();
    disk.remove(pageFileName(page.queueId, page.file), () => undefined);
    disk.runAll();
    expect(inspected(disk).damages).toHaveLength(PAGES);
    repaired(disk, SIZES);

    expect(served(disk.copy())).toEqual({ q: ['last'], other: ['of another queue'], damaged: [] });
    // It may have gone because all on it was acknowledged, and what said so is lost: then more may have been said there.
    expect(takeAll(new PagedBroker(disk))).toMatchObject([{ body: 'last', redelivered: true }]);
  });

  test('is named or left out, and nothing else is lost, at whatever step the power goes during the repair', () => {
    for (let steps = 0, isDone = false; !isDone; steps++) {
      const { disk } = withDamagedPage();
      isDone = repairedUpTo(steps, disk, SIZES);
      const left = disk.certain();
      const { damages, queues } = inspected(left.copy());
      expect(damages.length).toBeLessThanOrEqual(isDone ? 0 : 1);
      expect(queues.map(({ messages }) => messages)).toEqual([11, 1]);
      repaired(left, SIZES);
      expect(served(left.certain())).toEqual({
        q: [...bodies(1, 3), 'last'],
        other: ['of another queue'],
        damaged: [],
      });
    }
  });

  test.each([0, 7, 40, 64, 90])('with byte %i flipped costs its own messages and no more', (at) => {
    const world = pagedBroker();
    const page = pageOf(world, 0);
    world.disk.flip(pageFileName(page.queueId, page.file), page.offset + at, at % 8);
    const disk = world.disk.kill();
    repaired(disk, SIZES);

    expect(served(disk).q).toEqual([...bodies(2, 3), 'last']);
  });
});

describe('a page that only a lost part of the log knows', () => {
  /** The segment with publishes and pages is gone; that two messages were acknowledged stands in the next one. */
  function withoutSegment(): SimulatedDisk {
    const world = new PagedBroker(pagedBroker().disk.kill());
    acknowledge(world, 2);
    const disk = world.disk.kill();
    disk.remove('segment-000001.log', () => undefined);
    disk.runAll();
    return disk;
  }

  test('is taken over without what is known to be acknowledged, and what comes back says that it is redelivered', () => {
    const disk = withoutSegment();
    // The last batch of the first start was written again by the second.
    expect(served(disk.copy()).q).toEqual(['last']);
    repaired(disk, SIZES);

    expect(inspected(disk).damages).toEqual([]);
    const world = new PagedBroker(disk.certain());
    const taken = takeAll(world);
    expect(taken.map(({ body }) => body)).toEqual([...bodies(1, 2, 3).slice(2), 'last']);
    expect(taken.every(({ redelivered }) => redelivered)).toBe(true);
    // And it is served only once.
    acknowledge(world, 0);
    expect(served(world.disk.kill()).q).toEqual([]);
  });

  test('stays away when a checkpoint knew better: all of it was acknowledged', () => {
    const small = { segmentBytes: 1000 };
    const world = pagedBroker(small);
    acknowledge(world, 5);
    world.drain('other');
    world.queue('q').pageOutReady();
    world.tick(6);
    checkpoint(world);
    checkpoint(world);
    // The segments that said so are gone.
    expect([...world.opened.found.segments].map(({ number }) => number)).not.toContain(1);
    const segment = [...world.opened.found.segments].at(-1);
    const at = segment?.bytes ?? 0;
    world.publish('q', 'lost');
    world.quiet();
    world.publish('q', 'after');
    world.quiet();
    const disk = world.disk.kill();
    disk.flip(segment?.file.name ?? '', at + 100, 0);
    expect(inspected(disk).damages).toMatchObject([{ file: segment?.file.name, from: at, loss: 'records' }]);
    repaired(disk, small);

    expect(served(disk.certain()).q).toEqual([...bodies(2, 3), 'last', 'after']);
  });
});

describe('messages that stand between those of a page', () => {
  const ALL = [...bodies(1), 'last'];

  /** A page of five messages, a batch for each of them and one for the page, of which some cannot be read. */
  function withoutBatches(...lost: readonly number[]): {
    readonly disk: SimulatedDisk;
    /** Once more, and the bytes are what they were. */
    readonly flip: (disk: SimulatedDisk) => void;
  } {
    const world = new PagedBroker(simulatedDisk(), SIZES);
    world.declare('q');
    world.declare('other');
    checkpoint(world);
    const ends: number[] = [];
    for (const body of bodies(1)) {
      world.publish('q', body);
      world.quiet();
      ends.push(endOf(world));
    }
    world.queue('q').pageOutReady();
    world.tick(6);
    ends.push(endOf(world));
    world.publish('q', 'last');
    world.quiet();
    const disk = world.disk.kill();
    const flip = (flipped: SimulatedDisk) => {
      for (const batch of lost) flipped.flip('segment-000001.log', (ends[batch] ?? 0) - FOOT_BYTES - 20, 0);
    };
    flip(disk);
    return { disk, flip };
  }

  test('in the log are served in their order, with what the page has, when nobody knew of it', () => {
    const { disk } = withoutBatches(0, 1, 3, 4, 5);
    expect(served(disk.copy()).q).toEqual(['1.3', 'last']);
    repaired(disk, SIZES);

    expect(served(disk.certain())).toMatchObject({ q: ALL, damaged: [] });
    expect(served(disk.kill())).toMatchObject({ q: ALL, damaged: [] });
  });

  test('in the log are served at whatever step the power goes during the repair', () => {
    for (let steps = 0, isDone = false; !isDone; steps++) {
      const { disk } = withoutBatches(0, 1, 3, 4, 5);
      isDone = repairedUpTo(steps, disk, SIZES);
      const left = disk.certain();
      const isNamed = inspected(left.copy()).damages.length > 0;
      expect(served(left.copy()).q).toEqual(isNamed ? ['1.3', 'last'] : ALL);
      repaired(left, SIZES);
      expect(served(left.certain()).q).toEqual(ALL);
    }
  });

  test('in the log are what is left when the page is damaged too, which is one damage', () => {
    const { disk } = withoutBatches(0, 1, 3, 4, 5);
    repaired(disk, SIZES);
    const [name = ''] = disk.list().filter((file) => file.startsWith('page-'));
    disk.flip(name, 100, 0);

    expect(repaired(disk, SIZES).damages).toMatchObject([{ file: name, loss: 'messages' }]);
    expect(inspected(disk).damages).toEqual([]);
    expect(served(disk.certain())).toMatchObject({ q: ['1.3', 'last'], damaged: [] });
  });

  test('in the log are what is left when the file of the page is gone, which is one damage', () => {
    const { disk } = withoutBatches(0, 1, 3, 4, 5);
    repaired(disk, SIZES);
    const [name = ''] = disk.list().filter((file) => file.startsWith('page-'));
    disk.remove(name, () => undefined);
    disk.runAll();

    expect(new PagedBroker(disk.copy()).opened.found.damages).toMatchObject([{ file: name }]);
  });

  test('on another page, which was made while they were missing, are served in their order', () => {
    const world = new PagedBroker(withoutBatches(1, 3, 5).disk, SIZES);
    world.queue('q').pageOutReady();
    world.tick(6);
    const disk = world.disk.kill();
    expect(served(disk.copy()).q).toEqual(['1.1', '1.3', '1.5', 'last']);
    repaired(disk, SIZES);

    const left = disk.certain();
    expect(served(left.copy())).toMatchObject({ q: ALL, damaged: [] });
    // And each once: a page that counts as several is left as one.
    const next = new PagedBroker(left);
    acknowledge(next, ALL.length);
    expect(served(next.disk.kill()).q).toEqual([]);
  });

  test('in the log are served when the file that had them is brought back, though a page was made without them', () => {
    const { disk, flip } = withoutBatches(1, 3, 5);
    const world = new PagedBroker(disk, SIZES);
    world.queue('q').pageOutReady();
    world.tick(6);
    const left = world.disk.kill();
    expect(served(left.copy()).q).toEqual(['1.1', '1.3', '1.5', 'last']);
    flip(left);

    expect(inspected(left).damages).toEqual([]);
    expect(served(left)).toMatchObject({ q: ALL, damaged: [] });
  });

  test('on a later page do not keep a broker from starting, when it is lost that one of them was acknowledged', () => {
    const first = pagedBroker();
    const tags = bodies(1).map(() => takeSoon(first).tag);
    first.sink.unacked.settle(tags[2] ?? 0, false, 'ack');
    first.quiet();
    const settled = endOf(first);
    first.publish('other', 'another');
    first.quiet();
    let isDue = false;
    const policy = { pagesAhead: 2, isAnyDue: true, shouldPageOut: () => isDue };
    const second = new PagedBroker(first.disk.kill(), { ...SIZES, policy });
    expect(takeSoon(second).body).toBe('1.1');
    isDue = true;
    // All but what is with a consumer, and what was acknowledged.
    second.queue('q').pageOutReady();
    second.tick(6);
    const disk = second.disk.kill();
    expect(served(disk.copy()).q).toEqual([...bodies(1, 2, 3).filter((body) => body !== '1.3'), 'last']);
    disk.flip('segment-000001.log', settled - FOOT_BYTES - 4, 0);

    const all = [...bodies(1, 2, 3), 'last'];
    expect(inspected(disk).damages).toMatchObject([{ file: 'segment-000001.log', loss: 'records' }]);
    expect(served(disk.copy()).q).toEqual(all);
    repaired(disk, SIZES);
    expect(served(disk.certain()).q).toEqual(all);
  });
});

describe('a page of a newer program', () => {
  test('is refused, with its file and what helps, and not taken for damage', () => {
    const world = pagedBroker();
    const page = pageOf(world, 0);
    const name = pageFileName(page.queueId, page.file);
    const disk = world.disk.kill();
    const file = disk.open(name);
    const head = new Uint8Array(64);
    file.readNow(head, 0);
    const view = new DataView(head.buffer);
    view.setUint8(4, 2);
    view.setUint32(60, checksum(view, 0, 60), true);
    file.write(head, 0, () => undefined);
    disk.runAll();

    const refusal = `${name} has version 2 of its form, and this program knows versions up to 1. It was written by a newer Leveret: start that one, or choose another folder with --data-dir.`;
    expect(() => new PagedBroker(disk.copy())).toThrow(refusal);
    expect(() => inspected(disk.copy())).toThrow(refusal);
  });
});
