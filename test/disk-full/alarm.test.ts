/**
 * A broker whose small disk fills up: publishers wait, nothing is lost, and all goes on when there is room, which comes back
 * by consuming alone.
 */

import amqplib, { type ChannelModel, type ConfirmChannel } from 'amqplib';
import { afterEach, describe, expect, test } from 'vitest';
import { FloodedBroker } from '../support/flooded-broker.ts';
import { canMakeSmallDisk, smallDisk } from './small-disk.ts';

const SIZE_MB = 150;
const SEGMENT = 'message_store.segment_size=1MiB';
const BODY_BYTES = 10_000;

let broker: FloodedBroker | undefined;
afterEach(() => broker?.stop());

async function start(dataDir: string, ...settings: readonly string[]): Promise<FloodedBroker> {
  broker = await FloodedBroker.start({ dataDir, settings: [SEGMENT, ...settings] });
  return broker;
}

/** A channel with confirms and a durable queue, and a promise of what its connection is told when it is blocked. */
async function publisher({ url }: FloodedBroker) {
  const connection = await connect(url);
  const blocked = new Promise<string>((resolve) => connection.once('blocked', resolve));
  const unblocked = new Promise<void>((resolve) => connection.once('unblocked', () => resolve()));
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue('q', { durable: true });
  return { channel, blocked, unblocked };
}

/** A broker that is killed is no error. */
async function connect(url: string): Promise<ChannelModel> {
  const connection = await amqplib.connect(url);
  connection.on('error', () => undefined);
  return connection;
}

function publish(channel: ConfirmChannel, count: number): Promise<void> {
  for (let message = 0; message < count; message++) {
    channel.sendToQueue('q', Buffer.alloc(BODY_BYTES, message), { persistent: true });
  }
  return channel.waitForConfirms();
}

describe.runIf(canMakeSmallDisk)('a disk that fills up', () => {
  test('blocks publishers as soon as the limit is reached, until there is room again', async () => {
    const disk = smallDisk(SIZE_MB);
    const running = await start(`${disk.folder}/data`);
    const { channel, blocked, unblocked } = await publisher(running);
    await publish(channel, 10);
    disk.fill();
    await running.lines(/^.*Free disk space is insufficient\. Free bytes: \d+\. Limit: 51048576$/);
    const rest = publish(channel, 10);
    expect(await blocked).toBe('low on disk');
    disk.free();
    await unblocked;
    await rest;
    expect((await channel.checkQueue('q')).messageCount).toBe(20);
    await running.lines(/disk resource limit alarm cleared/);
  });

  test('blocks them by a write that finds no space, if there is no limit, and confirms all when it does', async () => {
    const disk = smallDisk(SIZE_MB);
    const running = await start(`${disk.folder}/data`, 'disk_free_limit.absolute=0');
    const { channel, blocked, unblocked } = await publisher(running);
    disk.fill();
    const all = publish(channel, 1000);
    await running.lines(/there is no room on the disk: .*ENOSPC/);
    await running.lines(/disk resource limit alarm set on node/);
    expect(await blocked).toBe('low on disk');
    disk.free();
    await unblocked;
    await all;
    expect((await channel.checkQueue('q')).messageCount).toBe(1000);
  });

  test('has room again when all is consumed, and what was acknowledged does not come back', {
    timeout: 90_000,
  }, async () => {
    const disk = smallDisk(SIZE_MB);
    const running = await start(`${disk.folder}/data`, 'disk_free_limit.absolute=0');
    const { channel, blocked, unblocked } = await publisher(running);
    const all = publish(channel, SIZE_MB * 100);
    expect(await blocked).toBe('low on disk');
    await consume(running, SIZE_MB * 100);
    await unblocked;
    await all;
    // Confirmed after the acknowledgements.
    await publish(channel, 1);
    await running.kill();

    const restarted = await start(`${disk.folder}/data`, 'disk_free_limit.absolute=0');
    const again = await publisher(restarted);
    expect((await again.channel.checkQueue('q')).messageCount).toBe(1);
    await publish(again.channel, 100);
    expect((await again.channel.checkQueue('q')).messageCount).toBe(101);
  });
});

/** Takes and acknowledges so many messages. */
async function consume({ url }: FloodedBroker, count: number): Promise<void> {
  const connection = await connect(url);
  const channel = await connection.createChannel();
  let left = count;
  await channel.prefetch(500);
  await new Promise<void>((resolve) => {
    void channel.consume('q', (message) => {
      if (message !== null) channel.ack(message);
      if (--left === 0) resolve();
    });
  });
  // In this order: a connection's close may overtake its channels' acknowledgements in this client.
  await channel.close();
  await connection.close();
}
