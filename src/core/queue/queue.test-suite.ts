/** What every kind of queue does, as consumers, getters and publishers see it. Each kind's test file runs this suite. */

import { describe, expect, test } from 'vitest';
import {
  type CoreBroker,
  type CoreBrokerOptions,
  coreBroker,
  createMessage,
  RecordingSink,
  runAll,
} from '../../../test/support/core-broker.ts';
import type { MessageHandle } from '../ports.ts';
import type { QueueWorld } from './classic.ts';
import { EMPTY, NOT_RESIDENT, type Queue, type QueueOptions } from './queue.ts';

export type MakeQueue = (id: number, name: string, options: QueueOptions, world: QueueWorld) => Queue;

interface QueueFixture extends CoreBroker {
  readonly queue: Queue;
  readonly sink: RecordingSink;
  readonly unused: Queue[];
  enqueue(...bodies: string[]): void;
  /** Publishes `count` messages and forgets their bodies. */
  fill(count: number): void;
  /** @returns `body` or `body redelivered`, or the code why there is none. */
  take(noAck?: boolean): string | number;
  /** One turn. */
  turn(budget?: number): boolean;
}

const DURABLE: QueueOptions = { durable: true, owner: undefined, autoDelete: false, arguments: new Map() };

/** Runs the contract of a queue on one kind of them. */
export function describeQueue(name: string, makeQueue: MakeQueue): void {
  const fixture = (options: CoreBrokerOptions = {}, queueOptions: Partial<QueueOptions> = {}) =>
    queueFixture(makeQueue, options, queueOptions);

  describe(`${name}: deliveries`, () => deliveries(fixture));
  describe(`${name}: credit`, () => credit(fixture));
  describe(`${name}: settling`, () => settling(fixture));
  describe(`${name}: get`, () => getting(fixture));
  describe(`${name}: paging`, () => paging(fixture));
  describe(`${name}: purge and delete`, () => removal(fixture));
}

type Fixture = (options?: CoreBrokerOptions, queueOptions?: Partial<QueueOptions>) => QueueFixture;

function deliveries(fixture: Fixture): void {
  test('messages come out in the order in which they went in', () => {
    const { queue, sink, enqueue, turn } = fixture();
    sink.consume(queue);
    enqueue('a', 'b', 'c');
    expect(sink.bodies).toEqual([]);
    turn();
    expect(sink.deliveries.map(({ body, tag }) => [body, tag])).toEqual([
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ]);
    expect([queue.readyCount, queue.unackedCount]).toEqual([0, 3]);
  });

  test('consumers take turns', () => {
    const { queue, sink, enqueue, turn } = fixture();
    for (const id of [0, 1, 2]) sink.consume(queue, { id });
    enqueue('a', 'b', 'c', 'd', 'e');
    turn();
    expect(sink.deliveries.map(({ consumerId }) => consumerId)).toEqual([0, 1, 2, 0, 1]);
  });

  test('a higher priority is served before a lower one, until it has no credit', () => {
    const { queue, sink, enqueue, turn } = fixture();
    sink.consume(queue, { id: 0 });
    sink.consume(queue, { id: 1, priority: 5, prefetch: 2 });
    enqueue('a', 'b', 'c');
    turn();
    expect(sink.deliveries.map(({ consumerId }) => consumerId)).toEqual([1, 1, 0]);
  });

  test('what needs no ack is gone once delivered', () => {
    const { broker, queue, sink, enqueue, turn } = fixture();
    sink.consume(queue, { noAck: true });
    enqueue('a', 'b');
    turn();
    expect(sink.deliveries.map(({ tag }) => tag)).toEqual([1, 2]);
    expect([queue.unackedCount, sink.unacked.length, broker.messages.stats.blocks]).toEqual([0, 0, 0]);
  });

  test('a consumer whose output is full is passed over and goes on when it is resumed', () => {
    const { broker, queue, sink, enqueue, turn } = fixture();
    const stuck = new RecordingSink(broker);
    const consumer = stuck.consume(queue, { noAck: true });
    stuck.canTakeMore = false;
    sink.consume(queue, { noAck: true });
    enqueue('a', 'b');
    turn();
    expect([stuck.bodies, sink.bodies]).toEqual([[], ['a', 'b']]);
    stuck.canTakeMore = true;
    queue.resumeConsumer(consumer);
    enqueue('c', 'd');
    turn();
    expect([stuck.bodies, sink.bodies]).toEqual([['d'], ['a', 'b', 'c']]);
  });

  test('a cancelled consumer gets nothing more and keeps what it has', () => {
    const { queue, sink, enqueue, turn } = fixture();
    const consumer = sink.consume(queue);
    enqueue('a');
    turn();
    queue.removeConsumer(consumer);
    enqueue('b');
    turn();
    expect([sink.bodies, queue.consumerCount, queue.unackedCount]).toEqual([['a'], 0, 1]);
    sink.unacked.settle(1, false, 'ack');
    expect([queue.unackedCount, queue.readyCount]).toEqual([0, 1]);
  });
}

function credit(fixture: Fixture): void {
  test('a consumer holds no more than its prefetch', () => {
    const { queue, sink, enqueue, turn } = fixture();
    sink.consume(queue, { prefetch: 2 });
    enqueue('a', 'b', 'c', 'd');
    turn();
    expect(sink.bodies).toEqual(['a', 'b']);
    sink.unacked.settle(1, false, 'ack');
    turn();
    expect(sink.bodies).toEqual(['a', 'b', 'c']);
    sink.unacked.settle(0, true, 'ack');
    turn();
    expect(sink.bodies).toEqual(['a', 'b', 'c', 'd']);
  });

  test('all consumers of a channel together hold no more than its prefetch', () => {
    const { queue, sink, enqueue, turn } = fixture();
    sink.unacked.credit.limit = 3;
    for (const id of [0, 1]) sink.consume(queue, { id });
    enqueue('a', 'b', 'c', 'd', 'e');
    turn();
    expect(sink.deliveries.map(({ consumerId }) => consumerId)).toEqual([0, 1, 0]);
    sink.unacked.settle(1, true, 'ack');
    turn();
    expect(sink.bodies).toEqual(['a', 'b', 'c', 'd']);
  });

  test('prefetch does not hold back what needs no ack', () => {
    const { queue, sink, enqueue, turn } = fixture();
    sink.unacked.credit.limit = 1;
    sink.consume(queue, { noAck: true, prefetch: 1 });
    enqueue('a', 'b');
    turn();
    expect(sink.bodies).toEqual(['a', 'b']);
  });

  test('what a get took uses no credit', () => {
    const { queue, sink, enqueue, take, turn } = fixture();
    enqueue('a', 'b');
    expect(take()).toBe('a');
    sink.unacked.credit.limit = 1;
    sink.consume(queue, { prefetch: 1 });
    turn();
    expect(sink.bodies).toEqual(['b']);
  });
}

function settling(fixture: Fixture): void {
  test('an acked message is gone, for the log too', () => {
    const { broker, queue, sink, log, enqueue, turn } = fixture();
    sink.consume(queue);
    enqueue('a');
    turn();
    const before = log.appended;
    sink.unacked.settle(1, false, 'ack');
    expect([queue.unackedCount, broker.messages.stats.blocks, log.appended - before]).toEqual([0, 0, 1]);
    expect(queue.counters).toMatchObject({ published: 1, delivered: 1, acknowledged: 1 });
  });

  test('a rejected message is gone', () => {
    const { broker, queue, sink, enqueue, turn } = fixture();
    sink.consume(queue);
    enqueue('a');
    turn();
    sink.unacked.settle(1, false, 'reject');
    expect([queue.readyCount, queue.counters.acknowledged, broker.messages.stats.blocks]).toEqual([0, 0, 0]);
  });

  test('requeued messages go back to their places, marked as redelivered', () => {
    const { queue, sink, enqueue, turn } = fixture();
    const consumer = sink.consume(queue, { prefetch: 3 });
    enqueue('a', 'b', 'c', 'd');
    turn();
    queue.removeConsumer(consumer);
    for (const tag of [2, 1, 3]) sink.unacked.settle(tag, false, 'requeue');
    sink.consume(queue);
    turn();
    expect(sink.deliveries.slice(3).map(({ body, redelivered }) => [body, redelivered])).toEqual([
      ['a', true],
      ['b', true],
      ['c', true],
      ['d', false],
    ]);
    expect(queue.counters).toMatchObject({ returned: 3, redelivered: 3 });
  });

  test('a hundred thousand requeued messages come back in order, in steps', () => {
    const { broker, queue, sink, fill, turn } = fixture();
    const consumer = sink.consume(queue);
    fill(100_000);
    while (turn()) expect(broker.pump.hasWork).toBe(true);
    queue.removeConsumer(consumer);
    sink.unacked.requeueAll();
    turn(500);
    expect(queue.readyCount).toBe(500);
    while (turn()) expect(broker.pump.hasWork).toBe(true);
    expect([queue.readyCount, queue.unackedCount, queue.counters.returned]).toEqual([100_000, 0, 100_000]);
  });
}

function getting(fixture: Fixture): void {
  test('get takes the oldest message and says how many are left', () => {
    const { queue, enqueue, take } = fixture();
    enqueue('a', 'b');
    expect([take(), queue.readyCount, queue.unackedCount]).toEqual(['a', 1, 1]);
    expect([take(true), queue.readyCount, queue.unackedCount]).toEqual(['b', 0, 1]);
    expect(take()).toBe(EMPTY);
  });

  test('get is given what was returned first', () => {
    const { sink, enqueue, take } = fixture();
    enqueue('a', 'b');
    take();
    sink.unacked.settle(1, false, 'requeue');
    expect([take(), take()]).toEqual(['a redelivered', 'b']);
  });
}

/** Entries of two whole chunks and what stands around them: two are paged out. */
const PAGED_COUNT = 16 + 3 * 1024;

function paging(fixture: Fixture): void {
  const paged = (turnsLate = 3) => fixture({ shouldPageOut: () => true, turnsLate: () => turnsLate });

  test('a paged queue delivers everything in order', () => {
    const { broker, queue, residency, sink, fill } = paged();
    fill(PAGED_COUNT);
    expect(residency.pageCount).toBe(2);
    sink.consume(queue, { noAck: true });
    runAll(broker);
    expect(sink.bodies).toEqual(Array.from({ length: PAGED_COUNT }, (_, index) => `${index}`));
    expect([residency.pageCount, broker.messages.stats.blocks]).toEqual([0, 0]);
  });

  test('get says when the message is on its way, and has it later', () => {
    const { fill, take, turn } = paged();
    fill(PAGED_COUNT);
    for (let index = 0; index < 16; index++) expect(take(true)).toBe(`${index}`);
    expect(take(true)).toBe(NOT_RESIDENT);
    for (let count = 0; count < 3; count++) turn();
    expect(take(true)).toBe('16');
  });

  test('the next page is asked for before it is needed', () => {
    const { fill, take, turn } = paged(1);
    fill(PAGED_COUNT);
    take(true);
    turn();
    for (let index = 1; index < 16 + 1024; index++) expect(take(true)).toBe(`${index}`);
  });

  test('a purge lets pages go, also one that is on its way', () => {
    const { broker, queue, residency, enqueue, fill, take } = paged();
    fill(PAGED_COUNT);
    for (let index = 0; index < 17; index++) take(true);
    expect(queue.purge()).toBe(PAGED_COUNT - 16);
    enqueue('new');
    runAll(broker);
    expect([residency.pageCount, broker.messages.stats.blocks, take()]).toEqual([0, 1, 'new']);
  });
}

function removal(fixture: Fixture): void {
  test('a purge drops what is ready and keeps what is unacknowledged', () => {
    const { broker, queue, enqueue, take } = fixture();
    enqueue('a', 'b', 'c');
    take();
    expect(queue.purge()).toBe(2);
    expect([queue.readyCount, queue.unackedCount, broker.messages.stats.blocks]).toEqual([0, 1, 1]);
    expect(queue.purge()).toBe(0);
  });

  test('a purge of very many counts at once and gives memory back in steps', () => {
    const { broker, queue, fill, turn } = fixture();
    fill(50_000);
    expect([queue.purge(), queue.readyCount]).toEqual([50_000, 0]);
    fill(1);
    expect(broker.messages.stats.blocks).toBeGreaterThan(40_000);
    expect(turn()).toBe(true);
    runAll(broker);
    expect([broker.messages.stats.blocks, queue.readyCount]).toEqual([1, 1]);
  });

  test('a purge of very many that were returned lets all of them go', () => {
    const { broker, queue, sink, fill } = fixture();
    const consumer = sink.consume(queue);
    fill(10_000);
    runAll(broker);
    queue.removeConsumer(consumer);
    sink.unacked.requeueAll();
    runAll(broker);
    expect(queue.purge()).toBe(10_000);
    runAll(broker);
    expect(broker.messages.stats.blocks).toBe(0);
  });

  test('a deleted queue tells its consumers and drops everything', () => {
    const { broker, queue, sink, fill } = fixture();
    sink.consume(queue, { id: 3, prefetch: 1 });
    fill(10_000);
    queue.delete();
    runAll(broker);
    expect([sink.cancelledIds, queue.consumerCount, queue.readyCount]).toEqual([[3], 0, 0]);
    expect(broker.messages.stats.blocks).toBe(0);
  });

  test.each(['ack', 'reject', 'requeue'] as const)('%s after the queue was deleted gives memory back', (outcome) => {
    const { broker, queue, log, sink, enqueue, take } = fixture();
    enqueue('a', 'b');
    take();
    queue.delete();
    const before = log.appended;
    sink.unacked.settle(1, false, outcome);
    expect([queue.unackedCount, queue.readyCount, broker.messages.stats.blocks]).toEqual([0, 0, 0]);
    expect(log.appended).toBe(before);
  });

  test('an auto-delete queue is unused when its last consumer has left, not before', () => {
    const { queue, sink, unused } = fixture({}, { autoDelete: true });
    const consumers = [0, 1].map((id) => sink.consume(queue, { id }));
    expect(unused).toEqual([]);
    for (const consumer of consumers) queue.removeConsumer(consumer);
    expect(unused).toEqual([queue]);
  });

  test('another queue is never unused', () => {
    const { queue, sink, unused } = fixture();
    queue.removeConsumer(sink.consume(queue));
    expect(unused).toEqual([]);
  });
}

function queueFixture(
  makeQueue: MakeQueue,
  options: CoreBrokerOptions,
  queueOptions: Partial<QueueOptions>,
): QueueFixture {
  const world = coreBroker(options);
  const { broker } = world;
  const unused: Queue[] = [];
  const queue = makeQueue(
    1,
    'q',
    { ...DURABLE, ...queueOptions },
    { ...coreParts(world), unused: (q) => unused.push(q) },
  );
  const sink = new RecordingSink(broker);
  const enqueue = (...bodies: string[]) => {
    for (const body of bodies) queue.enqueue(createMessage(broker.messages, body, true));
  };
  return {
    ...world,
    queue,
    sink,
    unused,
    enqueue,
    fill: (count) => {
      for (let index = 0; index < count; index++) enqueue(`${index}`);
    },
    take: (noAck = false) => take(queue, sink, noAck),
    turn: (budget = 1000) => broker.endTurn(budget),
  };
}

function coreParts({ broker }: CoreBroker): Omit<QueueWorld, 'unused'> {
  const { messages, log, residency, pump, unackedPaging } = broker;
  return { messages, log, residency, pump, unackedPaging };
}

function take(queue: Queue, sink: RecordingSink, noAck: boolean): string | number {
  let taken: string | undefined;
  const tag = queue.take(sink.unacked, noAck, {
    taken: (message: MessageHandle, _tag: number, redelivered: boolean, readyCount: number) => {
      expect(readyCount).toBe(queue.readyCount);
      taken = sink.bodyOf(message) + (redelivered ? ' redelivered' : '');
    },
  });
  return taken ?? tag;
}
