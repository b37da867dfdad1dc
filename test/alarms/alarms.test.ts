/** Small floods against little memory, at every `npm test`; `alarms.long.ts` has the large ones. */

import amqplib from 'amqplib';
import { expect, onTestFinished, test } from 'vitest';
import { FloodedBroker } from '../support/flooded-broker.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { alarmsSuite } from './alarms.test-suite.ts';

alarmsSuite({
  memoryMb: 80,
  bodyBytes: [10_000, 200_000],
  halfSent: 20,
  halfSentMb: 8,
  isPatient: false,
  unacked: 100_000,
  heapMb: 32,
  queues: 100_000,
});

test('a publisher is told that the disk is low, and one that only consumes is not blocked', async () => {
  const broker = await FloodedBroker.start({
    settings: ['disk_free_limit.absolute=900TB'],
    dataDir: temporaryFolder(),
  });
  onTestFinished(() => broker.stop());
  const connection = await amqplib.connect(broker.url);
  const blocked = new Promise((resolve) => connection.on('blocked', resolve));
  const channel = await connection.createChannel();
  await channel.assertQueue('q');
  channel.sendToQueue('q', Buffer.from('hello'));
  expect(await blocked).toBe('low on disk');
  const consumer = await (await amqplib.connect(broker.url)).createChannel();
  expect(await consumer.checkQueue('q')).toMatchObject({ messageCount: 0 });
  await broker.lines(/Free disk space is insufficient\. Free bytes: \d+\. Limit: 900000000000000/);
});

test('connections near the limit of open files are refused, and those there are served', async () => {
  const broker = await FloodedBroker.start({ openFilesMax: 200 });
  onTestFinished(() => broker.stop());
  const connection = await amqplib.connect(broker.url);
  const sockets = await Promise.all(Array.from({ length: 100 }, () => broker.socket()));
  await broker.lines(/file descriptor limit alarm set\. Connections:88 open files allowed:200\./);
  await (await connection.createChannel()).assertQueue('q');
  for (const socket of sockets) socket.destroy();
  await broker.lines(/file descriptor limit alarm cleared/);
  await broker.login();
});
