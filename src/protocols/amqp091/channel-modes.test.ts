/** Confirm mode and transactions, as a client sees them. */

import { describe, expect, test } from 'vitest';
import { TestChannel, type TestChannelOptions } from '../../../test/support/amqp-channel.ts';
import { table } from '../../base/field-table.ts';
import type { Method } from './methods.ts';

const COMMIT: Method = { name: 'tx.commit' };
const ROLLBACK: Method = { name: 'tx.rollback' };
const PERSISTENT = { properties: { deliveryMode: 2 } };

function declare(queue: string): Method {
  const flags = { passive: false, durable: true, exclusive: false, autoDelete: false, noWait: true };
  return { name: 'queue.declare', queue, ...flags, arguments: table({}) };
}

function consume(queue: string): Method {
  const flags = { noLocal: false, noAck: false, exclusive: false, noWait: true };
  return { name: 'basic.consume', queue, consumerTag: 'c', ...flags, arguments: table({}) };
}

function deleteQueue(queue: string): Method {
  return { name: 'queue.delete', queue, ifUnused: false, ifEmpty: false, noWait: true };
}

function ack(deliveryTag: number, multiple = false): Method {
  return { name: 'basic.ack', deliveryTag, multiple };
}

function nack(deliveryTag: number, multiple = false): Method {
  return { name: 'basic.nack', deliveryTag, multiple, requeue: true };
}

/** A transactional channel with the durable queue `q`. */
function transactional(options: TestChannelOptions = {}): TestChannel {
  const channel = new TestChannel(options);
  channel.send(declare('q'));
  channel.turn();
  channel.send({ name: 'tx.select' });
  channel.written();
  return channel;
}

/** The same, given messages 1 up to `count`; up to `prefetch` of them at a time. */
function given(count: number, prefetch = 0): TestChannel {
  const channel = transactional();
  channel.send({ name: 'basic.qos', prefetchSize: 0, prefetchCount: prefetch, global: false });
  for (let index = 1; index <= count; index++) channel.publish('', 'q', `${index}`);
  channel.send(COMMIT);
  channel.send(consume('q'));
  do channel.turnAndTake();
  while (channel.world.broker.pump.hasWork);
  return channel;
}

function answers(channel: TestChannel, method: Method): string[] {
  channel.send(method);
  return channel.turnAndTake();
}

function readyCount(channel: TestChannel): number | undefined {
  return channel.world.vhost.findQueue('q')?.readyCount;
}

describe('the mode of a channel', () => {
  test.each([
    [{ name: 'confirm.select', noWait: true }, { name: 'tx.select' }, 'cannot switch from confirm to tx mode'],
    [{ name: 'tx.select' }, { name: 'confirm.select', noWait: false }, 'cannot switch from tx to confirm mode'],
    [{ name: 'confirm.select', noWait: true }, COMMIT, 'channel is not transactional'],
    [{ name: 'confirm.select', noWait: true }, ROLLBACK, 'channel is not transactional'],
  ] as const)('after %o, %o is refused', (first, second, text) => {
    const channel = new TestChannel();
    channel.send(first);
    const refusal = { code: 406, message: `PRECONDITION_FAILED - ${text}` };
    expect(() => channel.send(second)).toThrow(expect.objectContaining(refusal));
  });

  test('may be chosen again', () => {
    const channel = transactional();
    channel.publish('', 'q', 'm');
    expect(answers(channel, { name: 'tx.select' })).toEqual(['tx.select-ok']);
    expect(answers(channel, COMMIT)).toEqual(['tx.commit-ok']);
    expect(readyCount(channel)).toBe(1);
  });
});

describe('publishing in a transaction', () => {
  test('messages reach their queue with the commit', () => {
    const channel = transactional();
    channel.publish('', 'q', 'm');
    channel.turn();
    expect(readyCount(channel)).toBe(0);
    expect(answers(channel, COMMIT)).toEqual(['tx.commit-ok']);
    expect(readyCount(channel)).toBe(1);
  });

  test('a rollback drops them, and the next transaction begins empty', () => {
    const channel = transactional();
    channel.publish('', 'q', 'm');
    expect(answers(channel, ROLLBACK)).toEqual(['tx.rollback-ok']);
    expect(answers(channel, COMMIT)).toEqual(['tx.commit-ok']);
    expect([readyCount(channel), channel.world.broker.messages.stats.blocks]).toEqual([0, 0]);
  });

  test('a channel that closes drops them', () => {
    const channel = transactional();
    channel.publish('', 'q', 'm');
    channel.channel.close();
    expect([readyCount(channel), channel.world.broker.messages.stats.blocks]).toEqual([0, 0]);
  });

  test('what cannot be routed comes back at the commit, before commit-ok', () => {
    const channel = transactional();
    channel.publish('', 'no', '1', { mandatory: true });
    channel.publish('', 'q', '2', { mandatory: true });
    expect(channel.turnAndTake()).toEqual([]);
    expect(answers(channel, COMMIT)).toEqual(["basic.return 312 NO_ROUTE  no '1'", 'tx.commit-ok']);
  });

  test('a message for a queue that is gone at the commit comes back', () => {
    const channel = transactional();
    channel.publish('', 'q', 'm', { mandatory: true });
    channel.send(deleteQueue('q'));
    expect(answers(channel, COMMIT)).toEqual(["basic.return 312 NO_ROUTE  q 'm'", 'tx.commit-ok']);
  });

  test('a queue that is declared before the commit gets what was published under its name', () => {
    const channel = transactional();
    channel.publish('', 'late', 'm');
    channel.send(declare('late'));
    channel.send(COMMIT);
    expect(channel.world.vhost.findQueue('late')?.readyCount).toBe(1);
  });

  test('a queue that is declared before the commit gets what named it in CC', () => {
    const channel = transactional();
    channel.publish('', 'nowhere', 'm', { properties: { headers: table({ CC: ['late', 'never'], BCC: ['later'] }) } });
    channel.send(declare('late'));
    channel.send(declare('later'));
    channel.send(COMMIT);
    const countOf = (queue: string) => channel.world.vhost.findQueue(queue)?.readyCount;
    expect([countOf('late'), countOf('later')]).toEqual([1, 1]);
  });

  test('a queue that is declared anew before the commit gets what was routed to its name', () => {
    const channel = transactional();
    const bind: Method = {
      name: 'queue.bind',
      queue: 'q',
      exchange: 'amq.fanout',
      routingKey: '',
      noWait: true,
      arguments: table({}),
    };
    channel.send(bind);
    channel.publish('amq.fanout', '', 'm');
    channel.send(deleteQueue('q'));
    channel.send(declare('q'));
    channel.publish('amq.fanout', '', 'bound no more');
    channel.send(COMMIT);
    expect(readyCount(channel)).toBe(1);
  });

  test('commit-ok for a transient message waits for the declaration of its queue', () => {
    const channel = new TestChannel({ flushesLate: () => 1 });
    channel.send(declare('q'));
    channel.send({ name: 'tx.select' });
    channel.publish('', 'q', 'm');
    channel.written();
    expect([answers(channel, COMMIT), channel.turnAndTake()]).toEqual([[], ['tx.commit-ok']]);
  });

  test('commit-ok waits until all is durable', () => {
    const channel = transactional({ flushesLate: () => 2 });
    channel.turn();
    channel.turn();
    channel.publish('', 'q', 'm', PERSISTENT);
    expect(answers(channel, COMMIT)).toEqual([]);
    expect(channel.turnAndTake()).toEqual([]);
    expect(channel.turnAndTake()).toEqual(['tx.commit-ok']);
  });

  test('a method that comes before commit-ok ends the connection', () => {
    const channel = transactional();
    channel.publish('', 'q', 'm', PERSISTENT);
    channel.send(COMMIT);
    const refusal = { code: 504, message: "CHANNEL_ERROR - unexpected command while processing 'tx.commit'" };
    expect(() => channel.send(COMMIT)).toThrow(expect.objectContaining(refusal));
    channel.turn();
    expect(answers(channel, COMMIT)).toEqual(['tx.commit-ok', 'tx.commit-ok']);
  });

  test('a channel that closes while it commits says nothing more', () => {
    const channel = transactional();
    channel.publish('', 'q', 'm', PERSISTENT);
    channel.send(COMMIT);
    channel.channel.close();
    expect(channel.turnAndTake()).toEqual([]);
    expect(readyCount(channel)).toBe(1);
  });
});

describe('settling in a transaction', () => {
  test('acks count with the commit', () => {
    const channel = given(3);
    channel.send(ack(2, true));
    expect(channel.channel.unacked.length).toBe(3);
    expect(answers(channel, COMMIT)).toEqual(['tx.commit-ok']);
    expect(channel.channel.unacked.length).toBe(1);
  });

  test('acks free the prefetch with the commit', () => {
    const channel = given(2, 1);
    expect(answers(channel, ack(1))).toEqual([]);
    expect(answers(channel, COMMIT)).toEqual(['tx.commit-ok', "basic.deliver c 2  q '2'"]);
  });

  test('after a rollback all is unacked as before, and nothing is delivered again', () => {
    const channel = given(2);
    channel.send(ack(1));
    expect(answers(channel, ROLLBACK)).toEqual(['tx.rollback-ok']);
    expect(channel.channel.unacked.length).toBe(2);
    channel.send(ack(1));
    channel.send(COMMIT);
    expect(channel.channel.unacked.length).toBe(1);
  });

  test('nacked messages come again after the commit', () => {
    const channel = given(2);
    expect(answers(channel, nack(1))).toEqual([]);
    expect(answers(channel, COMMIT)).toEqual(['tx.commit-ok', "basic.deliver c 3 redelivered  q '1'"]);
  });

  test.each([
    ['unknown', [], ack(9)],
    ['settled in this transaction', [ack(1)], ack(1)],
    ['below one that was acked with multiple', [ack(2, true)], nack(1)],
    ['settled in this transaction, with multiple', [nack(2)], ack(2, true)],
  ])('a tag that is %s is refused at once', (_case, before, method) => {
    const channel = given(3);
    for (const earlier of before) channel.send(earlier);
    const tag = 'deliveryTag' in method ? method.deliveryTag : 0;
    expect(() => channel.send(method)).toThrow(`PRECONDITION_FAILED - unknown delivery tag ${tag}`);
  });

  test('single tags keep their outcome when all the others are settled after them', () => {
    const channel = given(3);
    channel.send(nack(3));
    channel.send(ack(0, true));
    expect(answers(channel, COMMIT)).toEqual(['tx.commit-ok', "basic.deliver c 4 redelivered  q '3'"]);
    expect(channel.channel.unacked.length).toBe(1);
  });

  test('recover gives back what is not settled in the transaction', () => {
    const channel = given(2);
    channel.send(ack(1));
    expect(answers(channel, { name: 'basic.recover', requeue: true })).toEqual([
      'basic.recover-ok',
      "basic.deliver c 3 redelivered  q '2'",
    ]);
    channel.send(COMMIT);
    expect(channel.channel.unacked.length).toBe(1);
  });

  test('a channel that closes gives everything back', () => {
    const channel = given(2);
    channel.send(ack(1));
    channel.channel.close();
    expect(readyCount(channel)).toBe(2);
  });

  test('very many are settled in several turns, and commit-ok comes after the last', () => {
    const count = 24_000;
    const channel = given(count);
    channel.send(ack(12_000, true));
    channel.send(nack(count, true));
    expect(answers(channel, COMMIT)).not.toContain('tx.commit-ok');
    let lines: string[] = [];
    while (!lines.includes('tx.commit-ok')) lines = channel.turnAndTake();
    expect(channel.channel.unacked.isSettling).toBe(false);
    const { length } = channel.channel.unacked;
    expect(length + (readyCount(channel) ?? 0)).toBe(count - 12_000);
  });
});
