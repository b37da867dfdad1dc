/** What clients hold on a simulated disk: out of memory, and all the same where it belongs, also after a crash. */

import { describe, expect, test } from 'vitest';
import { partsOf } from '../../../../test/support/page-parts.ts';
import { PagedBroker, type PagedBrokerOptions } from '../../../../test/support/paged-broker.ts';
import { simulatedDisk } from '../../../../test/support/simulated-disk-steps.ts';
import { SeededRandom } from '../../../base/random.ts';

const MESSAGES = 16 + 5 * 1024;

function bodies(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `body ${index}`);
}

/** A broker with a queue `q` that has so many messages, all but the first and the last of them on pages. */
function filled({
  isDurable = true,
  ...options
}: PagedBrokerOptions & { readonly isDurable?: boolean } = {}): PagedBroker {
  const world = new PagedBroker(simulatedDisk(), options);
  world.declare('q', isDurable);
  for (const [index, body] of bodies(MESSAGES).entries()) {
    world.publish('q', body);
    if (index % 500 === 499) world.quiet();
  }
  world.tick(4);
  return world;
}

describe('what clients hold', () => {
  /** A client holds everything, and nothing is in memory. */
  function held(options: Parameters<typeof filled>[0] = {}): PagedBroker {
    const world = filled(options);
    takeAll(world);
    world.pageOutUnacked();
    world.tick(4);
    expect([world.broker.messages.stats.blocks, world.queue('q').unackedCount]).toEqual([0, MESSAGES]);
    return world;
  }

  /** Also what is too much for one turn. */
  function requeueAll(world: PagedBroker): void {
    world.sink.unacked.requeueAll();
    world.broker.endTurn(2 * MESSAGES);
  }

  function takeAll(world: PagedBroker, count = MESSAGES): void {
    for (let left = count; left > 0; )
      if (world.take('q', false) === undefined) world.quiet();
      else left--;
  }

  test('is not in memory, and pages go when all of theirs is acknowledged, without having been read', () => {
    const world = held();
    const { readPages } = world.pages.metrics;
    world.sink.unacked.settleUpTo(MESSAGES - 1, 'ack');
    world.tick(2);
    expect(world.pages.metrics).toMatchObject({ readPages, pages: 1 });
    world.sink.unacked.settle(MESSAGES, false, 'ack');
    world.tick(2);
    expect([world.pageFiles, world.pages.metrics.pages, world.opened.found.live.pages.length]).toEqual([[], 0, 0]);
    expect(new PagedBroker(world.disk.copy()).queue('q').readyCount).toBe(0);
  });

  test('is not in memory when it is not persistent', () => {
    const world = held({ isDurable: false });
    requeueAll(world);
    expect(world.drain('q')).toEqual(bodies(MESSAGES));
    world.tick(2);
    expect([world.pageFiles, world.pages.metrics.pages]).toEqual([[], 0]);
  });

  test('comes back to its place when the client is gone, and only some of it is in memory at a time', () => {
    const world = held();
    world.publish('q', 'the last one');
    requeueAll(world);
    world.quiet();
    expect(world.broker.messages.stats.blocks).toBe(1);
    const taken: string[] = [];
    let most = 0;
    while (world.queue('q').readyCount > 0) {
      const next = world.take('q');
      if (next === undefined) world.quiet();
      else taken.push(`${next.body}${next.redelivered ? ' again' : ''}`);
      most = Math.max(most, world.broker.messages.stats.blocks);
    }
    expect(taken).toEqual([...bodies(MESSAGES).map((body) => `${body} again`), 'the last one']);
    expect(most).toBeLessThan(3 * 1024 + 2);
    world.tick(2);
    expect([world.pageFiles, world.pages.metrics.pages]).toEqual([[], 0]);
  });

  test('comes back in parts from a page that stays until the last one, written or not', () => {
    for (const isWritten of [true, false]) {
      const world = filled();
      takeAll(world);
      if (isWritten) world.pageOutUnacked();
      else {
        for (let ticks = 3; ticks > 0; ticks--) world.broker.unackedPaging.tick();
        world.broker.endTurn(5000);
      }
      for (const tag of [700, 100, 701]) {
        world.sink.unacked.settle(tag, false, 'requeue');
        let taken = world.take('q');
        for (let turns = 0; taken === undefined && turns < 10; turns++) {
          world.broker.endTurn(5000);
          if (isWritten) world.disk.runAll();
          taken = world.take('q');
        }
        expect(taken).toMatchObject({ body: `body ${tag - 1}`, redelivered: true });
        // What was read with it is not kept.
        world.broker.unackedPaging.tick();
      }
      world.sink.unacked.settleUpTo(MESSAGES, 'ack');
      world.broker.endTurn(2 * MESSAGES);
      world.tick(4);
      expect([world.pageFiles, world.pages.metrics.pages, world.broker.messages.stats.blocks]).toEqual([[], 0, 0]);
    }
  });

  test('comes back before it was written', () => {
    const world = filled();
    takeAll(world);
    for (let ticks = 3; ticks > 0; ticks--) world.broker.unackedPaging.tick();
    world.broker.endTurn(5000);
    requeueAll(world);
    expect(world.drain('q')).toEqual(bodies(MESSAGES));
    world.tick(3);
    expect([world.pageFiles, world.pages.metrics.pages, world.broker.messages.stats.blocks]).toEqual([[], 0, 0]);
  });

  test('is ready after a crash, but for what was acknowledged', () => {
    const world = held();
    world.sink.unacked.settle(1000, true, 'ack');
    for (let tag = 1500; tag < 1600; tag += 2) world.sink.unacked.settle(tag, false, 'reject');
    world.quiet();
    const again = new PagedBroker(world.disk.crash(new SeededRandom(1)));
    expect(again.broker.messages.stats.blocks).toBe(0);
    const expected = bodies(MESSAGES).filter((_, at) => at >= 1000 && (at < 1499 || at >= 1599 || at % 2 === 0));
    expect(again.drain('q')).toEqual(expected);
  });

  const restarts: readonly (readonly [string, boolean])[] = [
    ['and goes to pages again', true],
    ['and is kept in memory', false],
  ];
  test.each(restarts)(
    'that stands between messages of another page is in its place after a crash, %s',
    (_name, isPaging) => {
      const options = { policy: { pagesAhead: 1, isAnyDue: true, shouldPageOut: () => isPaging } };
      const world = filled();
      takeAll(world);
      // What comes back stays where it is: on the pages from which it was read.
      for (let tag = 1; tag <= MESSAGES; tag += 100) world.sink.unacked.settle(tag, false, 'requeue');
      world.pageOutUnacked();
      world.tick(4);
      const again = new PagedBroker(world.disk.copy(), options);
      const parts = partsOf(again.opened.found.live.pages);
      expect([parts > 0, again.opened.found.damages, again.queue('q').readyCount]).toEqual([true, [], MESSAGES]);
      expect(again.drain('q')).toEqual(bodies(MESSAGES));
      again.tick(3);
      expect([again.pageFiles, again.pages.metrics.pages, again.broker.messages.stats.blocks]).toEqual([[], 0, 0]);
    },
  );

  test('is evacuated with what came back, when the broker stops', () => {
    const world = held();
    world.sink.unacked.settle(0, true, 'requeue');
    for (let count = 1500; count > 0; )
      if (world.take('q', false) === undefined) world.quiet();
      else count--;
    requeueAll(world);
    const { deliveredUpTo } = world.queue('q');
    let isDone = false;
    world.pages.evacuate(world.vhost.queues, () => {
      isDone = true;
    });
    for (let ticks = 0; !isDone && ticks < 20; ticks++) world.tick();
    expect([isDone, world.queue('q').deliveredUpTo, world.opened.found.live.length]).toEqual([true, deliveredUpTo, 0]);
    expect(new PagedBroker(world.disk.copy()).drain('q')).toEqual(bodies(MESSAGES));
  });

  test('is never handed over when its page cannot be read, which is said', () => {
    const world = held();
    world.disk.faults.failNext('read', { times: 100 });
    requeueAll(world);
    expect(world.drain('q')).toEqual([]);
    expect(world.damaged.length).toBeGreaterThan(0);
  });
});
