/** What all clients of the torture share: the broker's address, the ledger, chance, and the names on the broker. */

import { type ChannelModel, connect } from 'amqplib';
import type { SeededRandom } from '../../src/base/random.ts';
import { type Ledger, type Publication, QUEUES } from './ledger.ts';

/** Bound to all queues: one message, stored once. */
const FANOUT = 'torture.fanout';
/** What consumers publish to learn that their acknowledgements are durable. */
export const MARKS = 'torture.marks';
/** A publisher waits while so much is confirmed and not received: a long run is not to fill the disk. */
const BACKLOG_MAX = 60_000;
const FANOUT_EVERY = 10;

export interface TortureWorld {
  readonly url: string;
  readonly ledger: Ledger;
  readonly random: SeededRandom;
}

/** Works until the broker ends. */
export interface TortureClient {
  /** The connection is gone, and all that the broker had sent on it has been seen. */
  readonly ended: Promise<void>;
  /** What is to be noted when it is known at which time the broker was killed. */
  killed(killedAt: number): void;
}

/** Declares everything; also after a restart, when all of it must be there in the same form. */
export async function declareTopology(url: string): Promise<void> {
  const { connection } = await openConnection(url);
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
export async function openConnection(url: string): Promise<{ connection: ChannelModel; ended: Promise<void> }> {
  const connection = await connect(url);
  connection.on('error', () => undefined);
  return { connection, ended: new Promise((resolve) => connection.on('close', () => resolve())) };
}

/** The broker closes channels of clients that break the rules. These do not. */
export function refusedBy(ledger: Ledger): (error: unknown) => void {
  return (error) => ledger.find('misbehaved', `the broker closed a channel: ${error}`);
}

/** The next message, and where it is to be published. */
export function nextPublication({
  ledger,
  random,
}: TortureWorld): Publication & { exchange: string; routingKey: string } {
  const id = ledger.nextId();
  const queue = random.below(QUEUES.length);
  if (random.below(FANOUT_EVERY) === 0)
    return { id, queues: QUEUES.map((_, index) => index), exchange: FANOUT, routingKey: '' };
  return { id, queues: [queue], exchange: '', routingKey: QUEUES[queue] ?? '' };
}

export function isBacklogFull({ backlog }: Ledger): boolean {
  return backlog > BACKLOG_MAX;
}
