/**
 * The founding documents' restart (002, "test that the queue is durable"; 001 and 003 say the same): what was declared
 * durable is there afterwards. Definitions only, over real connections, and kept in memory instead of on disk.
 */

import amqplib, { type Channel, type ChannelModel } from 'amqplib';
import { afterEach, expect, test } from 'vitest';
import { configure } from '../../src/server/config/configuration.ts';
import { silentLogLines } from '../../src/server/log-lines.ts';
import { type RunningBroker, startBroker } from '../../src/server/start-broker.ts';
import { storageOf } from '../support/restarted-node.ts';

/** A broker that can be started again with what its log kept. */
class Restarting {
  readonly #kept: Uint8Array[] = [];
  readonly #connections: ChannelModel[] = [];
  #broker: RunningBroker | undefined;

  get broker(): RunningBroker {
    if (this.#broker === undefined) throw new Error('the broker is not running');
    return this.#broker;
  }

  async start(): Promise<void> {
    const configuration = configure([{ key: 'listeners.tcp.default', value: '127.0.0.1:0' }]);
    this.#broker = await startBroker({ configuration, logLines: silentLogLines, storage: storageOf(this.#kept) });
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  async stop(): Promise<void> {
    for (const connection of this.#connections.splice(0)) await connection.close();
    await this.#broker?.stop();
  }

  async channel(password = 'guest'): Promise<Channel> {
    const connection = await amqplib.connect(`amqp://guest:${password}@127.0.0.1:${this.broker.port}`);
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

test('who has changed the password of guest needs the new one after a restart', async () => {
  await world.start();
  await world.broker.users.setPassword('guest', 'secret');
  await world.restart();

  await expect(world.channel('guest')).rejects.toThrow('ACCESS_REFUSED');
  await expect(world.channel('secret')).resolves.toBeDefined();
});
