/** `rascal` with its default configuration against the broker: pools of confirm channels, prefetch, retries. */

import rascal, { type AckOrNack } from 'rascal';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { canConfigureBroker, startBroker, type TestBroker } from '../support/broker.ts';
import { Arrivals } from './arrivals.ts';

interface Received {
  readonly content: unknown;
  readonly redelivered: boolean;
  readonly ackOrNack: AckOrNack;
}

let broker: TestBroker;
let client: rascal.BrokerAsPromised;

beforeAll(async () => {
  broker = await startBroker();
});
afterAll(async () => await broker?.stop());
beforeEach(async () => {
  client = await rascal.BrokerAsPromised.create(rascal.withDefaultConfig(configuration(broker.url)));
  client.on('error', () => undefined);
});
afterEach(async () => await client.nuke());

function configuration(url: string): rascal.BrokerConfig {
  return {
    vhosts: {
      '/': {
        connection: { url, retry: { min: 50, max: 200 } },
        exchanges: { 'leveret.rascal': { type: 'topic' } },
        queues: { 'leveret.rascal.orders': {} },
        bindings: ['leveret.rascal[orders.#] -> leveret.rascal.orders'],
        publications: { orders: { exchange: 'leveret.rascal', routingKey: 'orders.new' } },
        subscriptions: { orders: { queue: 'leveret.rascal.orders' } },
      },
    },
  };
}

/** Subscribes and returns what comes. */
async function subscribe(): Promise<Arrivals<Received>> {
  const received = new Arrivals<Received>();
  const session = await client.subscribe('orders');
  session.on('message', (message, content, ackOrNack) => {
    received.push({ content, redelivered: message.fields.redelivered, ackOrNack });
  });
  session.on('error', () => undefined);
  return received;
}

/** Publishes and waits for the confirm. */
async function publish(content: unknown): Promise<void> {
  const publication = await client.publish('orders', content);
  await new Promise((resolve, reject) => publication.on('success', resolve).on('error', reject));
}

test('published objects are confirmed, consumed and acknowledged', async () => {
  const received = await subscribe();
  for (const order of [1, 2, 3]) await publish({ order });
  for (const order of [1, 2, 3]) {
    const { content, ackOrNack } = await received.next();
    expect(content).toEqual({ order });
    ackOrNack();
  }
});

test('a nack with requeue brings the message back, marked as redelivered', async () => {
  const received = await subscribe();
  await publish('again');
  const first = await received.next();
  first.ackOrNack(new Error('not now'), [{ strategy: 'nack', requeue: true }]);
  const second = await received.next();
  expect([first.redelivered, second.redelivered, second.content]).toEqual([false, true, 'again']);
  second.ackOrNack();
});

test('a message republished after a failure counts its attempts', async () => {
  const session = await client.subscribe('orders');
  const attempts = new Arrivals<unknown>();
  session.on('message', (message, _, ackOrNack) => {
    const { rascal: attempt } = message.properties.headers ?? {};
    attempts.push(attempt?.recovery?.['leveret.rascal.orders']?.republished ?? 0);
    if (attempts.waiting < 3) ackOrNack(new Error('no'), [{ strategy: 'republish', attempts: 2 }, { strategy: 'ack' }]);
  });
  await publish('thrice');
  expect(await attempts.take(3)).toEqual([0, 1, 2]);
});

describe.skipIf(!canConfigureBroker)('when the broker is restarted', () => {
  test('the subscription and the publication come back', async () => {
    const received = await subscribe();
    await publish('before the restart');
    (await received.next()).ackOrNack();
    const isBack = new Promise<void>((resolve) => client.on('vhost_initialised', () => resolve()));
    await broker.restart();
    await isBack;
    await publish('after the restart');
    let message = await received.next();
    // The broker was killed: the acknowledgement before that may not have been on disk, and its message comes again.
    if (message.redelivered) {
      expect(message.content).toBe('before the restart');
      message.ackOrNack();
      message = await received.next();
    }
    expect(message.content).toBe('after the restart');
    message.ackOrNack();
  });
});
