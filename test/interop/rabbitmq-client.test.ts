/** `rabbitmq-client` against the broker: its publishers, consumers and remote calls, also through a restart. */

import { AMQPChannelError, type AsyncMessage, Connection, ConsumerStatus } from 'rabbitmq-client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { canConfigureBroker, startBroker, type TestBroker } from '../support/broker.ts';
import { Arrivals } from './arrivals.ts';

const EXCHANGE = 'leveret.rabbitmq-client';

let broker: TestBroker;
let connection: Connection;

beforeAll(async () => {
  broker = await startBroker();
});
afterAll(async () => await broker?.stop());
beforeEach(async () => {
  connection = new Connection({ url: broker.url, retryLow: 50, retryHigh: 200 });
  connection.on('error', () => undefined);
  await connection.onConnect();
});
afterEach(async () => {
  await connection.close();
});

test('a consumer gets what its binding asks for; what it drops is not requeued, what it requeues comes again', async () => {
  const seen = new Arrivals<string>();
  const consumer = connection.createConsumer(
    {
      queueOptions: { exclusive: true },
      qos: { prefetchCount: 2 },
      exchanges: [{ exchange: EXCHANGE, type: 'topic', autoDelete: true }],
      queueBindings: [{ exchange: EXCHANGE, routingKey: 'users.*' }],
    },
    async (message: AsyncMessage) => {
      seen.push(`${message.routingKey} ${message.body.name} ${message.redelivered}`);
      if (message.body.name === 'Ada') return ConsumerStatus.DROP;
      return message.redelivered ? ConsumerStatus.ACK : ConsumerStatus.REQUEUE;
    },
  );
  await new Promise<void>((resolve) => consumer.once('ready', resolve));
  const publisher = connection.createPublisher({ confirm: true });
  await publisher.send({ exchange: EXCHANGE, routingKey: 'users.visit' }, { name: 'Ada' });
  await publisher.send({ exchange: EXCHANGE, routingKey: 'orders.visit' }, { name: 'nobody' });
  await publisher.send({ exchange: EXCHANGE, routingKey: 'users.leave' }, { name: 'Alan' });
  expect(await seen.take(3)).toEqual(['users.visit Ada false', 'users.leave Alan false', 'users.leave Alan true']);
  await publisher.close();
  await consumer.close();
});

test('a refusal carries its code and text', async () => {
  const refused = connection.queueDeclare({ queue: 'leveret.missing', passive: true });
  await expect(refused).rejects.toThrow(AMQPChannelError);
  await expect(refused).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('remote calls are answered by direct reply-to', async () => {
  const queue = 'leveret.rabbitmq-client.rpc';
  const server = connection.createConsumer({ queue, queueOptions: { exclusive: true } }, async (request, reply) => {
    await reply(request.body * 2);
  });
  await new Promise<void>((resolve) => server.once('ready', resolve));
  const client = connection.createRPCClient({ confirm: true });
  const answers = await Promise.all([1, 2, 3].map(async (number) => (await client.send(queue, number)).body));
  expect(answers).toEqual([2, 4, 6]);
  await client.close();
  await server.close();
});

describe.skipIf(!canConfigureBroker)('when the broker is restarted', () => {
  test('the consumer declares, binds and consumes again', async () => {
    const bodies = new Arrivals<unknown>();
    const consumer = connection.createConsumer(
      { queue: 'leveret.rabbitmq-client.restart', queueOptions: { exclusive: true } },
      (message: AsyncMessage) => bodies.push(message.body),
    );
    await new Promise<void>((resolve) => consumer.once('ready', resolve));
    const readyAgain = new Promise<void>((resolve) => consumer.once('ready', resolve));
    consumer.on('error', () => undefined);
    await broker.restart();
    await readyAgain;
    const publisher = connection.createPublisher({ confirm: true });
    await publisher.send('leveret.rabbitmq-client.restart', 'after the restart');
    expect(await bodies.next()).toBe('after the restart');
    await publisher.close();
    await consumer.close();
  });
});
