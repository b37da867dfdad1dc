/** `@cloudamqp/amqp-client` against the broker. */

import { AMQPClient, AMQPError, type AMQPMessage } from '@cloudamqp/amqp-client';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { startBroker, type TestBroker } from '../support/broker.ts';
import { Arrivals } from './arrivals.ts';

let broker: TestBroker;
let client: AMQPClient;

beforeAll(async () => {
  broker = await startBroker();
});
afterAll(async () => await broker?.stop());
beforeEach(async () => {
  client = new AMQPClient(broker.url);
  await client.connect();
});
afterEach(async () => await client.close());

test('a hundred confirmed messages are consumed in order with a prefetch of seven', async () => {
  const channel = await client.channel();
  await channel.confirmSelect();
  await channel.prefetch(7);
  const { name } = await channel.queueDeclare('', { exclusive: true });
  const tags = await Promise.all(
    Array.from({ length: 100 }, async (_, index) => await channel.basicPublish('', name, `${index}`)),
  );
  expect(Math.max(...tags)).toBe(100);
  const messages = new Arrivals<AMQPMessage>();
  await channel.basicConsume(name, { noAck: false }, messages.push);
  for (let index = 0; index < 100; index++) {
    const message = await messages.next();
    expect(message.bodyString()).toBe(`${index}`);
    await message.ack();
  }
});

test('a message survives its properties and a body of several frames', async () => {
  const channel = await client.channel();
  const { name } = await channel.queueDeclare('', { exclusive: true });
  const body = new Uint8Array(300_000).fill(7);
  const headers = { text: 'ä', number: 12, list: [1, 'two'], table: { inner: true }, nothing: null };
  await channel.basicPublish('', name, body, {
    headers,
    contentType: 'application/octet-stream',
    deliveryMode: 2,
    priority: 4,
  });
  const message = await channel.basicGet(name, { noAck: true });
  if (message === null) throw new Error('the queue is empty');
  expect(message.properties).toMatchObject({ headers, contentType: 'application/octet-stream', priority: 4 });
  expect(message.bodySize).toBe(body.length);
  expect(message.body).toEqual(body);
});

test('what no queue takes is returned', async () => {
  const channel = await client.channel();
  const returned = new Arrivals<AMQPMessage>();
  channel.onReturn = returned.push;
  await channel.basicPublish('', 'leveret.nowhere', 'lost', {}, true);
  const message = await returned.next();
  expect(message).toMatchObject({ replyCode: 312, replyText: 'NO_ROUTE', routingKey: 'leveret.nowhere' });
});

test('a refusal closes the channel with its text, the connection stays', async () => {
  const channel = await client.channel();
  const refused = channel.queueDeclare('leveret.missing', { passive: true });
  await expect(refused).rejects.toThrow(AMQPError);
  await expect(refused).rejects.toThrow("NOT_FOUND - no queue 'leveret.missing' in vhost '/'");
  expect((await client.channel()).closed).toBe(false);
});

test('a committed transaction publishes, a rolled back one does not', async () => {
  const channel = await client.channel();
  const { name } = await channel.queueDeclare('', { exclusive: true });
  await channel.txSelect();
  await channel.basicPublish('', name, 'rolled back');
  await channel.txRollback();
  await channel.basicPublish('', name, 'committed');
  expect((await channel.queueDeclare(name, { passive: true })).messageCount).toBe(0);
  await channel.txCommit();
  expect((await channel.basicGet(name, { noAck: true }))?.bodyString()).toBe('committed');
  expect(await channel.basicGet(name)).toBeNull();
});

test('exchanges are bound to exchanges and to queues by headers', async () => {
  const channel = await client.channel();
  const { name } = await channel.queueDeclare('', { exclusive: true });
  await channel.exchangeDeclare('leveret.cloudamqp.in', 'fanout', { durable: false, autoDelete: true });
  await channel.exchangeDeclare('leveret.cloudamqp.out', 'headers', { durable: false, autoDelete: true });
  await channel.exchangeBind('leveret.cloudamqp.out', 'leveret.cloudamqp.in', '');
  await channel.queueBind(name, 'leveret.cloudamqp.out', '', { 'x-match': 'all', kind: 'order', region: 'eu' });
  for (const region of ['us', 'eu']) {
    await channel.basicPublish('leveret.cloudamqp.in', '', region, { headers: { kind: 'order', region } });
  }
  expect((await channel.basicGet(name, { noAck: true }))?.bodyString()).toBe('eu');
  expect(await channel.basicGet(name)).toBeNull();
});
