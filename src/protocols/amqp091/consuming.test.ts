/** What a client may ask for with basic.consume and queue.declare, in the order in which RabbitMQ 3.10 refuses it. */

import { expect, test } from 'vitest';
import { TestChannel, type TestChannelOptions } from '../../../test/support/amqp-channel.ts';
import { EMPTY_TABLE, type PlainValue, table } from '../../base/field-table.ts';
import type { Method } from './methods.ts';

function declare(queue: string, passive = false): Method {
  const flags = { durable: false, exclusive: false, autoDelete: false, noWait: false };
  return { name: 'queue.declare', queue, passive, ...flags, arguments: EMPTY_TABLE };
}

function consume(queue: string, consumerTag: string, values: { readonly [key: string]: PlainValue } = {}): Method {
  const flags = { noLocal: true, noAck: true, exclusive: false, noWait: true };
  return { name: 'basic.consume', queue, consumerTag, ...flags, arguments: table(values) };
}

function withQueue(options: TestChannelOptions = {}): TestChannel {
  const channel = new TestChannel(options);
  channel.send(declare('q'));
  channel.written();
  return channel;
}

function refusalOf(action: () => unknown): string {
  try {
    action();
    return 'not refused';
  } catch (error) {
    return (error as Error).message;
  }
}

test('a consumer with a higher priority is served first, also when it came later', () => {
  const channel = withQueue();
  channel.send(consume('q', 'low', { 'x-priority': -1 }));
  channel.send(consume('q', 'none'));
  channel.send(consume('q', 'high', { 'x-priority': 5n }));
  for (const body of ['a', 'b']) channel.publish('', 'q', body);
  expect(channel.turnAndTake()).toEqual(["basic.deliver high 1  q 'a'", "basic.deliver high 2  q 'b'"]);
  channel.send({ name: 'basic.cancel', consumerTag: 'high', noWait: true });
  channel.publish('', 'q', 'c');
  expect(channel.turnAndTake()).toEqual(["basic.deliver none 3  q 'c'"]);
});

test('no_local does not keep a client from its own messages', () => {
  const channel = withQueue();
  channel.send(consume('q', 'c'));
  channel.publish('', 'q', 'm');
  expect(channel.turnAndTake()).toEqual(["basic.deliver c 1  q 'm'"]);
});

test('a wrong argument leaves no consumer behind', () => {
  const channel = withQueue();
  expect(refusalOf(() => channel.send(consume('q', 'c', { 'x-priority': 'high' })))).toBe(
    `PRECONDITION_FAILED - invalid arg 'x-priority' for queue 'q' in vhost '/': "expected integer, got longstr"`,
  );
  expect([channel.channel.consumers.size, channel.world.vhost.findQueue('q')?.consumerCount]).toEqual([0, 0]);
});

test.each([
  ['a tag in use', { consumersMax: 1 }, "NOT_ALLOWED - attempt to reuse consumer tag 'c'"],
  ['a missing queue', {}, "NOT_FOUND - no queue 'missing' in vhost '/'"],
])('what is said first: %s', (why, options, refusal) => {
  const channel = withQueue(options);
  channel.send(consume('q', 'c'));
  const tag = why === 'a tag in use' ? 'c' : 'other';
  expect(refusalOf(() => channel.send(consume('missing', tag, { 'x-priority': 'high' })))).toBe(refusal);
});

test('one consumer too many is refused before its queue is looked for', () => {
  const channel = withQueue({ consumersMax: 1 });
  channel.send(consume('q', 'c'));
  expect(refusalOf(() => channel.send(consume('missing', 'd')))).toBe(
    'NOT_ALLOWED - reached maximum (1) of consumers per channel',
  );
});

test('a passive declaration without a name asks for a queue of that name, not for the last', () => {
  const channel = withQueue();
  expect(refusalOf(() => channel.send(declare('', true)))).toBe("NOT_FOUND - no queue '' in vhost '/'");
});

test('a passive declaration makes its queue the last one', () => {
  const channel = withQueue();
  channel.send(declare('p'));
  channel.send(declare('q', true));
  channel.publish('', 'q', 'm');
  channel.written();
  channel.send({ name: 'basic.get', queue: '', noAck: true });
  expect(channel.written()).toEqual(["basic.get-ok 1  q 0 'm'"]);
});

test.each([
  ['at once', 0],
  ['when that is durable', 1],
])('who deletes a queue hears of the own consumers behind the answer: %s', (_when, flushes) => {
  const channel = new TestChannel({ flushesLate: () => flushes });
  const flags = { passive: false, durable: true, exclusive: false, autoDelete: false, noWait: true };
  channel.send({ name: 'queue.declare', queue: 'd', ...flags, arguments: EMPTY_TABLE });
  for (const tag of ['one', 'two']) channel.send(consume('d', tag));
  for (let turn = 0; turn < 3; turn++) channel.turn();
  channel.send({ name: 'queue.delete', queue: 'd', ifUnused: false, ifEmpty: false, noWait: false });
  expect(channel.written()).toEqual([]);
  for (let turn = 0; turn <= flushes; turn++) channel.turn();
  expect(channel.written()).toEqual(['queue.delete-ok 0', 'basic.cancel one noWait', 'basic.cancel two noWait']);
});

test('the last queue stays the last when it is deleted', () => {
  const channel = withQueue();
  channel.send({ name: 'queue.delete', queue: '', ifUnused: false, ifEmpty: false, noWait: true });
  expect(refusalOf(() => channel.send({ name: 'queue.purge', queue: '', noWait: false }))).toBe(
    "NOT_FOUND - no queue 'q' in vhost '/'",
  );
});
