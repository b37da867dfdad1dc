/** `amqplib`, the client most Node.js programs use, against the broker: publish, consume, confirm, get, return. */

import amqplib, { type Channel, type ChannelModel, type ConfirmChannel, type ConsumeMessage } from 'amqplib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startBroker, type TestBroker } from '../support/broker.ts';
import { FrameTap } from '../support/frame-tap.ts';
import { Arrivals } from './arrivals.ts';

const QUEUE = 'leveret.amqplib';

let broker: TestBroker;
let connection: ChannelModel;
let channel: Channel;

beforeAll(async () => {
  broker = await startBroker();
});
afterAll(async () => await broker?.stop());
beforeEach(async () => {
  connection = await amqplib.connect(broker.url);
  channel = await connection.createChannel();
  await channel.deleteQueue(QUEUE);
  await channel.assertQueue(QUEUE, { durable: false });
});
afterEach(async () => await connection.close());

/** Publishes and waits for the broker's confirms, so that what follows finds the messages in the queue. */
async function publishConfirmed(bodies: readonly string[]): Promise<void> {
  const publisher = await connection.createConfirmChannel();
  for (const body of bodies) publisher.sendToQueue(QUEUE, Buffer.from(body));
  await publisher.waitForConfirms();
  await publisher.close();
}

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `message ${index}`);
}

describe('publishing', () => {
  test('every confirm comes, and the messages are in the queue by then', async () => {
    await publishConfirmed(numbered(1000));
    expect(await channel.checkQueue(QUEUE)).toEqual({ queue: QUEUE, messageCount: 1000, consumerCount: 0 });
    expect(await channel.purgeQueue(QUEUE)).toEqual({ messageCount: 1000 });
  });

  test('properties and headers of every type arrive as they were sent', async () => {
    const properties = {
      contentType: 'text/plain',
      contentEncoding: 'utf-8',
      headers: {
        text: 'ä'.repeat(300),
        integer: 2 ** 40,
        negative: -7,
        fraction: 1.5,
        yes: true,
        nothing: null,
        list: [1, 'two', [3]],
        table: { inner: { innermost: 'x' } },
        bytes: Buffer.from([0, 255]),
      },
      deliveryMode: 2,
      priority: 5,
      correlationId: 'correlation',
      replyTo: 'reply',
      expiration: '600000',
      messageId: 'id',
      timestamp: 1_700_000_000,
      type: 'type',
      userId: broker.user,
      appId: 'app',
    };
    channel.sendToQueue(QUEUE, Buffer.from('body'), properties);
    const message = await channel.get(QUEUE, { noAck: true });
    expect(message).toMatchObject({ properties });
  });

  test('a mandatory message that no queue takes is returned before its confirm', async () => {
    const publisher = await connection.createConfirmChannel();
    const events: unknown[] = [];
    publisher.on('return', (message) => events.push([message.fields, message.content.toString()]));
    publisher.publish('', 'nowhere', Buffer.from('lost'), { mandatory: true }, () => events.push('confirmed'));
    await publisher.waitForConfirms();
    const fields = { replyCode: 312, replyText: 'NO_ROUTE', exchange: '', routingKey: 'nowhere' };
    expect(events).toEqual([[fields, 'lost'], 'confirmed']);
  });

  test('publishing to an exchange that does not exist closes the channel with 404, and only the channel', async () => {
    const publisher = await connection.createChannel();
    const closed = new Promise((resolve) => publisher.on('error', resolve));
    publisher.publish('no such exchange', '', Buffer.from('x'));
    expect(await closed).toMatchObject({ code: 404, classId: 60, methodId: 40 });
    expect(await closed).toMatchObject({
      message: expect.stringContaining("NOT_FOUND - no exchange 'no such exchange' in vhost '/'"),
    });
    expect(await channel.checkQueue(QUEUE)).toMatchObject({ messageCount: 0 });
  });

  test.each([0, 1, 4096, 131_064, 131_072, 5_000_000])('a body of %i bytes arrives unchanged', async (bytes) => {
    const body = Buffer.alloc(bytes);
    for (let index = 0; index < bytes; index++) body[index] = (index * 31 + (index >> 8)) & 255;
    const messages = new Arrivals<ConsumeMessage>();
    await channel.consume(QUEUE, messages.push, { noAck: true });
    channel.sendToQueue(QUEUE, body);
    const message = await messages.next();
    expect(message.content.equals(body)).toBe(true);
  });
});

describe('consuming', () => {
  test('messages come in the order sent, and acknowledged ones are gone', async () => {
    await publishConfirmed(numbered(500));
    const messages = new Arrivals<ConsumeMessage>();
    const { consumerTag } = await channel.consume(QUEUE, messages.push);
    const received = await messages.take(500);
    expect(received.map((message) => message.content.toString())).toEqual(numbered(500));
    expect(received.map((message) => message.fields.deliveryTag)).toEqual(received.map((_, index) => index + 1));
    expect(new Set(received.map((message) => message.fields.consumerTag))).toEqual(new Set([consumerTag]));
    channel.ackAll();
    await channel.cancel(consumerTag);
    await channel.recover();
    expect(await channel.checkQueue(QUEUE)).toMatchObject({ messageCount: 0, consumerCount: 0 });
  });

  test('with a prefetch of 3, three are unacknowledged at most and each ack brings the next', async () => {
    await publishConfirmed(numbered(10));
    await channel.prefetch(3);
    const messages = new Arrivals<ConsumeMessage>();
    await channel.consume(QUEUE, messages.push);
    const [first] = await messages.take(3);
    expect(await channel.checkQueue(QUEUE)).toMatchObject({ messageCount: 7 });
    channel.ack(first as ConsumeMessage);
    expect((await messages.next()).content.toString()).toBe('message 3');
    expect(await channel.checkQueue(QUEUE)).toMatchObject({ messageCount: 6 });
    expect(messages.waiting).toBe(0);
  });

  test('two consumers take turns', async () => {
    const [left, right] = [new Arrivals<ConsumeMessage>(), new Arrivals<ConsumeMessage>()];
    await channel.consume(QUEUE, left.push, { noAck: true });
    await channel.consume(QUEUE, right.push, { noAck: true });
    await publishConfirmed(numbered(10));
    expect((await left.take(5)).length + (await right.take(5)).length).toBe(10);
  });

  test('a nacked message comes back marked as redelivered; a rejected one without requeue is gone', async () => {
    await publishConfirmed(['again', 'never']);
    const messages = new Arrivals<ConsumeMessage>();
    await channel.prefetch(1);
    await channel.consume(QUEUE, messages.push);
    const first = await messages.next();
    expect(first.fields.redelivered).toBe(false);
    channel.nack(first, false, true);
    const second = await messages.next();
    expect([second.content.toString(), second.fields.redelivered]).toEqual(['again', true]);
    channel.ack(second);
    channel.reject(await messages.next(), false);
    await publishConfirmed(['last']);
    expect((await messages.next()).content.toString()).toBe('last');
  });

  test('what a closed channel had not acknowledged goes back to its place in the queue', async () => {
    await publishConfirmed(numbered(5));
    const consumer = await connection.createChannel();
    const messages = new Arrivals<ConsumeMessage>();
    await consumer.consume(QUEUE, messages.push);
    const received = await messages.take(5);
    consumer.ack(received[1] as ConsumeMessage);
    await consumer.close();
    const again: string[] = [];
    for (let message = await channel.get(QUEUE); message !== false; message = await channel.get(QUEUE)) {
      expect(message.fields.redelivered).toBe(true);
      again.push(message.content.toString());
    }
    expect(again).toEqual(['message 0', 'message 2', 'message 3', 'message 4']);
  });

  test('a consumer is told by a null message when its queue is deleted', async () => {
    const cancelled = new Promise((resolve) => {
      void channel.consume(QUEUE, resolve, { noAck: true });
    });
    const deleter = await connection.createChannel();
    await deleter.checkQueue(QUEUE);
    await deleter.deleteQueue(QUEUE);
    expect(await cancelled).toBeNull();
  });
});

describe('get', () => {
  test('gives one message with the count of those left, and false when there is none', async () => {
    await publishConfirmed(['a', 'b']);
    const first = await channel.get(QUEUE);
    expect(first).toMatchObject({ fields: { messageCount: 1, redelivered: false, exchange: '', routingKey: QUEUE } });
    await channel.get(QUEUE, { noAck: true });
    expect(await channel.get(QUEUE)).toBe(false);
    if (first !== false) channel.nack(first);
    expect(await channel.get(QUEUE)).toMatchObject({ fields: { messageCount: 0, redelivered: true } });
  });
});

describe('routing', () => {
  test.each([
    { type: 'direct', key: 'a.b', expected: ['exact'] },
    { type: 'topic', key: 'a.b', expected: ['all', 'exact', 'star'] },
    { type: 'topic', key: 'a.b.c', expected: ['all'] },
    { type: 'fanout', key: 'x', expected: ['all', 'exact', 'other', 'star'] },
  ])('$type exchange, key $key: $expected', async ({ type, key, expected }) => {
    const exchange = `leveret.${type}`;
    await channel.deleteExchange(exchange);
    await channel.assertExchange(exchange, type, { durable: false });
    const bindings = { all: '#', exact: 'a.b', star: '*.b', other: 'c.*' };
    const queues = new Map<string, string>();
    for (const [name, bindingKey] of Object.entries(bindings)) {
      const { queue } = await channel.assertQueue('', { exclusive: true });
      await channel.bindQueue(queue, exchange, bindingKey);
      queues.set(name, queue);
    }
    channel.publish(exchange, key, Buffer.from('x'));
    const reached: string[] = [];
    for (const [name, queue] of queues) if ((await channel.checkQueue(queue)).messageCount === 1) reached.push(name);
    await channel.deleteExchange(exchange);
    expect(reached.sort()).toEqual(expected);
  });

  test('an unbound queue gets nothing more', async () => {
    await channel.bindQueue(QUEUE, 'amq.direct', 'leveret.key');
    channel.publish('amq.direct', 'leveret.key', Buffer.from('bound'));
    await channel.unbindQueue(QUEUE, 'amq.direct', 'leveret.key');
    channel.publish('amq.direct', 'leveret.key', Buffer.from('unbound'));
    expect(await channel.checkQueue(QUEUE)).toMatchObject({ messageCount: 1 });
  });
});

describe('connections and channels', () => {
  test('200 channels of one connection publish, confirm and consume side by side', async () => {
    const channels: ConfirmChannel[] = [];
    for (let index = 0; index < 200; index++) channels.push(await connection.createConfirmChannel());
    const received = await Promise.all(
      channels.map(async (each, index) => {
        const { queue } = await each.assertQueue('', { exclusive: true });
        const messages = new Arrivals<ConsumeMessage>();
        await each.consume(queue, messages.push, { noAck: true });
        for (let copy = 0; copy < 5; copy++) each.sendToQueue(queue, Buffer.from(`${index}`));
        await each.waitForConfirms();
        return (await messages.take(5)).map((message) => Number(message.content.toString()));
      }),
    );
    expect(received).toEqual(channels.map((_, index) => new Array(5).fill(index)));
  });

  test('an idle connection with a heartbeat of one second gets heartbeats and lives on', async () => {
    const tap = await FrameTap.open(broker);
    const { user: username, password } = broker;
    const idle = await amqplib.connect({ hostname: '127.0.0.1', port: tap.port, username, password, heartbeat: 1 });
    await tap.passed('heartbeat of the broker', 4);
    await expect(idle.createChannel()).resolves.toBeDefined();
    await idle.close();
    tap.close();
  });

  test('a wrong password is refused with ACCESS_REFUSED', async () => {
    const url = new URL(broker.url);
    url.password = 'wrong';
    await expect(amqplib.connect(url.href)).rejects.toThrow(/ACCESS.REFUSED/);
  });

  test('a second ack of a delivery tag closes the channel with 406', async () => {
    await publishConfirmed(['once']);
    const consumer = await connection.createChannel();
    const closed = new Promise((resolve) => consumer.on('error', resolve));
    const message = await consumer.get(QUEUE);
    if (message === false) throw new Error('the queue is empty');
    consumer.ack(message);
    consumer.ack(message);
    expect(await closed).toMatchObject({
      code: 406,
      classId: 60,
      methodId: 80,
      message: expect.stringContaining('PRECONDITION_FAILED - unknown delivery tag 1'),
    });
  });
});
