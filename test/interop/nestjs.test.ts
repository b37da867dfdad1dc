/**
 * A NestJS microservice against the broker: request and response, events, manual acknowledgement.
 * The decorators are called as functions, because the type checker of this project erases types only.
 */

import 'reflect-metadata';
import { Controller } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ClientProxyFactory,
  Ctx,
  EventPattern,
  MessagePattern,
  type MicroserviceOptions,
  Payload,
  type RmqContext,
  type RmqOptions,
  Transport,
} from '@nestjs/microservices';
import amqplib from 'amqplib';
import { firstValueFrom } from 'rxjs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBroker, type TestBroker } from '../support/broker.ts';
import { Arrivals } from './arrivals.ts';

const QUEUE = 'leveret.nestjs';

const events = new Arrivals<string>();

/** Answers `sum`, takes `order` events and puts each back once before it acknowledges it. */
class Orders {
  sum(numbers: readonly number[], context: RmqContext): number {
    acknowledge(context);
    return numbers.reduce((total, number) => total + number, 0);
  }

  order(name: string, context: RmqContext): void {
    const { redelivered } = context.getMessage().fields;
    events.push(`${name} ${redelivered}`);
    if (redelivered) acknowledge(context);
    else context.getChannelRef().nack(context.getMessage(), false, true);
  }
}

function acknowledge(context: RmqContext): void {
  context.getChannelRef().ack(context.getMessage());
}

/** What `@MessagePattern` above a method and `@Payload` and `@Ctx` before its parameters would do. */
function decorate(method: keyof Orders, pattern: MethodDecorator): void {
  const descriptor = Object.getOwnPropertyDescriptor(Orders.prototype, method);
  if (descriptor === undefined) throw new Error(`no method ${method}`);
  pattern(Orders.prototype, method, descriptor);
  Payload()(Orders.prototype, method, 0);
  Ctx()(Orders.prototype, method, 1);
}

decorate('sum', MessagePattern('sum'));
decorate('order', EventPattern('order'));
Controller()(Orders);

class OrdersModule {}
Reflect.defineMetadata('controllers', [Orders], OrdersModule);

let broker: TestBroker;
let stop: () => Promise<void>;

function options(noAck: boolean): RmqOptions & MicroserviceOptions {
  return {
    transport: Transport.RMQ,
    options: { urls: [broker.url], queue: QUEUE, noAck, prefetchCount: 2, queueOptions: { durable: false } },
  };
}

beforeAll(async () => {
  broker = await startBroker();
  const service = await NestFactory.createMicroservice<MicroserviceOptions>(OrdersModule, {
    ...options(false),
    logger: false,
  });
  await service.listen();
  stop = async () => await service.close();
});
afterAll(async () => {
  await stop?.();
  await broker?.stop();
});

test('sent requests are answered, through direct reply-to', async () => {
  const client = ClientProxyFactory.create(options(true));
  const answers = [
    [1, 2],
    [3, 4, 5],
  ].map(async (numbers) => await firstValueFrom(client.send('sum', numbers)));
  expect(await Promise.all(answers)).toEqual([3, 12]);
  await client.close();
});

test('an emitted event is put back by the service, comes again and is acknowledged', async () => {
  const client = ClientProxyFactory.create(options(true));
  await firstValueFrom(client.emit('order', 'tea'), { defaultValue: undefined });
  expect(await events.take(2)).toEqual(['tea false', 'tea true']);
  await client.close();
  await stop();
  const connection = await amqplib.connect(broker.url);
  const channel = await connection.createChannel();
  expect(await channel.deleteQueue(QUEUE)).toEqual({ messageCount: 0 });
  await connection.close();
});
