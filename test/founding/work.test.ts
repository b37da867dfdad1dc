/**
 * The founding documents' longer stories: workers of different speed, producers that leave in a hurry, a callback that
 * outlasts a heartbeat interval. Sleeps are scaled; `long-callback.long.ts` has one in real time.
 */

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { canConfigureBroker } from '../support/broker.ts';
import { canRunPrograms, FoundingWorld } from './founding-world.ts';

const RECEIVED = /^ \[x\] Received b'Hello World!'$/;

const founding = describe.skipIf(!canRunPrograms);

founding('work', () => {
  let world: FoundingWorld;
  beforeAll(async () => {
    world = await FoundingWorld.open();
    await world.reset();
  });
  afterEach(async () => await world.reset());
  afterAll(async () => await world.close());

  test('of four messages a worker that sleeps eight seconds gets one, the other three (002-5, 002-6)', async () => {
    const sleeping = await world.start('002-6', { sleepFactor: 60 });
    await sleeping.tap.passed('basic.consume-ok');
    const awake = await world.start('002-6');
    await awake.tap.passed('basic.consume-ok');
    for (let message = 0; message < 4; message++) await world.run('002-5');
    await awake.program.linesMatching(RECEIVED, 3);
    await awake.tap.passed('basic.ack', 3);
    await awake.tap.closeChannel();
    expect(await world.counts('hello1')).toEqual({ messages: 0, consumers: 1 });
    await sleeping.tap.closeChannel();
    expect(await world.counts('hello1')).toEqual({ messages: 1, consumers: 0 });
  });

  test('without prefetch 1 they share alike, however slow one is (002-3, 002-4)', async () => {
    const workers = [await world.start('002-4'), await world.start('002-4')];
    for (const { tap } of workers) await tap.passed('basic.consume-ok');
    for (let message = 0; message < 4; message++) await world.run('002-3');
    for (const { tap } of workers) await tap.passed('basic.ack', 2);
    for (const { tap } of workers) await tap.closeChannel();
    expect(await world.counts('hello1')).toEqual({ messages: 0, consumers: 0 });
  });

  test.each([
    { producer: '001-1', queue: 'hello' },
    { producer: '003-3', queue: 'task_queue' },
  ])('nothing is lost when $producer publishes and closes at once, without confirms', async ({ producer, queue }) => {
    await Promise.all(Array.from({ length: 10 }, async () => await world.run(producer)));
    expect(await world.counts(queue)).toEqual({ messages: 10, consumers: 0 });
  });

  test('a producer that ends without closing has its message routed to every queue (000-3)', async () => {
    const channel = await world.channel();
    await channel.assertExchange('logs', 'fanout', { durable: false });
    const bodies: Promise<string>[] = [];
    for (const _ of ['one', 'two']) {
      const { queue } = await channel.assertQueue('', { exclusive: true });
      await channel.bindQueue(queue, 'logs', '');
      const body = new Promise<string>((resolve) => {
        void channel.consume(queue, (message) => resolve(`${message?.content}`), { noAck: true });
      });
      bodies.push(body);
    }
    expect(await world.run('000-3', { args: ['left ', 'open'] })).toEqual(["[x] Sent 'left open'"]);
    expect(await Promise.all(bodies)).toEqual(['left open', 'left open']);
    await channel.close();
  });

  test('what a fanout producer sends while nobody listens is gone (000-3, 000-4)', async () => {
    await world.run('000-3', { args: ['unheard'] });
    const consumer = await world.startConsumer('000-4');
    await world.run('000-3', { args: ['heard'] });
    await consumer.line(/^b'heard'$/);
    expect(consumer.lines).not.toContain("b'unheard'");
  });
});

/** The callback of 002-2 sleeps for 80 seconds at a heartbeat of 60; here for a thirtieth of both. */
describe.skipIf(!canRunPrograms || !canConfigureBroker)('a callback longer than the heartbeat interval', () => {
  let world: FoundingWorld;
  beforeAll(async () => {
    world = await FoundingWorld.open({ settings: ['heartbeat = 2'] });
    await world.reset();
  });
  afterEach(async () => await world.reset());
  afterAll(async () => await world.close());

  test('of one and a third intervals keeps its connection and acknowledges (002-2)', async () => {
    await world.run('002-1');
    const { program, tap } = await world.start('002-2', { sleepFactor: 1 / 30 });
    await program.line(RECEIVED);
    await tap.passed('basic.ack');
    await tap.closeChannel();
    expect(await world.counts('hello')).toEqual({ messages: 0, consumers: 0 });
  });

  test('of more than two intervals loses it, and the message goes to somebody else (002-2)', async () => {
    await world.run('002-1');
    const { tap } = await world.start('002-2', { sleepFactor: 1 });
    await tap.passed('basic.consume-ok');
    const channel = await world.channel();
    const redelivered = new Promise((resolve) => {
      void channel.consume('hello', (message) => resolve(message?.fields.redelivered));
    });
    expect(await redelivered).toBe(true);
    await channel.close();
  });
});
