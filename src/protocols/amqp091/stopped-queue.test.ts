/** What clients see of a queue that was stopped because its log failed. */

import { expect, test } from 'vitest';
import { TestChannel } from '../../../test/support/amqp-channel.ts';
import { EMPTY_TABLE } from '../../base/field-table.ts';
import type { Method } from './methods.ts';

const FLAGS = { durable: true, exclusive: false, autoDelete: false, noWait: true };
const DECLARE: Method = { name: 'queue.declare', queue: 'q', passive: false, ...FLAGS, arguments: EMPTY_TABLE };
const CONSUME: Method = {
  name: 'basic.consume',
  queue: 'q',
  consumerTag: 'c',
  noLocal: false,
  noAck: true,
  exclusive: false,
  noWait: true,
  arguments: EMPTY_TABLE,
};

/** A channel that has sent these methods to a queue, which is stopped then. */
function withStoppedQueue(...before: readonly Method[]): TestChannel {
  const channel = new TestChannel();
  for (const method of [DECLARE, ...before]) channel.send(method);
  channel.turnAndTake();
  channel.world.vhost.findQueue('q')?.stop();
  return channel;
}

test.each<Method>([
  { ...DECLARE },
  { ...DECLARE, passive: true },
  CONSUME,
  { name: 'basic.get', queue: 'q', noAck: true },
  { name: 'queue.purge', queue: 'q', noWait: false },
])('$name is refused with 404', (method) => {
  const message = "NOT_FOUND - queue 'q' in vhost '/' process is stopped by supervisor";
  expect(() => withStoppedQueue().send(method)).toThrow(expect.objectContaining({ code: 404, message }));
});

test('its consumers are cancelled', () => {
  expect(withStoppedQueue(CONSUME).turnAndTake()).toEqual(['basic.cancel c noWait']);
});

test('what is published to it is not confirmed but refused', () => {
  const channel = withStoppedQueue({ name: 'confirm.select', noWait: true });
  channel.publish('', 'q', 'm');
  expect(channel.turnAndTake()).toEqual(['basic.nack 1']);
});

test('a transaction that publishes to it is complete only in part, and the client is told so', () => {
  const channel = withStoppedQueue({ name: 'tx.select' }, { ...DECLARE, queue: 'other' });
  for (const queue of ['q', 'other']) channel.publish('', queue, 'm');
  const refusal = { code: 406, message: 'PRECONDITION_FAILED - partial tx completion' };
  expect(() => channel.send({ name: 'tx.commit' })).toThrow(expect.objectContaining(refusal));
  expect(channel.world.vhost.findQueue('other')?.readyCount).toBe(1);
});
