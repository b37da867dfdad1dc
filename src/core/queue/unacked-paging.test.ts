/** What clients hold leaves memory when that is wanted, and whatever they do with it then is done as if it were there. */

import { describe, expect, test } from 'vitest';
import {
  type CoreBrokerOptions,
  coreBroker,
  createMessage,
  pageOutUnacked,
  RecordingSink,
  runAll,
} from '../../../test/support/core-broker.ts';
import type { MessageHandle, Ticket } from '../ports.ts';
import { SETTLE_REASONS, type SettleReason } from '../records.ts';
import { ClassicQueue } from './classic.ts';
import type { Outcome } from './settlement.ts';
import { UnackedPaging } from './unacked-paging.ts';

const OPTIONS = { durable: true, owner: undefined, autoDelete: false, arguments: new Map() };
/** Whole chunks of tags, so that none stays in memory because it may still grow. */
const HELD = 1024;

interface Settled {
  readonly sequence: number;
  readonly reason: SettleReason;
}

function unackedWorld(options: CoreBrokerOptions = {}) {
  const { broker, residency } = coreBroker({ shouldPageOut: () => true, wantsUnacked: () => true, ...options });
  const settled: Settled[] = [];
  const log = Object.create(broker.log, {
    settle: {
      value: (_queue: number, sequence: number, reason: SettleReason): Ticket => {
        settled.push({ sequence, reason });
        return 0;
      },
    },
  });
  const queue = new ClassicQueue(1, 'q', OPTIONS, { ...broker, log, unused: () => undefined });
  const sink = new RecordingSink(broker);
  let published = 0;
  const publish = (count: number, isPersistent = true) => {
    for (let left = count; left > 0; left--) {
      queue.enqueue(createMessage(broker.messages, `${published++}`, isPersistent));
    }
  };
  /** Takes so many, with as many turns as it needs. @returns them, with `again` when they say so */
  const take = (count: number, noAck = false, to = sink) => {
    const taken: string[] = [];
    const give = (message: MessageHandle, _tag: number, redelivered: boolean) => {
      taken.push(redelivered ? `${sink.bodyOf(message)} again` : sink.bodyOf(message));
    };
    for (let idle = 0; taken.length < count && idle < 100; ) {
      if (queue.take(to.unacked, noAck, { taken: give }) >= 0) continue;
      idle++;
      broker.endTurn(1000);
    }
    return taken;
  };
  const blocks = () => broker.messages.stats.blocks;
  return { broker, residency, queue, sink, settled, publish, take, blocks, log };
}

/** Messages that a client holds, none of them in memory. */
function pagedWorld(options: CoreBrokerOptions = {}) {
  const world = unackedWorld(options);
  world.publish(HELD);
  world.take(HELD);
  pageOutUnacked(world.broker);
  expect([world.blocks(), world.queue.unackedCount]).toEqual([0, HELD]);
  expect(world.residency.pageCount).toBeGreaterThan(0);
  return world;
}

const again = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => `${from + index} again`);

describe('what clients hold', () => {
  test('leaves memory when it was held for long, and not before', () => {
    const { broker, publish, take, blocks } = unackedWorld();
    publish(HELD);
    take(HELD);
    broker.unackedPaging.tick();
    runAll(broker);
    expect(blocks()).toBe(HELD);
    broker.unackedPaging.tick();
    runAll(broker);
    expect(blocks()).toBe(0);
  });

  test('leaves memory when very much was delivered since, however short a time that is', () => {
    const { broker, publish, take, blocks } = unackedWorld({ shouldPageOut: () => true });
    for (let round = 0; round < 90; round++) {
      publish(HELD);
      take(HELD);
    }
    runAll(broker);
    expect(blocks()).toBeLessThan(65_536 + 20_000);
    expect(blocks()).toBeGreaterThan(65_536 - 1);
  });

  test('stays in memory while that is not short', () => {
    const { broker, publish, take, blocks } = unackedWorld({ wantsUnacked: () => false });
    publish(HELD);
    take(HELD);
    pageOutUnacked(broker);
    expect(blocks()).toBe(HELD);
  });

  test('stays when the residency does not take it, and is offered again', () => {
    const taking = { value: false };
    const { broker, publish, take, blocks } = unackedWorld({ shouldPageOut: () => taking.value });
    publish(HELD);
    take(HELD);
    pageOutUnacked(broker);
    expect(blocks()).toBe(HELD);
    taking.value = true;
    pageOutUnacked(broker);
    expect(blocks()).toBe(0);
  });

  test('stays when there is little of it', () => {
    const { broker, residency, publish, take, blocks, sink } = unackedWorld();
    const paging = new UnackedPaging(residency, broker.pump, { queueMin: HELD + 1, rowMin: 1 });
    publish(HELD);
    take(HELD);
    paging.add(sink.unacked);
    for (let ticks = 3; ticks > 0; ticks--) paging.tick();
    runAll(broker);
    expect(blocks()).toBe(HELD);
  });

  test('of several channels stands on pages together, in the order of the queue', () => {
    const { broker, residency, sink, publish, take, blocks } = unackedWorld();
    const other = new RecordingSink(broker);
    publish(2 * HELD);
    for (let left = HELD; left > 0; left--) {
      take(1);
      take(1, false, other);
    }
    pageOutUnacked(broker);
    expect([blocks(), residency.pageCount]).toEqual([0, 2]);
    other.unacked.requeueAll();
    sink.unacked.requeueAll();
    expect(take(2 * HELD)).toEqual(again(0, 2 * HELD));
  });

  test('goes out in short steps', () => {
    const { broker, publish, take, blocks } = unackedWorld();
    publish(20_000);
    take(20_000);
    for (let ticks = 3; ticks > 0; ticks--) broker.unackedPaging.tick();
    broker.endTurn(1000);
    expect(blocks()).toBeGreaterThan(18_000);
    runAll(broker);
    expect(blocks()).toBeLessThan(256);
  });
});

describe('what clients hold that is on a page', () => {
  const cases: readonly (readonly [Outcome, SettleReason])[] = [
    ['ack', SETTLE_REASONS.acked],
    ['reject', SETTLE_REASONS.rejected],
  ];
  test.each(cases)('is settled by %s without being read, and the page goes', (outcome, reason) => {
    const { broker, residency, queue, sink, settled, blocks } = pagedWorld();
    for (let tag = 1; tag < HELD; tag++) sink.unacked.settle(tag, false, outcome);
    expect(residency.pageCount).toBe(1);
    sink.unacked.settle(HELD, false, outcome);
    expect([residency.pageCount, blocks(), broker.pump.hasWork]).toEqual([0, 0, false]);
    expect(settled).toEqual(Array.from({ length: HELD }, (_, index) => ({ sequence: index + 1, reason })));
    expect([queue.unackedCount, queue.readyCount]).toEqual([0, 0]);
    expect(queue.counters.acknowledged).toBe(outcome === 'ack' ? HELD : 0);
  });

  test('and is not persistent is no news to the log', () => {
    const { broker, sink, settled, publish, take, blocks } = unackedWorld();
    for (let index = 0; index < HELD; index++) publish(1, index % 3 === 0);
    take(HELD);
    pageOutUnacked(broker);
    expect(blocks()).toBe(0);
    sink.unacked.settle(0, true, 'ack');
    expect(settled.map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: Math.ceil(HELD / 3) }, (_, index) => 3 * index + 1),
    );
  });

  test('comes back to its place, before what was not delivered yet, and says that it was', () => {
    const { queue, residency, sink, publish, take, blocks } = pagedWorld({ turnsLate: () => 5 });
    publish(2);
    sink.unacked.requeueAll();
    expect([queue.readyCount, queue.unackedCount]).toEqual([HELD + 2, 0]);
    expect(queue.counters.returned).toBe(HELD);
    expect(take(HELD + 2, true)).toEqual([...again(0, HELD), `${HELD}`, `${HELD + 1}`]);
    expect([queue.readyCount, residency.pageCount, blocks()]).toEqual([0, 0, 0]);
  });

  test('is read only when somebody wants it', () => {
    const { broker, queue, sink, blocks } = pagedWorld();
    sink.unacked.requeueAll();
    runAll(broker);
    expect(blocks()).toBe(0);
    sink.consume(queue, { noAck: true });
    runAll(broker);
    expect(sink.bodies.length).toBe(HELD);
  });

  test('comes back in part, and the rest is settled as if it had not been read', () => {
    const { broker, queue, residency, sink, settled, take, blocks } = pagedWorld();
    for (const tag of [700, 3, 500]) sink.unacked.settle(tag, false, 'requeue');
    sink.unacked.settle(1, false, 'ack');
    expect(take(3, true)).toEqual(['2 again', '499 again', '699 again']);
    expect(queue.unackedCount).toBe(HELD - 4);
    sink.unacked.settle(600, true, 'ack');
    expect(blocks()).toBe(HELD - 600 - 1);
    broker.unackedPaging.tick();
    expect(blocks()).toBe(0);
    sink.unacked.settle(0, true, 'requeue');
    expect(take(1, true)).toEqual(['600 again']);
    expect(take(HELD - 602, true)).toEqual([...again(601, 699), ...again(700, HELD)]);
    expect([residency.pageCount, blocks(), settled.length]).toEqual([0, 0, HELD]);
  });

  test('comes back at once when its page was read a moment ago', () => {
    const { broker, sink, take } = pagedWorld();
    sink.unacked.settle(10, false, 'requeue');
    expect(take(1)).toEqual(['9 again']);
    sink.unacked.settle(11, false, 'requeue');
    expect(broker.pump.hasWork).toBe(false);
    expect(take(1)).toEqual(['10 again']);
  });

  test('is purged when it has come back, and only that', () => {
    const { broker, queue, residency, sink, settled, take, blocks } = pagedWorld();
    sink.unacked.settle(100, true, 'requeue');
    expect([queue.purge(), queue.readyCount, queue.unackedCount]).toEqual([100, 0, HELD - 100]);
    runAll(broker);
    expect(settled).toEqual(
      Array.from({ length: 100 }, (_, index) => ({ sequence: index + 1, reason: SETTLE_REASONS.purged })),
    );
    sink.unacked.settle(0, true, 'requeue');
    expect(take(HELD - 100, true)).toEqual(again(100, HELD));
    expect([residency.pageCount, blocks()]).toEqual([0, 0]);
  });

  test('is not purged when it comes back during the purge', () => {
    const { broker, queue, sink, publish, take } = pagedWorld();
    publish(10_000);
    sink.unacked.settle(100, true, 'requeue');
    queue.purge();
    sink.unacked.settle(101, false, 'requeue');
    runAll(broker);
    expect([queue.readyCount, ...take(1)]).toEqual([1, '100 again']);
  });

  test('is purged while it is being read', () => {
    const { broker, queue, residency, sink, take, blocks } = pagedWorld({ turnsLate: () => 3 });
    sink.unacked.settle(100, true, 'requeue');
    expect(queue.take(sink.unacked, true, { taken: () => expect.unreachable() })).toBeLessThan(0);
    queue.purge();
    runAll(broker);
    sink.unacked.settle(0, true, 'requeue');
    expect(take(HELD - 100, true)).toEqual(again(100, HELD));
    expect([residency.pageCount, blocks()]).toEqual([0, 0]);
  });

  test.each(['ack', 'reject', 'requeue'] as const)('is gone with %s after its queue was deleted', (outcome) => {
    const { broker, queue, residency, sink, settled, blocks } = pagedWorld();
    sink.unacked.settle(10, true, 'requeue');
    queue.delete();
    runAll(broker);
    sink.unacked.settle(0, true, outcome);
    runAll(broker);
    expect([residency.pageCount, blocks(), settled]).toEqual([0, 0, []]);
    expect([queue.unackedCount, queue.readyCount]).toEqual([0, 0]);
  });

  test('stays on its page when most of its channel is settled and it stays for long', () => {
    const { broker, queue, sink, publish, take, blocks, residency } = pagedWorld();
    for (let tag = 2; tag <= HELD; tag++) sink.unacked.settle(tag, false, 'ack');
    for (let round = 0; round < 200; round++) {
      publish(256);
      take(256, true);
      for (let count = 256; count > 0; count--) sink.unacked.skip();
    }
    expect([blocks(), residency.pageCount, queue.unackedCount]).toEqual([0, 1, 1]);
    sink.unacked.settle(1, false, 'requeue');
    runAll(broker);
    expect(take(1, true)).toEqual(['0 again']);
  });

  test('is given back in the order of the queue when pages of some hold what lies between those of others', () => {
    const { broker, sink, publish, take } = unackedWorld({ wantsUnacked: () => true });
    const other = new RecordingSink(broker);
    publish(4 * HELD);
    // The first ones of the other channel are old when those of this one are not.
    for (let left = HELD; left > 0; left--) take(1, false, other);
    pageOutUnacked(broker);
    take(2 * HELD);
    pageOutUnacked(broker);
    take(HELD, false, other);
    sink.unacked.requeueAll();
    other.unacked.requeueAll();
    expect(take(4 * HELD, true)).toEqual(again(0, 4 * HELD));
  });
});
