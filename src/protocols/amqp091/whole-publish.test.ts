/** A message whose frames all came in one read: what is taken at once, and what is left to come frame by frame. */

import { describe, expect, test } from 'vitest';
import { contentHeader, TestChannel, type TestChannelOptions } from '../../../test/support/amqp-channel.ts';
import { table } from '../../base/field-table.ts';
import type { Method } from './methods.ts';

/** A channel with the durable queue `q` and confirms. */
function confirming(options: TestChannelOptions = {}): TestChannel {
  const channel = withQueue(options);
  channel.send({ name: 'confirm.select', noWait: true });
  return channel;
}

function withQueue(options: TestChannelOptions = {}): TestChannel {
  const channel = new TestChannel(options);
  const flags = { passive: false, exclusive: false, autoDelete: false, noWait: true };
  channel.send({ name: 'queue.declare', queue: 'q', durable: true, ...flags, arguments: table({}) });
  return channel;
}

function consume(queue: string): Method {
  const flags = { noLocal: false, noAck: false, exclusive: false, noWait: true };
  return { name: 'basic.consume', queue, consumerTag: 'c', ...flags, arguments: table({}) };
}

describe('a message in one piece', () => {
  const method: Method = { name: 'basic.publish', exchange: '', routingKey: 'q', mandatory: false, immediate: false };
  const body = Buffer.from('0123456789');

  test('is what it is in three frames', () => {
    for (const properties of [{}, { messageId: 'm' }, { deliveryMode: 2, contentType: 't' }]) {
      const [whole, apart] = [confirming(), confirming()];
      expect(whole.whole(method, contentHeader(10, properties), body)).toBe(true);
      apart.send(method);
      apart.content(body, { properties, pieces: [] });
      for (const channel of [whole, apart]) channel.send(consume('q'));
      expect(whole.turnAndTake()).toEqual(apart.turnAndTake());
      expect(whole.world.log.appended).toBe(apart.world.log.appended);
    }
  });

  test.each([
    ['its body is not complete', contentHeader(11)],
    ['its body is more than announced', contentHeader(9)],
    ['its header is of another class', contentHeader(10, {}, 50)],
    ['its header is cut short', contentHeader(10).subarray(0, 13)],
    ['it expires', contentHeader(10, { expiration: '1000' })],
    ['it has headers', contentHeader(10, { headers: table({ CC: ['other'] }) })],
    ['it says who publishes', contentHeader(10, { userId: 'guest' })],
    ['it asks for a reply', contentHeader(10, { replyTo: 'amq.rabbitmq.reply-to' })],
  ])('is left to come frame by frame when %s', (_why, header) => {
    const channel = confirming();
    expect(channel.whole(method, header, body)).toBe(false);
    expect(channel.world.vhost.counters.published).toBe(0);
  });

  test('is left to come frame by frame when it reaches no queue, or its body is empty or large', () => {
    const channel = withQueue();
    expect(channel.whole({ ...method, routingKey: 'nowhere' }, contentHeader(10), body)).toBe(false);
    expect(channel.whole(method, contentHeader(0), Buffer.of())).toBe(false);
    expect(channel.whole(method, contentHeader(70_000), new Uint8Array(70_000))).toBe(false);
    expect(channel.world.vhost.counters.published).toBe(0);
  });

  test('is left to come frame by frame in a transaction, while one commits, and inside another message', () => {
    const channel = withQueue({ flushesLate: () => 2 });
    channel.send({ name: 'tx.select' });
    expect(channel.whole(method, contentHeader(10), body)).toBe(false);
    channel.publish('', 'q', body, { properties: { deliveryMode: 2 } });
    channel.send({ name: 'tx.commit' });
    expect(channel.whole(method, contentHeader(10), body)).toBe(false);
    const other = withQueue();
    other.send(method);
    expect(other.whole(method, contentHeader(10), body)).toBe(false);
  });

  test('is refused as its basic.publish or its properties are', () => {
    const channel = withQueue();
    const withoutMode = contentHeader(10, { deliveryMode: 2 }).subarray(0, -1);
    expect(() => channel.whole(method, withoutMode, body)).toThrow(
      'malformed content header: properties are cut short',
    );
    expect(() => channel.whole({ ...method, exchange: 'x' }, contentHeader(10), body)).toThrow(
      "NOT_FOUND - no exchange 'x' in vhost '/'",
    );
  });
});
