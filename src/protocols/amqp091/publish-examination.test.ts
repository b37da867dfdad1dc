/** What a channel makes of properties that ask for something. */

import { describe, expect, test, vi } from 'vitest';
import { TestChannel } from '../../../test/support/amqp-channel.ts';
import { table } from '../../base/field-table.ts';
import type { Method } from './methods.ts';
import type { Properties } from './properties.ts';

function declare(queue: string): Method {
  const flags = { passive: false, durable: false, exclusive: false, autoDelete: false, noWait: true };
  return { name: 'queue.declare', queue, ...flags, arguments: table({}) };
}

function consume(queue: string): Method {
  const flags = { noLocal: false, noAck: true, exclusive: false, noWait: true };
  return { name: 'basic.consume', queue, consumerTag: queue, ...flags, arguments: table({}) };
}

/** A channel that consumes from its queues `a`, `b` and `c`. */
function consuming(): TestChannel {
  const channel = new TestChannel();
  for (const queue of ['a', 'b', 'c']) {
    channel.send(declare(queue));
    channel.send(consume(queue));
  }
  return channel;
}

/** Where a message with CC and BCC went and what of these arrived there. */
function deliveries(channel: TestChannel): string[] {
  return channel.turnAndTake().sort();
}

describe('a publish is refused', () => {
  test.each([
    [
      'with the user id of another',
      { userId: 'bob' },
      "user_id property set to 'bob' but authenticated user was 'guest'",
    ],
    ['with an expiration that is no number', { expiration: 'abc' }, "invalid expiration 'abc': no_integer"],
    [
      'with a CC that is no array',
      { headers: table({ CC: 'a' }) },
      'invalid message: {unacceptable_type_in_header,"CC",longstr}',
    ],
    [
      'for an answer to nobody',
      { replyTo: 'amq.rabbitmq.reply-to', userId: 'bob' },
      'fast reply consumer does not exist',
    ],
  ] satisfies [string, Properties, string][])('%s', (_case, properties, text) => {
    expect(() => new TestChannel().publish('', 'a', 'm', { properties })).toThrow(`PRECONDITION_FAILED - ${text}`);
  });
});

describe('a publish is taken', () => {
  test('in the name of another, from a user who may do that', () => {
    const channel = consuming();
    const hasTag = vi.spyOn(channel.world.permissions, 'hasTag').mockReturnValue(true);
    channel.publish('', 'a', 'm', { properties: { userId: 'bob' } });
    expect(channel.turnAndTake()).toEqual(["basic.deliver a 1  a bob 'm'"]);
    expect(hasTag).toHaveBeenCalledWith('guest', 'impersonator');
  });

  test('with the user id of its own connection, an expiration and any other reply-to', () => {
    const channel = consuming();
    const properties = { replyTo: 'amq.rabbitmq.reply-to.x', expiration: '5000', userId: 'guest' };
    channel.publish('', 'a', 'm', { properties });
    expect(channel.turnAndTake()).toEqual(["basic.deliver a 1  a amq.rabbitmq.reply-to.x 5000 guest 'm'"]);
  });
});

describe('CC and BCC', () => {
  const headers = table({ CC: ['b', 'a'], BCC: ['c'] });

  test.each([
    ['at once', undefined],
    ['in pieces', [1, 2]],
  ])('lead to more queues, each of which gets the message once: a body that comes %s', (_case, pieces) => {
    const channel = consuming();
    channel.publish('', 'a', 'body', { properties: { headers, appId: 'x' }, ...(pieces && { pieces }) });
    channel.turn();
    const bytes = Buffer.from(channel.writtenBytes());
    expect(bytes.toString('latin1').match(/body/g)).toHaveLength(3);
    expect(bytes.includes('BCC')).toBe(false);
    expect(bytes.toString('latin1').match(/CC/g)).toHaveLength(3);
  });

  test('lead somewhere when the routing key does not', () => {
    const channel = consuming();
    channel.publish('', 'nowhere', 'm', { properties: { headers: table({ BCC: ['c'] }) }, mandatory: true });
    expect(deliveries(channel)).toEqual([expect.stringContaining('basic.deliver c 1  nowhere')]);
  });

  test('are for one message only', () => {
    const channel = consuming();
    channel.publish('', 'a', '1', { properties: { headers } });
    channel.turnAndTake();
    channel.publish('', 'a', '2');
    expect(channel.turnAndTake()).toEqual(["basic.deliver a 4  a '2'"]);
  });

  test('that lead nowhere either: a mandatory message comes back before its confirm', () => {
    const channel = new TestChannel();
    channel.send({ name: 'confirm.select', noWait: true });
    channel.publish('', 'x', 'm', { properties: { headers: table({ CC: ['y'], BCC: ['z'] }) }, mandatory: true });
    expect(channel.turnAndTake()).toEqual([expect.stringContaining('basic.return 312 NO_ROUTE  x'), 'basic.ack 1']);
  });

  test('of a message that is not complete when its channel closes are forgotten', () => {
    const channel = consuming();
    channel.publish('', 'a', 'body', { properties: { headers }, pieces: [2, 2] });
    channel.channel.close();
    expect(channel.world.broker.messages.stats.blocks).toBe(3 - 2);
  });
});
