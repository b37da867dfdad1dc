/** `amqp-connection-manager`: what is published while the broker is away arrives when it is back. */

import { type AmqpConnectionManager, type ChannelWrapper, connect } from 'amqp-connection-manager';
import type { Channel, ConsumeMessage } from 'amqplib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { canConfigureBroker, startBroker, type TestBroker } from '../support/broker.ts';
import { Arrivals } from './arrivals.ts';

const QUEUE = 'leveret.connection-manager';

let broker: TestBroker;
let connection: AmqpConnectionManager;
let channel: ChannelWrapper;

beforeAll(async () => {
  broker = await startBroker();
});
afterAll(async () => await broker?.stop());
beforeEach(async () => {
  connection = connect([broker.url], { reconnectTimeInSeconds: 0.1, heartbeatIntervalInSeconds: 5 });
  const setup = async (each: Channel): Promise<unknown> => await each.assertQueue(QUEUE, { exclusive: true });
  channel = connection.createChannel({ json: true, setup });
  await channel.waitForConnect();
});
afterEach(async () => await connection.close());

/** Consumes and acknowledges; returns the bodies. */
async function consume(): Promise<Arrivals<unknown>> {
  const bodies = new Arrivals<unknown>();
  const onMessage = (message: ConsumeMessage): void => {
    bodies.push(JSON.parse(message.content.toString()));
    channel.ack(message);
  };
  await channel.consume(QUEUE, onMessage, { prefetch: 2 });
  return bodies;
}

test('messages are confirmed, consumed and acknowledged', async () => {
  const bodies = await consume();
  for (const number of [1, 2, 3]) expect(await channel.sendToQueue(QUEUE, { number })).toBe(true);
  expect(await bodies.take(3)).toEqual([{ number: 1 }, { number: 2 }, { number: 3 }]);
});

describe.skipIf(!canConfigureBroker)('when the broker is restarted', () => {
  test('it connects, declares and consumes again, and what was published meanwhile arrives', async () => {
    const bodies = await consume();
    const disconnected = new Promise((resolve) => connection.once('disconnect', resolve));
    const restarted = broker.restart();
    await disconnected;
    const confirmed = channel.sendToQueue(QUEUE, 'meanwhile');
    await restarted;
    expect(await confirmed).toBe(true);
    await channel.sendToQueue(QUEUE, 'after');
    expect(await bodies.take(2)).toEqual(['meanwhile', 'after']);
  });
});
