/** A queue with a single active consumer: who is given its messages, and who comes next. */

import { beforeEach, describe, expect, test } from 'vitest';
import { type CoreBroker, coreBroker, publishText, RecordingSink, runAll } from '../../../test/support/core-broker.ts';
import { table } from '../../base/field-table.ts';
import type { Consumer } from './consumer.ts';
import type { Queue } from './queue.ts';

let world: CoreBroker;
let queue: Queue;
let sink: RecordingSink;

function declare(isOn: boolean, autoDelete = false): Queue {
  const flags = { durable: false, exclusive: false, autoDelete };
  const declared = { name: 'q', ...flags, arguments: table({ 'x-single-active-consumer': isOn }) };
  return world.vhost.declareQueue(world.owner, declared).queue;
}

/** Publishes these bodies. @returns who was given which of them, in order, since the last time. */
function given(...bodies: string[]): string[] {
  const before = sink.deliveries.length;
  for (const body of bodies) publishText(world, '', 'q', body);
  runAll(world.broker);
  return sink.deliveries.slice(before).map(({ consumerId, body, redelivered }) => {
    return `${consumerId} ${body}${redelivered ? ' again' : ''}`;
  });
}

beforeEach(() => {
  world = coreBroker();
  sink = new RecordingSink(world.broker);
  queue = declare(true);
});

describe('the active consumer', () => {
  test('is the first that came', () => {
    for (const id of [0, 1, 2]) sink.consume(queue, { id });
    expect(given('a', 'b', 'c')).toEqual(['0 a', '0 b', '0 c']);
    expect([queue.isSingleActive, queue.consumerCount]).toEqual([true, 3]);
  });

  test('stays the only one while it has no credit', () => {
    for (const id of [0, 1]) sink.consume(queue, { id, prefetch: 1 });
    expect(given('a', 'b')).toEqual(['0 a']);
    sink.unacked.settle(1, false, 'ack');
    expect(given()).toEqual(['0 b']);
  });

  test('stays the only one while its output is full, whoever is resumed', () => {
    const [first, second] = [0, 1].map((id) => sink.consume(queue, { id })) as [Consumer, Consumer];
    sink.canTakeMore = false;
    expect(given('a')).toEqual([]);
    sink.canTakeMore = true;
    queue.resumeConsumer(second);
    expect(given('b')).toEqual([]);
    queue.resumeConsumer(first);
    expect(given()).toEqual(['0 a', '0 b']);
  });

  test('is not replaced by one with a higher priority', () => {
    sink.consume(queue, { id: 0 });
    sink.consume(queue, { id: 1, priority: 9 });
    expect(given('a', 'b')).toEqual(['0 a', '0 b']);
  });
});

describe('when the active consumer leaves', () => {
  test('the next is given at once what is ready, and keeps its turn', () => {
    const first = sink.consume(queue, { id: 0, prefetch: 1 });
    sink.consume(queue, { id: 1 });
    expect(given('a', 'b', 'c')).toEqual(['0 a']);
    queue.removeConsumer(first);
    expect(given()).toEqual(['1 b', '1 c']);
    // What the first had comes back.
    sink.unacked.settle(1, false, 'requeue');
    expect(given()).toEqual(['1 a again']);
  });

  test('the highest priority comes next, of several the one that has waited longest', () => {
    const consumers = [0, 1, 5, 5, 1].map((priority, id) => sink.consume(queue, { id, priority }));
    const order = [0, 2, 3, 1, 4];
    for (const id of order) {
      expect(given('m', 'n')).toEqual([`${id} m`, `${id} n`]);
      queue.removeConsumer(consumers[id] as Consumer);
    }
    expect(given('left')).toEqual([]);
    sink.consume(queue, { id: 7 });
    expect(given()).toEqual(['7 left']);
  });

  test('one that left before is not waited for, and one that comes again is last', () => {
    const [first, second] = [0, 1, 2].map((id) => sink.consume(queue, { id })) as [Consumer, Consumer];
    queue.removeConsumer(second);
    queue.removeConsumer(first);
    sink.consume(queue, { id: 3 });
    expect(given('m')).toEqual(['2 m']);
  });

  test('an auto-delete queue stays until the last has left', () => {
    world.vhost.deleteQueue(world.owner, 'q', { ifUnused: false, ifEmpty: false });
    queue = declare(true, true);
    const [first, second] = [0, 1].map((id) => sink.consume(queue, { id })) as [Consumer, Consumer];
    queue.removeConsumer(first);
    expect(given('m')).toEqual(['1 m']);
    queue.removeConsumer(second);
    expect(world.vhost.findQueue('q')).toBeUndefined();
  });
});

test('all are told when the queue is deleted, and none is given anything', () => {
  for (const id of [0, 1]) sink.consume(queue, { id, prefetch: 1 });
  expect(given('a', 'b')).toEqual(['0 a']);
  queue.delete();
  expect([sink.cancelledIds, given()]).toEqual([[0, 1], []]);
});

test('with the argument false consumers take turns', () => {
  world.vhost.deleteQueue(world.owner, 'q', { ifUnused: false, ifEmpty: false });
  queue = declare(false);
  for (const id of [0, 1]) sink.consume(queue, { id });
  expect(given('a', 'b')).toEqual(['0 a', '1 b']);
});
