/** A channel as its client sees it: publishing, returns, confirms, and settling what it was given. */

import { describe, expect, test } from 'vitest';
import { contentHeader, TestChannel, type TestChannelOptions } from '../../../test/support/amqp-channel.ts';
import { CodecError } from '../../base/codec-error.ts';
import { table } from '../../base/field-table.ts';
import { METHOD_IDS, type Method } from './methods.ts';

const NO_ARGUMENTS = table({});
const PERSISTENT = { properties: { deliveryMode: 2 } };

function declare(queue: string, durable = false): Method {
  const flags = { passive: false, exclusive: false, autoDelete: false, noWait: true };
  return { name: 'queue.declare', queue, durable, ...flags, arguments: NO_ARGUMENTS };
}

function declareExchange(exchange: string): Method {
  const flags = { passive: false, durable: false, autoDelete: false, internal: false, noWait: true };
  return { name: 'exchange.declare', exchange, type: 'fanout', ...flags, arguments: NO_ARGUMENTS };
}

function consume(queue: string, consumerTag = 'c', noAck = false): Method {
  const flags = { noLocal: false, exclusive: false, noWait: true };
  return { name: 'basic.consume', queue, consumerTag, noAck, ...flags, arguments: NO_ARGUMENTS };
}

function bind(queue: string, exchange: string): Method {
  return { name: 'queue.bind', queue, exchange, routingKey: '', noWait: true, arguments: NO_ARGUMENTS };
}

function ack(deliveryTag: number, multiple = false): Method {
  return { name: 'basic.ack', deliveryTag, multiple };
}

/** A channel with the durable queue `q`, whatever that needed out of the way. */
function withQueue(options: TestChannelOptions = {}): TestChannel {
  const channel = new TestChannel(options);
  channel.send(declare('q', true));
  return channel;
}

/** The same with confirms. */
function confirming(options: TestChannelOptions = {}): TestChannel {
  const channel = withQueue(options);
  channel.send({ name: 'confirm.select', noWait: true });
  return channel;
}

describe('publishing', () => {
  test('a message reaches a consumer at the end of the turn', () => {
    const channel = withQueue();
    channel.send(consume('q'));
    channel.publish('', 'q', 'hello');
    expect(channel.written()).toEqual([]);
    expect(channel.turnAndTake()).toEqual(["basic.deliver c 1  q 'hello'"]);
  });

  test('the connection is told once when the log keeps something of it', () => {
    const channel = withQueue();
    channel.send(declare('durable', true));
    channel.send(declare('transient', false));
    channel.turn();
    channel.publish('', 'durable', 'transient');
    channel.publish('', 'transient', 'persistent', PERSISTENT);
    expect(channel.loggedCount).toBe(0);
    channel.publish('', 'durable', 'whole', PERSISTENT);
    channel.publish('', 'durable', 'in pieces', { ...PERSISTENT, pieces: [2, 3] });
    expect(channel.loggedCount).toBe(1);
  });

  test.each([
    ['no such exchange', 'x', "404|NOT_FOUND - no exchange 'x' in vhost '/'"],
    [
      'no permission',
      'amq.fanout',
      "403|ACCESS_REFUSED - write access to exchange 'amq.fanout' in vhost '/' refused for user 'guest'",
    ],
  ])('is refused: %s', (_why, exchange, refusal) => {
    const channel = withQueue();
    channel.world.permissions.revoke('write', 'exchange', 'amq.fanout');
    const [code, message] = refusal.split('|');
    expect(() => channel.publish(exchange, 'k', 'm')).toThrow(expect.objectContaining({ code: Number(code), message }));
  });

  test('with immediate is not implemented', () => {
    expect(() => withQueue().publish('', 'q', 'm', { immediate: true })).toThrow('NOT_IMPLEMENTED - immediate=true');
  });

  test('the same publish is refused once the permission is gone', () => {
    const channel = withQueue();
    channel.publish('amq.direct', 'k', 'm');
    channel.world.permissions.revoke('write', 'exchange', 'amq.direct');
    expect(() => channel.publish('amq.direct', 'k', 'm')).toThrow('ACCESS_REFUSED - write access to exchange');
  });

  test('the same publish follows an exchange that is deleted and declared again', () => {
    const channel = withQueue();
    const { vhost, owner } = channel.world;
    for (const method of [declareExchange('x'), bind('q', 'x')]) channel.send(method);
    channel.publish('x', 'k', 'one');
    vhost.deleteExchange(owner, 'x', { ifUnused: false });
    expect(() => channel.publish('x', 'k', 'lost')).toThrow("NOT_FOUND - no exchange 'x' in vhost '/'");
    channel.send(declareExchange('x'));
    channel.publish('x', 'k', 'lost');
    channel.send(bind('q', 'x'));
    channel.publish('x', 'k', 'two');
    expect(vhost.findQueue('q')?.readyCount).toBe(2);
  });
});

describe('content that comes later than its method', () => {
  test('goes where the exchange sends it when it is complete', () => {
    const channel = withQueue();
    const { broker, vhost, owner } = channel.world;
    channel.send({ name: 'basic.publish', exchange: '', routingKey: 'q', mandatory: true, immediate: false });
    channel.header(contentHeader(4));
    vhost.deleteQueue(owner, 'q', { ifUnused: false, ifEmpty: false });
    channel.body(Buffer.from('body'));
    expect(channel.written()).toEqual(["basic.return 312 NO_ROUTE  q 'body'"]);
    expect(broker.messages.stats.blocks).toBe(0);
  });

  test('keeps its properties when only a part of the body came with them', () => {
    const channel = withQueue();
    channel.send({ name: 'basic.publish', exchange: '', routingKey: 'q', mandatory: false, immediate: false });
    channel.headerWithPiece(contentHeader(10, { messageId: 'kept' }), Buffer.from('0123'));
    channel.body(Buffer.from('456789'));
    channel.send(consume('q'));
    expect(channel.turnAndTake()).toEqual(["basic.deliver c 1  q kept '0123456789'"]);
  });

  test('is refused when the exchange has gone', () => {
    const channel = withQueue();
    const { vhost, owner } = channel.world;
    channel.send(declareExchange('x'));
    channel.send({ name: 'basic.publish', exchange: 'x', routingKey: 'k', mandatory: false, immediate: false });
    channel.header(contentHeader(100_000));
    channel.body(new Uint8Array(99_999));
    vhost.deleteExchange(owner, 'x', { ifUnused: false });
    expect(() => channel.body(new Uint8Array(1))).toThrow("NOT_FOUND - no exchange 'x' in vhost '/'");
  });

  test('is forgotten when the channel closes before it is complete', () => {
    const channel = withQueue();
    channel.send({ name: 'basic.publish', exchange: '', routingKey: 'q', mandatory: false, immediate: false });
    channel.header(contentHeader(100));
    channel.body(new Uint8Array(99));
    channel.channel.close();
    expect(channel.world.vhost.findQueue('q')?.readyCount).toBe(0);
  });
});

describe('frames out of place', () => {
  const publish: Method = { name: 'basic.publish', exchange: '', routingKey: 'q', mandatory: false, immediate: false };
  const header = (channel: TestChannel) => channel.header(contentHeader(2));
  const body = (channel: TestChannel) => channel.body(Buffer.from('m'));

  test.each([
    [
      'a method instead of a header',
      [],
      (c: TestChannel) => c.send(ack(1)),
      'expected content header for class 60, got non content header frame instead',
    ],
    [
      'a body instead of a header',
      [],
      body,
      'expected content header for class 60, got non content header frame instead',
    ],
    [
      'a method instead of a body',
      [header],
      (c: TestChannel) => c.send(publish),
      'expected content body, got non content body frame instead',
    ],
    ['a second header', [header], header, 'expected content body, got non content body frame instead'],
    [
      'a header for another class',
      [],
      (c: TestChannel) => c.header(contentHeader(1, {}, 50)),
      'expected content header for class 60, got one for class 50 instead',
    ],
    [
      'more body than announced',
      [header, body],
      (c: TestChannel) => c.body(Buffer.from('mm')),
      'content body is larger than its header announced',
    ],
    ['a header after the message', [header, body, body], header, 'expected method frame, got non method frame instead'],
    ['a body after the message', [header, body, body], body, 'expected method frame, got non method frame instead'],
  ] as const)('%s', (_what, before, action, text) => {
    const channel = withQueue();
    channel.send(publish);
    for (const step of before) step(channel);
    const refusal = expect.objectContaining({ code: 505, message: `UNEXPECTED_FRAME - ${text}`, endsConnection: true });
    expect(() => action(channel)).toThrow(refusal);
  });

  test('a message above the limit is refused by its header', () => {
    const channel = withQueue();
    channel.send(publish);
    expect(() => channel.header(contentHeader(1_000_001))).toThrow(
      'PRECONDITION_FAILED - message size 1000001 is larger than configured max size 1000000',
    );
  });

  test.each([
    ['publish that is cut short', 'basic.publish', [0, 0, 1, 0x61, 5, 0x62, 0]],
    ['publish with something behind it', 'basic.publish', [0, 0, 0, 1, 0x71, 0, 0]],
    ['ack that is cut short', 'basic.ack', [0, 0, 0, 0, 0, 0, 0, 1]],
    ['nack with something behind it', 'basic.nack', [0, 0, 0, 0, 0, 0, 0, 1, 0, 0]],
    ['get that is cut short', 'basic.get', [0, 0, 5, 0x71]],
  ] as const)('a %s is shown as the bytes that cannot be decoded', (_which, name, fields) => {
    const refusal = { code: 501, message: `FRAME_ERROR - cannot decode <<${fields.join(',')}>>`, endsConnection: true };
    expect(() => withQueue().raw(METHOD_IDS[name], Buffer.from(fields))).toThrow(expect.objectContaining(refusal));
  });

  test.each([
    ['cut short', [0x80, 0, 9, 0x61]],
    ['with bytes behind them', [0x10, 0, 2, 0]],
    ['without all of their flags', [0x80]],
    ['with headers that are none', [0x20, 0, 0, 0, 0, 3, 1, 0x61, 0x3f]],
    ['with headers of a nested table that is cut short', [0x20, 0, 0, 0, 0, 8, 1, 0x61, 0x46, 0, 0, 0, 1, 9]],
  ])('properties %s are refused at their header', (_which, properties) => {
    const channel = withQueue();
    channel.send(publish);
    const header = Buffer.concat([contentHeader(1).subarray(0, 12), Buffer.from(properties)]);
    expect(() => channel.header(header)).toThrow(CodecError);
  });

  test('a content header with a weight is none', () => {
    const channel = withQueue();
    channel.send(publish);
    const header = contentHeader(1);
    header[3] = 1;
    expect(() => channel.header(header)).toThrow('got non content header frame instead');
  });
});

describe('returns', () => {
  test('a mandatory message without a queue comes back, before its confirm', () => {
    const channel = confirming();
    channel.publish('amq.direct', 'nowhere', 'm', { mandatory: true, ...PERSISTENT });
    expect(channel.written()).toEqual(["basic.return 312 NO_ROUTE amq.direct nowhere 2 'm'"]);
    expect(channel.turnAndTake()).toEqual(['basic.ack 1']);
    expect(channel.answers).toBe(1);
  });

  test('what is not mandatory is dropped and confirmed', () => {
    const channel = confirming();
    channel.publish('amq.direct', 'nowhere', 'm');
    expect(channel.turnAndTake()).toEqual(['basic.ack 1']);
    expect(channel.world.vhost.counters).toEqual({ published: 1, unroutable: 1 });
  });
});

describe('settling', () => {
  /** A channel that was given three messages. */
  function given(): TestChannel {
    const channel = withQueue();
    channel.send(consume('q'));
    for (const body of ['a', 'b', 'c']) channel.publish('', 'q', body);
    channel.turnAndTake();
    return channel;
  }

  test.each([
    ['ack', ack(2), 2],
    ['ack multiple', ack(2, true), 1],
    ['ack of all', ack(0, true), 0],
    ['nack', { name: 'basic.nack', deliveryTag: 2, multiple: true, requeue: false }, 1],
    ['reject', { name: 'basic.reject', deliveryTag: 3, requeue: false }, 2],
  ] as const)('%s takes messages away for good', (_how, method, left) => {
    const channel = given();
    channel.send(method);
    channel.turn();
    expect([channel.written(), channel.channel.unacked.length]).toEqual([[], left]);
    expect(channel.world.broker.messages.stats.blocks).toBe(left);
  });

  test.each([
    ['nack', { name: 'basic.nack', deliveryTag: 0, multiple: true, requeue: true }],
    ['reject', { name: 'basic.reject', deliveryTag: 1, requeue: true }],
    ['recover-async', { name: 'basic.recover-async', requeue: true }],
  ] as const)('%s with requeue delivers again, with new tags', (_how, method) => {
    const channel = given();
    channel.send(method);
    expect(channel.turnAndTake()[0]).toBe("basic.deliver c 4 redelivered  q 'a'");
  });

  test.each([
    ['twice', [ack(1), ack(1)], 1],
    ['of the future', [ack(4)], 4],
    ['of the future, multiple', [ack(4, true)], 4],
    ['zero', [ack(0)], 0],
    ['settled, multiple', [ack(2), ack(2, true)], 2],
    ['beyond what a number holds', [ack(Number.POSITIVE_INFINITY)], 2n ** 64n - 1n],
  ] as const)('an unknown tag closes the channel: %s', (_which, methods, tag) => {
    const channel = given();
    const refusal = { code: 406, message: `PRECONDITION_FAILED - unknown delivery tag ${tag}`, endsConnection: false };
    expect(() => {
      for (const method of methods) channel.send(method);
    }).toThrow(expect.objectContaining(refusal));
  });

  test('a message that needed no ack cannot be acked', () => {
    const channel = withQueue();
    channel.send(consume('q', 'c', true));
    channel.publish('', 'q', 'm');
    channel.turn();
    expect(() => channel.send(ack(1))).toThrow('unknown delivery tag 1');
  });

  test('a channel that closes gives back what it held', () => {
    const channel = given();
    channel.channel.close();
    const other = new TestChannel({ world: channel.world, number: 2 });
    other.send(consume('q'));
    expect(other.turnAndTake()[0]).toBe("basic.deliver c 1 redelivered  q 'a'");
    expect(channel.turnAndTake()).toEqual([]);
  });
});
