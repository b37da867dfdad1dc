/**
 * The clients of the torture: publishers that wait for confirms, consumers that acknowledge, each on a connection of its
 * own, all of which end when the broker is killed.
 */

import { type ChannelModel, type ConfirmChannel, connect } from 'amqplib';
import type { SeededRandom } from '../../src/base/random.ts';
import type { Ledger } from './ledger.ts';

export const QUEUES = ['torture.0', 'torture.1', 'torture.2', 'torture.3'];
/** Bound to all queues: one message, stored once. */
const FANOUT = 'torture.fanout';
/** What consumers publish to learn that their acknowledgements are durable. */
const MARKS = 'torture.marks';
const UNCONFIRMED_MAX = 300;
const PREFETCH = 100;
const ACKS_PER_MARK = 40;

export interface TortureWorld {
  readonly url: string;
  readonly ledger: Ledger;
  readonly random: SeededRandom;
  /** For names of messages. */
  nextId(): number;
}

/** Declares everything; also after a restart, when all of it must be there in the same form. */
export async function declareTopology(url: string): Promise<void> {
  const connection = await connect(url);
  const channel = await connection.createChannel();
  await channel.assertExchange(FANOUT, 'fanout', { durable: true });
  await channel.assertQueue(MARKS, { durable: true });
  await channel.purgeQueue(MARKS);
  for (const queue of QUEUES) {
    await channel.assertQueue(queue, { durable: true });
    await channel.bindQueue(queue, FANOUT, '');
  }
  await connection.close();
}

/** A connection that a killed broker ends without anybody minding. */
async function open(url: string): Promise<{ connection: ChannelModel; channel: ConfirmChannel }> {
  const connection = await connect(url);
  connection.on('error', () => undefined);
  const channel = await connection.createConfirmChannel();
  channel.on('error', () => undefined);
  return { connection, channel };
}

/** Publishes until `isStopped` or the broker's end. */
export async function runPublisher(world: TortureWorld, isStopped: () => boolean): Promise<void> {
  const { ledger, random } = world;
  const { connection, channel } = await open(world.url);
  const ended = new Promise<void>((resolve) => connection.on('close', resolve));
  let unconfirmed = 0;
  let isClosed = false;
  let wake: () => void = () => undefined;
  connection.on('close', () => {
    isClosed = true;
    wake();
  });
  const publishOne = () => {
    const id = `m${world.nextId()}`;
    const toAll = random.below(10) === 0;
    const queue = QUEUES[random.below(QUEUES.length)] ?? '';
    const queues = toAll ? QUEUES : [queue];
    for (const name of queues) ledger.published(name, id);
    const body = Buffer.alloc(random.below(20) === 0 ? random.below(100_000) : random.below(2000), id);
    unconfirmed++;
    channel.publish(toAll ? FANOUT : '', toAll ? '' : queue, body, { persistent: true, messageId: id }, (error) => {
      unconfirmed--;
      if (error === null || error === undefined) for (const name of queues) ledger.confirmed(name, id);
      wake();
    });
  };
  while (!isStopped() && !isClosed) {
    while (unconfirmed < UNCONFIRMED_MAX && !isClosed && !isStopped()) publishOne();
    await new Promise<void>((resolve) => {
      wake = resolve;
      if (isClosed) resolve();
    });
  }
  if (isClosed) return ended;
  await channel.waitForConfirms().catch(() => undefined);
  await connection.close().catch(() => undefined);
}

/** Consumes a queue until the broker ends, or `stop` is called. */
export async function runConsumer(world: TortureWorld, queue: string): Promise<{ stop(): Promise<void> }> {
  const { ledger, random } = world;
  const { connection, channel } = await open(world.url);
  let sinceMark: string[] = [];
  const mark = () => {
    const covered = sinceMark;
    sinceMark = [];
    channel.sendToQueue(MARKS, Buffer.from('mark'), { persistent: true }, (error) => {
      if (error === null || error === undefined) for (const id of covered) ledger.ackCommitted(queue, id);
    });
  };
  await channel.prefetch(PREFETCH);
  await channel.consume(queue, (message) => {
    if (message === null) return;
    const id = String(message.properties.messageId);
    ledger.received(queue, id, message.fields.redelivered);
    if (random.below(50) === 0) return channel.nack(message, false, true);
    channel.ack(message);
    ledger.acked();
    sinceMark.push(id);
    if (sinceMark.length >= ACKS_PER_MARK) mark();
  });
  return {
    stop: async () => {
      await connection.close().catch(() => undefined);
    },
  };
}

/** Takes everything that is left in a queue. */
export async function drain(world: TortureWorld, queue: string): Promise<void> {
  const { connection, channel } = await open(world.url);
  const { messageCount } = await channel.checkQueue(queue);
  let left = messageCount;
  await channel.prefetch(1000);
  if (left > 0) {
    await new Promise<void>((resolve) => {
      channel.consume(queue, (message) => {
        if (message === null) return;
        world.ledger.received(queue, String(message.properties.messageId), message.fields.redelivered);
        channel.ack(message);
        if (--left === 0) resolve();
      });
    });
  }
  await connection.close();
}
