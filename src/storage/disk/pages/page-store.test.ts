/** Pages on a simulated disk: what goes out comes back, also after a restart, and files go when nothing needs them. */

import { describe, expect, test } from 'vitest';
import { PagedBroker, type PagedBrokerOptions } from '../../../../test/support/paged-broker.ts';
import { simulatedDisk } from '../../../../test/support/simulated-disk-steps.ts';
import { SeededRandom } from '../../../base/random.ts';

const CHUNKS = 5;
const MESSAGES = 16 + CHUNKS * 1024;

function bodies(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, index) => `body ${from + index}`);
}

/** A broker with a queue `q` that has so many messages, all but the first and the last of them on pages. */
function filled(
  options: PagedBrokerOptions & { readonly isPersistent?: boolean; readonly durable?: boolean } = {},
): PagedBroker {
  const world = new PagedBroker(simulatedDisk(), options);
  world.declare('q', options.durable ?? true);
  for (const [index, body] of bodies(MESSAGES).entries()) {
    world.publish('q', body, options.isPersistent ?? true);
    if (index % 500 === 499) world.quiet();
  }
  world.quiet();
  return world;
}

describe('pages on disk', () => {
  test('take messages out of memory and bring them back in order', () => {
    const world = filled({ durable: false });
    expect(world.broker.messages.stats.blocks).toBe(16 + 1024);
    expect(world.drain('q')).toEqual(bodies(MESSAGES));
    expect(world.broker.messages.stats.blocks).toBe(0);
  });

  test('go away with their files when they were read', () => {
    const world = filled({ durable: false });
    expect(world.pageFiles.length).toBeGreaterThan(0);
    world.drain('q');
    world.tick();
    expect([world.pageFiles, world.pages.metrics.pages]).toEqual([[], 0]);
  });

  test('are given back from memory when they are needed before they are written', () => {
    const world = new PagedBroker(simulatedDisk());
    world.declare('q');
    for (const body of bodies(MESSAGES)) world.publish('q', body);
    expect(world.drain('q')).toEqual(bodies(MESSAGES));
    expect(world.pages.metrics.readBytes).toBe(0);
  });

  test('stay while their messages are unacknowledged, and go when the settles are durable', () => {
    const world = filled();
    world.tick(4);
    const tags: number[] = [];
    while (tags.length < MESSAGES) {
      const taken = world.take('q', false);
      if (taken === undefined) world.quiet();
      else tags.push(taken.tag);
    }
    world.tick();
    expect(world.pageFiles.length).toBeGreaterThan(0);
    world.sink.unacked.settleUpTo(MESSAGES, 'ack');
    world.tick(2);
    expect([world.pageFiles, world.pages.metrics.pages]).toEqual([[], 0]);
  });

  test('let the log forget what is on them', () => {
    const world = filled({ segmentBytes: 50_000 });
    expect(world.opened.metrics.segments).toBeGreaterThan(5);
    world.tick(20);
    expect(world.opened.found.live.length).toBe(16 + 1024);
    expect(world.opened.found.live.pages.length).toBe(CHUNKS - 1);
  });

  test('are there after a restart, without being read', () => {
    const world = filled();
    world.tick(4);
    const again = new PagedBroker(world.disk.copy());
    expect(again.queue('q').readyCount).toBe(MESSAGES);
    expect(again.broker.messages.stats.blocks).toBe(16 + 1024);
    expect(again.drain('q')).toEqual(bodies(MESSAGES));
  });

  test('come back after a restart without what was settled, and without what is not persistent', () => {
    const world = new PagedBroker(simulatedDisk());
    world.declare('q');
    for (let index = 0; index < MESSAGES; index++) world.publish('q', `body ${index}`, index % 3 > 0);
    world.tick(4);
    for (let left = 1500; left > 0; left--) if (world.take('q') === undefined) world.quiet();
    world.quiet();
    const again = new PagedBroker(world.disk.copy());
    const expected = bodies(MESSAGES).filter((_, index) => index % 3 > 0);
    const drained = again.drain('q');
    expect(drained).toEqual(expected.slice(-drained.length));
    expect(drained.length).toBeLessThan(expected.length - 900);
  });

  test('of which a part went out again are in their order after a restart', () => {
    const world = filled();
    world.tick(4);
    for (let left = 1500; left > 0; left--) if (world.take('q', false) === undefined) world.quiet();
    world.sink.unacked.settle(3, false, 'ack');
    for (let left = 2; left > 0; left--) world.queue('q').pageOutReady();
    world.tick(4);
    const again = new PagedBroker(world.disk.copy());
    expect(again.drain('q')).toEqual(bodies(MESSAGES).filter((body) => body !== 'body 2'));
  });

  test('of a queue without a home in the log are removed at a restart', () => {
    const world = filled({ durable: false });
    expect(world.pageFiles.length).toBeGreaterThan(0);
    const again = new PagedBroker(world.disk.copy());
    again.quiet();
    expect(again.pageFiles).toEqual([]);
  });

  test('go unread with a purge, and their messages do not come back', () => {
    const world = filled();
    world.tick(4);
    const { reads } = world.disk.counts;
    expect(world.queue('q').purge()).toBe(MESSAGES);
    world.tick();
    expect([world.disk.counts.reads, world.pageFiles, world.broker.messages.stats.blocks]).toEqual([reads, [], 0]);
    expect(new PagedBroker(world.disk.copy()).queue('q').readyCount).toBe(0);
  });

  test('go unread with their queue', () => {
    const world = filled();
    world.tick(4);
    const { reads } = world.disk.counts;
    world.vhost.deleteQueue(world.owner, 'q', { ifEmpty: false, ifUnused: false });
    world.tick();
    expect([world.disk.counts.reads, world.pageFiles, world.pages.metrics.pages]).toEqual([reads, [], 0]);
  });

  test('hold bodies of any size', () => {
    const world = new PagedBroker(simulatedDisk());
    world.declare('q');
    const large = Array.from({ length: 1100 }, (_, index) => `${index} `.repeat(index % 500 === 250 ? 90_000 : 600));
    for (const body of large) world.publish('q', body);
    world.tick(4);
    const again = new PagedBroker(world.disk.copy());
    expect(again.broker.messages.stats.largeBytes).toBe(0);
    expect(again.drain('q')).toEqual(large);
  });

  test('hold up whoever publishes while too many wait for the disk', () => {
    const world = new PagedBroker(simulatedDisk(), { fileBytes: 32_000_000, segmentBytes: 64_000_000 });
    world.declare('q');
    const body = 'x'.repeat(20_000);
    for (let count = 0; count < 1200; count++) world.publish('q', body);
    world.broker.endTurn(1000);
    world.broker.logFlushed();
    expect([world.pages.isBehind, world.broker.alarms.isLogBehind]).toEqual([true, true]);
    world.quiet();
    world.tick(4);
    world.broker.logFlushed();
    expect([world.pages.isBehind, world.broker.alarms.isLogBehind]).toEqual([false, false]);
    expect(world.drain('q')).toHaveLength(1200);
  });

  test('are many small ones when bodies are large', () => {
    const world = new PagedBroker(simulatedDisk());
    world.declare('q');
    for (const body of bodies(MESSAGES)) world.publish('q', body.repeat(200));
    world.quiet();
    expect(world.pages.metrics.pages).toBe(2 * (CHUNKS - 1));
    expect(world.drain('q')).toEqual(bodies(MESSAGES).map((body) => body.repeat(200)));
  });
});

describe('pages and the log', () => {
  /** Does all that the disk can do while a segment is stalled. */
  function withoutSegments(world: PagedBroker, act: () => void): void {
    for (const name of world.disk.list()) if (name.startsWith('segment')) world.disk.stall(name);
    act();
    for (let steps = 0; steps < 200; steps++) {
      world.turn();
      world.pages.tick();
      world.disk.step();
    }
  }

  test('a file stays until the settles of its messages are durable', () => {
    const world = filled({ segmentBytes: 10_000_000 });
    world.tick(4);
    const { pageFiles } = world;
    withoutSegments(world, () => world.queue('q').purge());
    expect(world.pages.metrics.pages).toBe(0);
    expect(world.pageFiles).toEqual(pageFiles);
    world.disk.resume();
    world.quiet();
    expect(world.pageFiles).toEqual([]);
  });

  test('a page that is read while the log notes it stays the home of what is unacknowledged', () => {
    const before = filled({ policy: { pagesAhead: 1, isAnyDue: true, shouldPageOut: () => false } });
    // The log knows that all of them may have been delivered, so that it is not asked again.
    for (let left = MESSAGES; left > 0; left--) if (before.take('q', false) === undefined) before.quiet();
    before.quiet();
    const world = new PagedBroker(before.disk.copy(), { segmentBytes: 10_000_000 });
    world.declare('other');
    // A batch is on its way, so that the records of pages wait.
    withoutSegments(world, () => world.publish('other', 'message'));
    withoutSegments(world, () => undefined);
    const { homedPages } = world.pages.metrics;
    expect([homedPages > CHUNKS, world.opened.found.live.pages.length]).toEqual([true, 0]);
    for (let steps = 0; world.queue('q').readyCount > 0 && steps < 10_000; steps++) {
      if (world.take('q', false) !== undefined) continue;
      world.turn();
      world.disk.step();
    }
    world.pages.tick();
    world.disk.resume();
    world.tick(3);
    expect(world.opened.found.live.pages.length).toBe(homedPages);
    const again = new PagedBroker(world.disk.copy());
    expect([again.opened.found.damages, again.queue('q').readyCount]).toEqual([[], MESSAGES]);
  });

  test('a checkpoint does not count before what it knows of pages is durable', () => {
    const world = filled({ segmentBytes: 10_000_000 });
    world.tick(4);
    let isDone = false;
    withoutSegments(world, () => {
      world.queue('q').purge();
      world.opened.checkpoint(() => {
        isDone = true;
      });
    });
    expect([isDone, world.disk.list().some((name) => /^checkpoint-\d+$/.test(name))]).toEqual([false, false]);
    world.disk.resume();
    world.tick(5);
    expect(isDone).toBe(true);
  });

  test('the log notes a page only when its file and the name of it survive the power', () => {
    for (let seed = 1; seed < 20; seed++) {
      const world = filled({ segmentBytes: 10_000_000 });
      world.tick(4);
      expect(world.opened.found.live.pages.length).toBe(CHUNKS - 1);
      const again = new PagedBroker(world.disk.crash(new SeededRandom(seed)));
      expect([again.opened.found.damages, again.queue('q').readyCount]).toEqual([[], MESSAGES]);
    }
  });
});

describe('a broker that stops', () => {
  test('takes everything to pages, so that a checkpoint leaves nothing in the log', () => {
    const world = filled({ policy: { pagesAhead: 1, isAnyDue: true, shouldPageOut: () => false } });
    expect(world.pageFiles).toEqual([]);
    let isDone = false;
    world.pages.evacuate(world.vhost.queues, () => {
      isDone = true;
    });
    for (let ticks = 0; !isDone && ticks < 20; ticks++) world.tick();
    expect([isDone, world.opened.found.live.length, world.broker.messages.stats.blocks]).toEqual([true, 0, 0]);
    const again = new PagedBroker(world.disk.copy());
    expect(again.drain('q')).toEqual(bodies(MESSAGES));
  });

  test('takes along what came back, which still says that it was delivered', () => {
    const world = filled({ policy: { pagesAhead: 1, isAnyDue: true, shouldPageOut: () => false } });
    for (let left = 1600; left > 0; left--) if (world.take('q', false) === undefined) world.quiet();
    const tags = [3, 4, 700, 1500];
    for (const tag of tags) world.sink.unacked.settle(tag, false, 'ack');
    world.sink.unacked.requeueAll();
    const { deliveredUpTo } = world.queue('q');
    world.pages.evacuate(world.vhost.queues, () => undefined);
    world.tick(10);
    expect([world.opened.found.live.length, world.broker.messages.stats.blocks]).toEqual([0, 0]);
    expect(world.queue('q').deliveredUpTo).toBe(deliveredUpTo);
    const again = new PagedBroker(world.disk.copy());
    const expected = bodies(MESSAGES).filter((_, index) => !tags.includes(index + 1));
    expect(again.drain('q')).toEqual(expected);
    for (let taken = 0; taken < deliveredUpTo - tags.length; ) {
      const message = world.take('q');
      if (message === undefined) world.quiet();
      else expect([message.body, message.redelivered]).toEqual([expected[taken++], true]);
    }
    expect(world.drain('q')).toEqual(expected.slice(deliveredUpTo - tags.length));
  });

  test('goes on when it does not stop after all', () => {
    const world = filled({ policy: { pagesAhead: 1, isAnyDue: true, shouldPageOut: () => false } });
    expect(world.take('q')).toBeUndefined();
    world.quiet();
    expect(world.take('q')?.body).toBe('body 0');
    world.pages.evacuate(world.vhost.queues, () => undefined);
    world.tick(5);
    for (const body of bodies(100, MESSAGES)) world.publish('q', body);
    expect(world.drain('q')).toEqual(bodies(MESSAGES + 100).slice(1));
  });
});

describe('a restart with a long log', () => {
  test('pages out while it reads, so that memory does not hold all of it', () => {
    const isPaging = { value: false };
    const policy = { pagesAhead: 1, isAnyDue: true, shouldPageOut: () => isPaging.value };
    const world = filled({ policy });
    isPaging.value = true;
    const again = new PagedBroker(world.disk.copy(), { policy });
    again.tick(4);
    expect(again.broker.messages.stats.blocks).toBe(0);
    expect(again.opened.found.live.length).toBe(0);
    expect(again.drain('q')).toEqual(bodies(MESSAGES));
  });
});

describe('a disk that does not do what it should', () => {
  const cases = { write: 'EIO', 'write without room': 'ENOSPC', sync: 'EIO', syncNames: 'EIO' } as const;
  for (const [name, code] of Object.entries(cases)) {
    test(`a failed ${name} loses nothing: it is done again`, () => {
      const world = new PagedBroker(simulatedDisk(), { segmentBytes: 10_000_000 });
      const { id } = world.declare('q');
      world.quiet();
      const operation = name.split(' ')[0] as 'write' | 'sync' | 'syncNames';
      for (const body of bodies(MESSAGES)) world.publish('q', body);
      const file = operation === 'syncNames' ? undefined : `page-${id}-1`;
      world.broker.endTurn(1000);
      world.disk.faults.failNext(operation, file === undefined ? { code } : { code, file });
      world.tick(8);
      expect(world.faults.length).toBe(1);
      expect(world.opened.found.live.length).toBe(16 + 1024);
      const again = new PagedBroker(world.disk.copy());
      expect(again.drain('q')).toEqual(bodies(MESSAGES));
      expect(world.drain('q')).toEqual(bodies(MESSAGES));
    });
  }

  test('a file goes when several of its writes have failed', () => {
    const disk = simulatedDisk();
    const world = new PagedBroker(disk);
    world.declare('q');
    for (const body of bodies(MESSAGES)) world.publish('q', body.padEnd(2000));
    world.broker.endTurn(0);
    const [file] = world.pageFiles;
    disk.faults.failNext('write', { file: file ?? '', times: 10 });
    world.quiet();

    expect([file, world.pageFiles.includes(file ?? '')]).toEqual([expect.stringMatching(/^page-/), false]);
  });

  test('a page that cannot be read is named, and never handed over', () => {
    const world = filled();
    world.tick(4);
    world.disk.faults.failNext('read', { times: 100 });
    expect(world.drain('q')).toEqual(bodies(16));
    expect(world.damaged.length).toBeGreaterThan(0);
    expect(new Set(world.damaged.map((name) => name.split('/')[0]))).toEqual(new Set([String(world.queue('q').id)]));
  });

  test('a page file that is gone at a restart is damage of its queue', () => {
    const world = filled();
    world.tick(4);
    const disk = world.disk.copy();
    const [name] = world.pageFiles;
    disk.remove(name ?? '', () => undefined);
    disk.runAll();
    const again = new PagedBroker(disk);
    expect(again.opened.found.damages.map(({ file, queueIds }) => [file, queueIds])).toContainEqual([
      name,
      [world.queue('q').id],
    ]);
  });
});
