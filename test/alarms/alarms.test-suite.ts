/**
 * What comes of clients that want more memory than there is: a broker of its own with little of it either blocks them or
 * refuses clearly, serves the others, and goes on within five seconds of the drain. It never runs out of memory.
 */

import amqplib, { type Channel, type ChannelModel } from 'amqplib';
import { afterEach, describe, expect, test } from 'vitest';
import { FloodedBroker, type FloodedBrokerOptions } from '../support/flooded-broker.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { declareQueues, Flood, halfSend } from './traffic.ts';

export interface AlarmSizes {
  /** What may be in use. */
  readonly memoryMb: number;
  /** Of the messages of floods. */
  readonly bodyBytes: readonly number[];
  readonly halfSent: number;
  readonly halfSentMb: number;
  /** Whether there is time to see what the broker does after ten seconds. */
  readonly isPatient: boolean;
  readonly unacked: number;
  /** What the heap may hold, and more queues than fit. */
  readonly heapMb: number;
  readonly queues: number;
}

const MB = 1_000_000;
const ALARM_SET = /memory resource limit alarm set/;
const ALARM_CLEARED = /memory resource limit alarm cleared/;
const CLEARED_MS_MAX = 5000;
/** What the process has beyond what it counts: its program, garbage, output that is being written. */
const OVERHEAD_BYTES = 150 * MB;

export function alarmsSuite(sizes: AlarmSizes): void {
  const open: { close(): unknown }[] = [];
  afterEach(async () => {
    for (const each of open.splice(0).reverse()) await each.close();
  });

  async function start(options: FloodedBrokerOptions = {}): Promise<FloodedBroker> {
    const settings = [`vm_memory_high_watermark.absolute=${sizes.memoryMb}MB`];
    const broker = await FloodedBroker.start({ heapMb: 256, settings, ...options });
    open.push({ close: () => broker.stop() });
    return broker;
  }

  async function client(broker: FloodedBroker): Promise<ChannelModel> {
    const connection = await amqplib.connect(broker.url);
    connection.on('error', () => undefined);
    open.push({ close: () => connection.close().catch(() => undefined) });
    return connection;
  }

  async function channelWithQueue(broker: FloodedBroker): Promise<Channel> {
    const channel = await (await client(broker)).createChannel();
    await channel.assertQueue('q');
    return channel;
  }

  async function flood(broker: FloodedBroker, options: { bodyBytes: number; max?: number }): Promise<Flood> {
    const flooding = new Flood();
    open.push({ close: () => flooding.stop() });
    await flooding.start(broker, { connections: 4, queue: 'q', ...options });
    return flooding;
  }

  async function expectCleared(broker: FloodedBroker, drain: () => unknown): Promise<void> {
    const before = performance.now();
    await drain();
    await broker.lines(ALARM_CLEARED);
    expect(performance.now() - before).toBeLessThan(CLEARED_MS_MAX);
  }

  describe('publishers that ignore connection.blocked', () => {
    test.each(sizes.bodyBytes)('with bodies of %i bytes are not read until the queue is drained', async (bodyBytes) => {
      const broker = await start();
      const channel = await channelWithQueue(broker);
      const flooding = await flood(broker, { bodyBytes });
      await broker.lines(ALARM_SET);
      expect(broker.residentBytes).toBeLessThan(sizes.memoryMb * MB + OVERHEAD_BYTES);
      flooding.stop();
      await expectCleared(broker, () => channel.purgeQueue('q'));
      await broker.login();
    });

    test('do not keep consumers from draining, which ends the alarm', async () => {
      const broker = await start();
      const channel = await channelWithQueue(broker);
      const flooding = await flood(broker, { bodyBytes: 10_000 });
      await broker.lines(ALARM_SET);
      const { messageCount } = await channel.checkQueue('q');
      expect(messageCount).toBeGreaterThan(1000);
      await channel.prefetch(100);
      await channel.consume('q', (message) => message !== null && channel.ack(message));
      await broker.lines(ALARM_CLEARED);
      flooding.stop();
    });
  });

  describe(`${sizes.halfSent} bodies of which ${sizes.halfSentMb} MB have come and the rest does not`, () => {
    async function halfSendAll(broker: FloodedBroker) {
      const one = { announced: (sizes.halfSentMb + 10) * MB, sent: sizes.halfSentMb * MB, queue: 'q' };
      return await Promise.all(Array.from({ length: sizes.halfSent }, () => halfSend(broker, one)));
    }

    test('are blocked, and forgotten when their clients are gone', async () => {
      const broker = await start();
      const sockets = await halfSendAll(broker);
      await broker.lines(ALARM_SET);
      expect(broker.residentBytes).toBeLessThan(sizes.memoryMb * MB + OVERHEAD_BYTES);
      await expectCleared(broker, () => {
        for (const socket of sockets) socket.destroy();
      });
      await broker.login();
    });

    if (!sizes.isPatient) return;
    test('are refused when they would keep everybody blocked, the largest first', async () => {
      const broker = await start();
      const channel = await channelWithQueue(broker);
      await halfSendAll(broker);
      await broker.lines(ALARM_SET);
      await broker.lines(/half received keep the memory alarm up/);
      await broker.lines(/operation basic\.publish caused a channel exception content_too_large/);
      await broker.lines(ALARM_CLEARED);
      await channel.checkQueue('q');
    });
  });

  test(`${sizes.unacked} messages that nobody acknowledges end in an alarm or fit, and are given back`, async () => {
    const broker = await start();
    const channel = await channelWithQueue(broker);
    const consumer = await client(broker);
    const consuming = await consumer.createChannel();
    const allDelivered = new Promise<string>((resolve) => {
      let delivered = 0;
      void consuming.consume('q', () => {
        if (++delivered === sizes.unacked) resolve('delivered');
      });
    });
    await flood(broker, { bodyBytes: 50, max: sizes.unacked / 4 });
    const blocked = broker.lines(ALARM_SET).then(() => 'blocked');
    // Its end is expected when the broker is stopped before it came to that.
    blocked.catch(() => undefined);
    const outcome = await Promise.race([allDelivered, blocked]);
    await consumer.close();
    const drain = () => channel.purgeQueue('q');
    if (outcome === 'blocked') await expectCleared(broker, drain);
    else await drain();
    await broker.login();
  });

  test(`${sizes.unacked} messages of 1 KB that nobody acknowledges go to the disk, and come back from it`, async () => {
    const broker = await start({ dataDir: temporaryFolder() });
    await channelWithQueue(broker);
    const holder = await client(broker);
    const held = takeAll(await holder.createChannel(), false);
    await flood(broker, { bodyBytes: 1000, max: sizes.unacked / 4 });
    await held;
    expect(broker.residentBytes).toBeLessThan(sizes.memoryMb * MB + OVERHEAD_BYTES);
    await holder.close();
    await takeAll(await (await client(broker)).createChannel(), true);
  });

  /** Resolves when so many have come as a test with unacknowledged messages has. */
  function takeAll(channel: Channel, noAck: boolean): Promise<void> {
    return new Promise((resolve) => {
      let taken = 0;
      const take = () => {
        if (++taken === sizes.unacked) resolve();
      };
      void channel.consume('q', take, { noAck });
    });
  }

  test(`${sizes.queues} queues in a heap of ${sizes.heapMb} MB are refused when it is nearly full`, async () => {
    const broker = await start({ heapMb: sizes.heapMb });
    const channel = await channelWithQueue(broker);
    const socket = await declareQueues(broker, sizes.queues);
    await broker.lines(/the JavaScript heap is nearly full/);
    await broker.lines(/cannot declare queue 'queue number \d+' in vhost '\/': the broker is low on memory/);
    await channel.checkQueue('q');
    socket.destroy();
    await broker.lines(/the JavaScript heap has room again/);
    await channel.assertQueue('one more');
  });
}
