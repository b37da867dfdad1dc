/**
 * Consumers of the torture. Each acknowledges what it gets, gives a little of it back, and learns in its own way that its
 * acknowledgements are durable: by confirms of what it publishes, by commits, or by time.
 */

import { AMQPClient } from '@cloudamqp/amqp-client';
import type { Channel } from 'amqplib';
import { AckTrail } from './ack-trail.ts';
import { QUEUES } from './ledger.ts';
import { MARKS, openConnection, refusedBy, type TortureClient, type TortureWorld } from './torture-world.ts';

const PREFETCH = 100;
const ACKS_PER_PROOF = 40;
const GIVEN_BACK_EVERY = 50;
const DRAIN_PREFETCH = 1000;

export type RunConsumer = (world: TortureWorld, queue: number) => Promise<TortureClient>;

/** Publishes with confirms after every some acknowledgements. */
async function runConfirmingConsumer(world: TortureWorld, queue: number): Promise<TortureClient> {
  const { ledger } = world;
  const trail = new AckTrail(ledger, queue, 'confirm');
  const { connection, ended } = await openConnection(world.url);
  const channel = await connection.createConfirmChannel();
  channel.on('error', refusedBy(ledger));
  const mark = (): void => {
    const { length } = trail;
    channel.sendToQueue(MARKS, Buffer.from('mark'), { persistent: true }, (error) => {
      if (error === null || error === undefined) trail.committed(length);
    });
  };
  await consume(world, queue, channel, (id) => {
    trail.sent(id);
    if (trail.length % ACKS_PER_PROOF === 0) mark();
  });
  return { ended, killed: (killedAt) => trail.killed(killedAt) };
}

/** Only acknowledges, and asks something all the time to know how far the broker has read. */
async function runPlainConsumer(world: TortureWorld, queue: number): Promise<TortureClient> {
  const { ledger } = world;
  const trail = new AckTrail(ledger, queue, 'time');
  const { connection, ended } = await openConnection(world.url);
  const channel = await connection.createChannel();
  channel.on('error', refusedBy(ledger));
  let isAsking = false;
  const ask = (): void => {
    if (isAsking) return;
    isAsking = true;
    const { length } = trail;
    const answered = (): void => {
      trail.read(length);
      isAsking = false;
      if (trail.length > length) ask();
    };
    // An end of the connection is no answer.
    channel.prefetch(PREFETCH).then(answered, () => undefined);
  };
  await consume(world, queue, channel, (id) => {
    trail.sent(id);
    ask();
  });
  return { ended, killed: (killedAt) => trail.killed(killedAt) };
}

/** Acknowledges what comes, and gives a little of it back. @param acknowledged told of each message */
async function consume(
  { ledger, random }: TortureWorld,
  queue: number,
  channel: Channel,
  acknowledged: (id: number) => void,
): Promise<void> {
  await channel.prefetch(PREFETCH);
  await channel.consume(QUEUES[queue] ?? '', (message) => {
    if (message === null) return ledger.find('misbehaved', 'the broker cancelled a consumer');
    const id = Number(message.properties.messageId);
    ledger.received(queue, id, message.fields.redelivered, message.content);
    if (random.below(GIVEN_BACK_EVERY) === 0) return channel.nack(message, false, true);
    channel.ack(message);
    acknowledged(id);
  });
}

/** Acknowledges in transactions. */
async function runTransactionalConsumer(world: TortureWorld, queue: number): Promise<TortureClient> {
  const { ledger } = world;
  const trail = new AckTrail(ledger, queue, 'commit-ok');
  const client = new AMQPClient(world.url);
  client.onerror = () => undefined;
  const ended = new Promise<void>((resolve) => {
    client.ondisconnect = () => resolve();
  });
  await client.connect();
  const channel = await client.channel();
  await channel.txSelect();
  const commit = (): void => {
    const { length } = trail;
    channel.txCommit().then(
      () => trail.committed(length),
      () => undefined,
    );
  };
  await channel.basicQos(PREFETCH);
  await channel.basicConsume(QUEUES[queue] ?? '', { noAck: false }, (message) => {
    const id = Number(message.properties.messageId);
    ledger.received(queue, id, message.redelivered, message.body ?? new Uint8Array(0));
    channel.basicAck(message.deliveryTag).catch(() => undefined);
    trail.sent(id);
    if (trail.length % ACKS_PER_PROOF === 0) commit();
  });
  return { ended, killed: (killedAt) => trail.killed(killedAt) };
}

export const CONSUMERS: readonly RunConsumer[] = [runConfirmingConsumer, runPlainConsumer, runTransactionalConsumer];

/** Takes everything that is left in a queue. */
export async function drain({ url, ledger }: TortureWorld, queue: number): Promise<void> {
  const name = QUEUES[queue] ?? '';
  const { connection } = await openConnection(url);
  const channel = await connection.createChannel();
  channel.on('error', refusedBy(ledger));
  let { messageCount: left } = await channel.checkQueue(name);
  await channel.prefetch(DRAIN_PREFETCH);
  if (left > 0) {
    await new Promise<void>((resolve, reject) => {
      connection.on('close', () => reject(new Error('the connection has ended')));
      channel.on('close', () => reject(new Error('the channel was closed')));
      channel
        .consume(name, (message) => {
          if (message === null) return reject(new Error('the consumer was cancelled'));
          ledger.received(queue, Number(message.properties.messageId), message.fields.redelivered, message.content);
          channel.ack(message);
          if (--left === 0) resolve();
        })
        .catch(reject);
    });
  }
  // The end of a connection may overtake what was sent on a channel.
  await channel.close();
  await connection.close();
}

/** In all queues together. */
export async function countMessages(url: string): Promise<number> {
  const { connection } = await openConnection(url);
  const channel = await connection.createChannel();
  let count = 0;
  for (const queue of QUEUES) count += (await channel.checkQueue(queue)).messageCount;
  await connection.close();
  return count;
}
