/** Publishers of the torture: one that waits for confirms, and one that commits transactions. */

import { setTimeout as delay } from 'node:timers/promises';
import { AMQPClient } from '@cloudamqp/amqp-client';
import type { Publication } from './ledger.ts';
import { bodyOf } from './torture-body.ts';
import {
  isBacklogFull,
  nextPublication,
  openConnection,
  refusedBy,
  type TortureClient,
  type TortureWorld,
} from './torture-world.ts';

const UNCONFIRMED_MAX = 300;
const TRANSACTION_MAX = 40;
const BACKLOG_WAIT_MS = 20;

export async function runConfirmingPublisher(world: TortureWorld): Promise<TortureClient> {
  const { ledger } = world;
  const { connection, ended } = await openConnection(world.url);
  const channel = await connection.createConfirmChannel();
  channel.on('error', refusedBy(ledger));
  let isOpen = true;
  channel.on('close', () => {
    isOpen = false;
  });
  let unconfirmed = 0;
  const publishSome = async (): Promise<void> => {
    while (isOpen && isBacklogFull(ledger)) await delay(BACKLOG_WAIT_MS);
    while (isOpen && unconfirmed < UNCONFIRMED_MAX) publishOne();
  };
  const publishOne = (): void => {
    const publication = nextPublication(world);
    const { id, exchange, routingKey } = publication;
    const sentAt = performance.now();
    ledger.published(publication);
    unconfirmed++;
    channel.publish(exchange, routingKey, bodyOf(id), { persistent: true, messageId: `${id}` }, (error) => {
      if (error !== null && error !== undefined) return unconfirmedBy(error);
      ledger.confirmed(publication, sentAt);
      unconfirmed--;
      if (2 * unconfirmed <= UNCONFIRMED_MAX) publishSome();
    });
  };
  /** Also called for what is not confirmed when the connection ends. */
  const unconfirmedBy = (error: Error): void => {
    if (error.message === 'message nacked') ledger.find('misbehaved', 'the broker refused a message');
  };
  publishSome();
  return { ended, killed: () => undefined };
}

export async function runTransactionalPublisher(world: TortureWorld): Promise<TortureClient> {
  const { ledger, random } = world;
  const client = new AMQPClient(world.url);
  client.onerror = () => undefined;
  let isOpen = true;
  const ended = new Promise<void>((resolve) => {
    client.ondisconnect = () => {
      isOpen = false;
      resolve();
    };
  });
  await client.connect();
  const channel = await client.channel();
  await channel.txSelect();
  const undecided: (readonly Publication[])[] = [];
  const publish = (): Publication => {
    const publication = nextPublication(world);
    const { id, exchange, routingKey } = publication;
    ledger.published(publication);
    const properties = { deliveryMode: 2, messageId: `${id}` };
    channel.basicPublish(exchange, routingKey, bodyOf(id), properties).catch(() => undefined);
    return publication;
  };
  const commitOne = async (): Promise<void> => {
    const publications = Array.from({ length: 1 + random.below(TRANSACTION_MAX) }, publish);
    const sentAt = performance.now();
    try {
      await channel.txCommit();
      for (const publication of publications) ledger.confirmed(publication, sentAt);
    } catch (error) {
      undecided.push(publications);
      if (isOpen) await failed(error);
    }
  };
  /** The answer says no; or the connection ends, as will be seen in a moment. */
  const failed = async (error: unknown): Promise<void> => {
    await delay(BACKLOG_WAIT_MS);
    if (isOpen) ledger.find('misbehaved', `the broker did not commit: ${error}`);
    isOpen = false;
  };
  const work = async (): Promise<void> => {
    while (isOpen) {
      if (isBacklogFull(ledger)) await delay(BACKLOG_WAIT_MS);
      else await commitOne();
    }
  };
  const working = work();
  const killed = (): void => {
    for (const publications of undecided) ledger.undecided(publications);
  };
  return { ended: ended.then(() => working), killed };
}
