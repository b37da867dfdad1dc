/**
 * Data of older programs opens, with all that is in it; data of newer ones is refused in words. Whoever changes a form of
 * the files adds a directory, and never changes one that is there.
 */

import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ConfirmChannel, connect } from 'amqplib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { NEVER_MS } from '../../src/core/messages.ts';
import { createBroker } from '../../src/server/create-broker.ts';
import { checkDirectory } from '../../src/server/fsck.ts';
import { ReadOnlyDisk } from '../../src/server/read-only-disk.ts';
import type { RunningBroker } from '../../src/server/start-broker.ts';
import { checksum } from '../../src/storage/disk/batch-format.ts';
import { readRecords } from '../../src/storage/disk/record-codec.ts';
import { SegmentScan } from '../../src/storage/disk/segment-scan.ts';
import { segmentNumber } from '../../src/storage/disk/segments.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { type Heads, headsIn } from './message-heads.ts';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const DIRECTORIES = readdirSync(FOLDER).filter((name) => name.startsWith('directory-'));

/** A copy that may be changed. */
function copyOf(name: string): string {
  const folder = join(temporaryFolder(), 'data');
  cpSync(join(FOLDER, name), folder, { recursive: true });
  return folder;
}

async function brokerOn(dataDir: string): Promise<RunningBroker> {
  const broker = await createBroker({ dataDir, bind: '127.0.0.1' });
  onTestFinished(() => broker.stop());
  return broker;
}

async function channelTo(broker: RunningBroker, vhost: string): Promise<ConfirmChannel> {
  const connection = await connect(`${broker.url}/${vhost}`);
  onTestFinished(() => connection.close());
  return await connection.createConfirmChannel();
}

/** All messages of a queue. */
async function contentsOf(channel: ConfirmChannel, queue: string): Promise<string[]> {
  const bodies: string[] = [];
  const { messageCount } = await channel.checkQueue(queue);
  while (bodies.length < messageCount) {
    const message = await channel.get(queue, { noAck: true });
    if (message !== false) bodies.push(`${message.content} ${message.properties.headers?.number}`);
  }
  return bodies;
}

/** The kinds of records that segments hold. */
function kindsIn(dataDir: string): string[] {
  const disk = new ReadOnlyDisk(dataDir);
  const kinds = new Set<string>();
  for (const name of disk.list()) {
    const number = segmentNumber(name);
    if (number === undefined) continue;
    const segment = { number, file: disk.open(name) };
    const scan = new SegmentScan({
      segment,
      position: { number: 0, crc: 0 },
      buffers: { bytes: new Uint8Array() },
      damages: [],
    });
    for (let batch = scan.next(); batch !== undefined; batch = scan.next()) {
      const { view } = batch;
      readRecords(view, batch.payloadAt, batch.payloadEnd, {
        content: (targetsAt) => void kinds.add(view.getUint8(targetsAt - 16) === 5 ? 'moved' : 'publish'),
        settle: () => void kinds.add('settle'),
        watermark: () => void kinds.add('watermark'),
        used: () => void kinds.add('used'),
        paged: () => void kinds.add('paged'),
        definition: () => void kinds.add('definition'),
        sideFact: ({ kind }) => void kinds.add(kind),
      });
    }
  }
  disk.close();
  return [...kinds].sort();
}

const PLAIN = `0 ${NEVER_MS}`;
const LASTING = '255 315360000000';
/** By directory. The first form had neither priorities nor times to live. */
const HEADS: Record<string, Heads> = {
  'directory-1': { inSegments: Array(7).fill(PLAIN), onPages: Array(8).fill(PLAIN), pages: ['true false'] },
  'directory-2': {
    inSegments: [PLAIN, LASTING, PLAIN, LASTING, PLAIN, '1 Infinity', '3 Infinity'],
    onPages: [PLAIN, LASTING, PLAIN, LASTING, PLAIN, LASTING, PLAIN, LASTING],
    pages: ['true true'],
  },
};

describe.each(DIRECTORIES)('a data directory as it was written in form %s', (name) => {
  test('holds records of every kind, a page and a checkpoint', () => {
    expect(kindsIn(join(FOLDER, name))).toEqual(['definition', 'moved', 'paged', 'publish', 'settle', 'watermark']);
    expect(readdirSync(join(FOLDER, name)).map((file) => file.replace(/-.*/, ''))).toEqual(
      expect.arrayContaining(['checkpoint', 'format', 'page', 'segment']),
    );
  });

  test('is clean', async () => {
    const { isDamaged, torn, queues } = await checkDirectory(join(FOLDER, name), () => undefined);
    expect({ isDamaged, torn }).toEqual({ isDamaged: false, torn: undefined });
    expect(queues.map((queue) => [queue.vhost, queue.name, queue.messages])).toEqual([
      ['shop', 'orders', 11],
      ['shop', 'stuck', 2],
      ['shop', 'late', 0],
    ]);
  });

  test('has its users, vhosts and permissions', async () => {
    const { users, vhosts, permissions, topicPermissions } = await brokerOn(copyOf(name));

    expect(users.list()).toContainEqual({ name: 'alice', tags: ['monitoring'] });
    expect(vhosts.list()).toContainEqual({ name: 'shop', description: 'All that is sold', tags: [] });
    const [alice] = permissions.list({ user: 'alice' });
    expect(alice).toEqual({ user: 'alice', vhost: 'shop', configure: '^events$', write: '.*', read: '^orders$' });
    expect(topicPermissions.list({ user: 'alice' })).toMatchObject([
      { exchange: 'events', write: '^order', read: '.*' },
    ]);
  });

  test('has its messages, from segments and pages, in order and with their properties', async () => {
    const channel = await channelTo(await brokerOn(copyOf(name)), 'shop');
    const orders = Array.from({ length: 11 }, (_, index) => `order ${index + 3}`);

    expect(await contentsOf(channel, 'orders')).toEqual(orders.map((body) => `${body} ${body.length}`));
    expect(await contentsOf(channel, 'stuck')).toEqual(['kept 1 6', 'kept 3 6']);
  });

  test('has the priorities and times to live of its messages, as far as its form knows them', () => {
    expect(headsIn(join(FOLDER, name))).toEqual(HEADS[name]);
  });

  test('has its exchanges and bindings, and takes new messages', async () => {
    const channel = await channelTo(await brokerOn(copyOf(name)), 'shop');
    await channel.purgeQueue('orders');
    await channel.assertQueue('audited', { exclusive: true });
    await channel.bindQueue('audited', 'audit', '');
    channel.publish('events', 'order.new', Buffer.from('new'), { headers: { number: 3 } });
    await channel.waitForConfirms();

    expect(await contentsOf(channel, 'orders')).toEqual(['new 3']);
    expect(await contentsOf(channel, 'audited')).toEqual(['new 3']);
    await expect(
      channel.assertQueue('orders', { durable: true, arguments: { 'x-max-length': 1000 } }),
    ).resolves.toBeDefined();
  });
});

describe('what a newer program has written', () => {
  /** By kind of file: the newest version there is, and where the part of its first head ends that the checksum vouches for. All have version and checksum in one place. */
  const FORMS = [
    {
      kind: 'segment',
      known: 2,
      file: 'segment-000004.log',
      ends: (view: DataView) => 64 + 8 * view.getUint32(40, true),
    },
    { kind: 'checkpoint', known: 2, file: 'checkpoint-000002', ends: () => 64 },
    { kind: 'page', known: 1, file: 'page-18-1', ends: () => 64 },
  ] as const;

  test.each(FORMS)('is refused by its $kind, with file, version and what helps', async ({ file, known, ends }) => {
    const dataDir = copyOf('directory-1');
    const bytes = readFileSync(join(dataDir, file));
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    view.setUint8(4, 9);
    // Over the head without the checksum itself, and what belongs to it behind.
    view.setUint32(60, checksum(view, 64, ends(view), checksum(view, 0, 60)), true);
    writeFileSync(join(dataDir, file), bytes);
    const refusal = {
      name: 'DataDirectoryError',
      message:
        `the data directory ${dataDir}: ${file} has version 9 of its form, and this program knows versions up to ${known}. It was ` +
        'written by a newer Leveret: start that one, or choose another folder with --data-dir.',
    };

    await expect(createBroker({ dataDir })).rejects.toMatchObject(refusal);
    await expect(checkDirectory(dataDir, () => undefined)).rejects.toMatchObject(refusal);
  });
});
