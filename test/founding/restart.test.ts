/**
 * The founding documents' restart (002, "test that the queue is durable"; 001 and 003 say the same): what was declared
 * durable is there afterwards, with its persistent messages; all else is gone. Over real connections, with a real folder.
 */

import amqplib, { type Channel, type ChannelModel } from 'amqplib';
import { afterEach, expect, test } from 'vitest';
import { createBroker } from '../../src/server/create-broker.ts';
import type { RunningBroker } from '../../src/server/start-broker.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** A broker that can be started again in the same folder. */
class Restarting {
  readonly #connections: ChannelModel[] = [];
  #dataDir = '';
  #broker: RunningBroker | undefined;

  get broker(): RunningBroker {
    if (this.#broker === undefined) throw new Error('the broker is not running');
    return this.#broker;
  }

  async start(): Promise<void> {
    this.#dataDir = temporaryFolder();
    this.#broker = await createBroker({ dataDir: this.#dataDir });
  }

  async restart(): Promise<void> {
    await this.stop();
    this.#broker = await createBroker({ dataDir: this.#dataDir });
  }

  async stop(): Promise<void> {
    for (const connection of this.#connections.splice(0)) await connection.close().catch(() => undefined);
    await this.#broker?.stop();
    this.#broker = undefined;
  }

  async channel(password = 'guest'): Promise<Channel> {
    const connection = await amqplib.connect(`amqp://guest:${password}@127.0.0.1:${this.broker.port}`);
    connection.on('error', () => {});
    this.#connections.push(connection);
    const channel = await connection.createChannel();
    channel.on('error', () => {});
    return channel;
  }
}

const world = new Restarting();
afterEach(async () => await world.stop());

test('a durable queue is there after a restart, with its binding, and one that is not durable is gone', async () => {
  await world.start();
  const channel = await world.channel();
  await channel.assertQueue('hello1', { durable: true });
  await channel.assertQueue('hello', { durable: false });
  await channel.assertExchange('direct_logs', 'direct', { durable: true });
  await channel.bindQueue('hello1', 'direct_logs', 'info');
  await channel.bindQueue('hello', 'direct_logs', 'info');
  await world.restart();
  const after = await world.channel();

  expect(await after.checkQueue('hello1')).toEqual({ queue: 'hello1', messageCount: 0, consumerCount: 0 });
  after.publish('direct_logs', 'info', Buffer.from('Hello World!'));
  expect(await after.get('hello1', { noAck: true })).toMatchObject({ content: Buffer.from('Hello World!') });
  await expect(after.checkQueue('hello')).rejects.toThrow("NOT_FOUND - no queue 'hello' in vhost '/'");
});

test('persistent messages of a durable queue are there after a restart, in order and as they were', async () => {
  await world.start();
  const channel = await world.channel();
  await channel.assertQueue('task', { durable: true });
  const headers = { retries: 3, from: 'producer' };
  for (const body of ['first', 'second', 'third']) {
    channel.sendToQueue('task', Buffer.from(body), { persistent: true, headers, contentType: 'text/plain' });
  }
  await channel.checkQueue('task');
  await world.restart();
  const after = await world.channel();

  expect(await after.checkQueue('task')).toMatchObject({ messageCount: 3 });
  const got = [];
  for (let count = 0; count < 3; count++) got.push(await after.get('task'));
  expect(got.map((message) => typeof message === 'object' && message.content.toString())).toEqual([
    'first',
    'second',
    'third',
  ]);
  expect(got[0]).toMatchObject({
    fields: { exchange: '', routingKey: 'task', redelivered: false },
    properties: { headers, contentType: 'text/plain', deliveryMode: 2 },
  });
});

test('a transient message is gone, and the durable queue that had it is empty', async () => {
  await world.start();
  const channel = await world.channel();
  await channel.assertQueue('task', { durable: true });
  channel.sendToQueue('task', Buffer.from('transient'), { persistent: false });
  expect(await channel.checkQueue('task')).toMatchObject({ messageCount: 1 });
  await world.restart();

  expect(await (await world.channel()).checkQueue('task')).toMatchObject({ messageCount: 0 });
});

test('a message that was delivered and not acknowledged comes back redelivered, one that was does not', async () => {
  await world.start();
  const channel = await world.channel();
  await channel.assertQueue('task', { durable: true });
  for (const body of ['done', 'open', 'untouched'])
    channel.sendToQueue('task', Buffer.from(body), { persistent: true });
  const done = await channel.get('task');
  const open = await channel.get('task');
  if (done === false || open === false) throw new Error('the queue is empty');
  channel.ack(done);
  await channel.checkQueue('task');
  await world.restart();
  const after = await world.channel();

  const left = [];
  for (let count = 0; count < 3; count++) {
    const message = await after.get('task');
    left.push(message === false ? false : [message.content.toString(), message.fields.redelivered]);
  }
  expect(left).toEqual([['open', true], ['untouched', false], false]);
});

test('a body that is larger than a batch is there after a restart', async () => {
  await world.start();
  const channel = await world.channel();
  await channel.assertQueue('large', { durable: true });
  const body = Buffer.alloc(9 * 1024 * 1024, 'a large body ');
  channel.sendToQueue('large', body, { persistent: true });
  await channel.checkQueue('large');
  await world.restart();

  const got = await (await world.channel()).get('large');
  expect(got !== false && got.content.equals(body)).toBe(true);
});

test('who has changed the password of guest needs the new one after a restart', async () => {
  await world.start();
  await world.broker.users.setPassword('guest', 'secret');
  await world.restart();

  await expect(world.channel('guest')).rejects.toThrow('ACCESS_REFUSED');
  await expect(world.channel('secret')).resolves.toBeDefined();
});
