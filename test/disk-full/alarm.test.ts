/** A broker whose small disk fills up: publishers wait, nothing is lost, and all goes on when there is room. */

import amqplib, { type ConfirmChannel } from 'amqplib';
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
  const connection = await amqplib.connect(url);
  const blocked = new Promise<string>((resolve) => connection.once('blocked', resolve));
  const unblocked = new Promise<void>((resolve) => connection.once('unblocked', () => resolve()));
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue('q', { durable: true });
  return { channel, blocked, unblocked };
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
});
