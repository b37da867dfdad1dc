/** What durability costs, seen by what the log says of itself: bytes and syncs for what real clients publish. */

import { join } from 'node:path';
import { type ChannelModel, type ConfirmChannel, connect } from 'amqplib';
import { afterEach, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import type { LogMetrics } from '../storage/disk/open-log.ts';
import { createBroker } from './create-broker.ts';
import type { RunningBroker } from './start-broker.ts';

const KB = 1024;

let broker: RunningBroker | undefined;
afterEach(() => broker?.stop());

const lines: string[] = [];

/** A broker with a data directory, and a client. */
async function start(): Promise<{ running: RunningBroker; client: ChannelModel }> {
  lines.length = 0;
  const log = { info: (line: string) => void lines.push(line), warning: () => {}, error: () => {} };
  broker = await createBroker({ dataDir: join(temporaryFolder(), 'data'), log });
  return { running: broker, client: await connect(broker.url) };
}

function logOf(running: RunningBroker): LogMetrics {
  const { log } = running.metrics();
  if (log === undefined) throw new Error('the broker has no log');
  return log;
}

async function declareQueues(channel: ConfirmChannel, count: number): Promise<string[]> {
  const names = Array.from({ length: count }, (_, index) => `q${index}`);
  await Promise.all(names.map((name) => channel.assertQueue(name, { durable: true })));
  return names;
}

describe('a broker with a data directory', () => {
  test('writes a persistent message once, however many durable queues it goes to', async () => {
    const { running, client } = await start();
    const channel = await client.createConfirmChannel();
    const queues = await declareQueues(channel, 10);
    await channel.assertExchange('fan', 'fanout', { durable: true });
    await Promise.all(queues.map((queue) => channel.bindQueue(queue, 'fan', '')));
    const before = logOf(running);
    for (let count = 0; count < 1000; count++)
      channel.publish('fan', '', Buffer.alloc(KB, count), { persistent: true });
    await channel.waitForConfirms();

    const after = logOf(running);
    expect(after.published - before.published).toBe(1000);
    const writtenBytes = after.writtenBytes - before.writtenBytes;
    expect(writtenBytes).toBeGreaterThan(1000 * KB);
    expect(writtenBytes).toBeLessThan(1.35 * 1000 * KB);
    expect((await channel.checkQueue('q9')).messageCount).toBe(1000);
  });

  test('syncs once for all that a thousand queues get at a time', async () => {
    const { running, client } = await start();
    const queues = await declareQueues(await client.createConfirmChannel(), 1000);
    const channels = await Promise.all(queues.slice(0, 10).map(() => client.createConfirmChannel()));
    const before = logOf(running);
    for (const [index, queue] of queues.entries()) {
      channels[index % 10]?.sendToQueue(queue, Buffer.alloc(KB), { persistent: true });
    }
    await Promise.all(channels.map((channel) => channel.waitForConfirms()));

    const after = logOf(running);
    expect(after.published - before.published).toBe(1000);
    const batches = after.batches - before.batches;
    expect(after.syncs.count - before.syncs.count).toBe(batches);
    expect(batches).toBeLessThan(100);
  });

  test('tells how long its turns and syncs take, and at its end what the log wrote', async () => {
    const { running, client } = await start();
    const channel = await client.createConfirmChannel();
    const [queue = ''] = await declareQueues(channel, 1);
    channel.sendToQueue(queue, Buffer.alloc(100 * KB), { persistent: true });
    await channel.waitForConfirms();

    const { turns, log } = running.metrics();
    expect(turns.count).toBeGreaterThan(0);
    for (const times of [turns, log?.syncs]) {
      expect(times?.maxMs).toBeGreaterThan(0);
      expect(times?.totalMs).toBeGreaterThanOrEqual(times?.maxMs ?? 0);
    }
    expect(log?.publishedBytes).toBeGreaterThan(100 * KB);
    await running.stop();
    expect(lines.at(-1)).toMatch(
      /^the log wrote 0\.1 MB for 0\.1 MB published, of which 0\.0 MB for the second time; /,
    );
  });
});
