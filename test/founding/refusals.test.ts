/**
 * Where the founding documents' programs are refused: what the broker answers, and that nothing but the refused
 * operation is undone. The last line that a Python program prints before it ends is the exception with the answer.
 */

import { networkInterfaces } from 'node:os';
import type { Channel } from 'amqplib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { canConfigureBroker } from '../support/broker.ts';
import { canRunPrograms, FoundingWorld } from './founding-world.ts';

const XIAOJIE = { name: 'xiaojie', password: 'xiaojiexiaojie' };

const loginRefused = expect.stringContaining(
  "ConnectionClosedByBroker: (403) 'ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN.",
);

const founding = describe.skipIf(!canRunPrograms);
let world: FoundingWorld;

/** Opens a world for the tests of one `describe`. */
function useWorld(open: () => Promise<FoundingWorld>): void {
  beforeAll(async () => {
    world = await open();
    await world.reset();
  });
  afterEach(async () => await world.reset());
  afterAll(async () => await world.close());
}

/** What a client is told when its channel is closed by the operation. */
async function closedBy(operation: (channel: Channel) => Promise<unknown>): Promise<unknown> {
  const channel = await world.channel();
  const closed = new Promise((resolve) => channel.on('error', resolve));
  operation(channel).catch(() => undefined);
  return await closed;
}

founding('refused programs', () => {
  useWorld(async () => await FoundingWorld.open());

  test('an ack on a no_ack consumer is refused with 406, its message has been delivered (000-2)', async () => {
    const consumer = await world.start('000-2');
    await consumer.tap.passed('basic.consume-ok');
    const channel = await world.channel();
    channel.sendToQueue('hello queue', Buffer.from('twice settled'));
    expect(await consumer.program.exited).toMatchObject({ code: 1 });
    expect(consumer.program.lines).toContain("[x] Received b'twice settled'");
    expect(consumer.program.errorLines.at(-1)).toBe(
      "pika.exceptions.ChannelClosedByBroker: (406, 'PRECONDITION_FAILED - unknown delivery tag 1')",
    );
    expect(await world.counts('hello queue')).toEqual({ messages: 0, consumers: 0 });
    await channel.close();
  });

  test('an exchange that nobody has declared yet cannot be bound to; afterwards it can (000-6)', async () => {
    expect(await world.runToError('000-6', { args: ['info'] })).toMatchObject({
      code: 1,
      exception: "pika.exceptions.ChannelClosedByBroker: (404, \"NOT_FOUND - no exchange 'direct_logs' in vhost '/'\")",
    });
    await world.run('000-5');
    const consumer = await world.startConsumer('000-6', { args: ['info'] });
    await world.run('000-5', { args: ['info', 'found'] });
    await consumer.line(/'info':b'found'/);
  });

  test('the queue consumed must exist, whatever else was declared (001-5)', async () => {
    expect(await world.runToError('001-5')).toMatchObject({
      code: 1,
      exception: "pika.exceptions.ChannelClosedByBroker: (404, \"NOT_FOUND - no queue 'hello' in vhost '/'\")",
    });
    expect(await world.counts('task')).toEqual({ messages: 0, consumers: 0 });
    await world.run('001-1');
    const { tap } = await world.start('001-5');
    await tap.passed('basic.ack');
    await tap.closeChannel();
    expect(await world.counts('hello')).toEqual({ messages: 0, consumers: 0 });
  });

  test.each([
    { program: '002-1', queue: 'hello', declares: 'false', exists: 'true' },
    { program: '003-3', queue: 'task_queue', declares: 'true', exists: 'false' },
  ])('$program finds its queue declared otherwise: 406 names both values', async (refused) => {
    const channel = await world.channel();
    await channel.assertQueue(refused.queue, { durable: refused.exists === 'true' });
    channel.sendToQueue(refused.queue, Buffer.from('kept'));
    expect(await world.runToError(refused.program)).toMatchObject({
      code: 1,
      exception:
        `pika.exceptions.ChannelClosedByBroker: (406, "PRECONDITION_FAILED - inequivalent arg 'durable' for queue ` +
        `'${refused.queue}' in vhost '/': received '${refused.declares}' but current is '${refused.exists}'")`,
    });
    expect(await world.counts(refused.queue)).toEqual({ messages: 1, consumers: 0 });
    await channel.close();
  });

  test('a program that finds its exchange declared otherwise: 406 names both types (003-5)', async () => {
    const channel = await world.channel();
    await channel.assertExchange('logs', 'direct', { durable: false });
    expect(await world.runToError('003-5')).toMatchObject({
      code: 1,
      exception:
        `pika.exceptions.ChannelClosedByBroker: (406, "PRECONDITION_FAILED - inequivalent arg 'type' for exchange ` +
        `'logs' in vhost '/': received 'fanout' but current is 'direct'")`,
    });
    await channel.checkExchange('logs');
    await channel.close();
  });

  test('an exchange that a program declared cannot be declared durable (003-5)', async () => {
    await world.run('003-5');
    expect(await closedBy((channel) => channel.assertExchange('logs', 'fanout', { durable: true }))).toMatchObject({
      code: 406,
      classId: 40,
      methodId: 10,
      message: expect.stringContaining(
        "inequivalent arg 'durable' for exchange 'logs' in vhost '/': received 'true' but current is 'false'",
      ),
    });
  });
});

describe.skipIf(!canRunPrograms || !canConfigureBroker)('the user of the documents', () => {
  const settings = [`default_user = ${XIAOJIE.name}`, `default_pass = ${XIAOJIE.password}`];
  useWorld(async () => await FoundingWorld.open({ settings, user: XIAOJIE }));

  test('connects with its password and is refused with another (001-1)', async () => {
    expect(await world.runToError('001-1', { password: 'xiaojie' })).toMatchObject({
      code: 1,
      exception: loginRefused,
    });
    expect(await closedBy((channel) => channel.checkQueue('hello'))).toMatchObject({ code: 404 });
    await world.run('001-1');
    expect(await world.counts('hello')).toEqual({ messages: 1, consumers: 0 });
  });
});

/** An address of this machine that is not loopback. */
const address = Object.values(networkInterfaces())
  .flat()
  .find((each) => each?.family === 'IPv4' && !each.internal)?.address;

describe.skipIf(!canRunPrograms || !canConfigureBroker || address === undefined)('guest from another address', () => {
  const through = address ?? '';

  describe('by default', () => {
    useWorld(async () => await FoundingWorld.open({ listensEverywhere: true }));

    test('is refused as with a wrong password (003-1)', async () => {
      expect(await world.runToError('003-1', { through })).toMatchObject({ code: 1, exception: loginRefused });
      expect(await closedBy((channel) => channel.checkQueue('hello'))).toMatchObject({ code: 404 });
    });
  });

  describe('with loopback_users = none', () => {
    useWorld(async () => await FoundingWorld.open({ listensEverywhere: true, settings: ['loopback_users = none'] }));

    test('is let in (003-1)', async () => {
      await world.run('003-1', { through });
      expect(await world.counts('hello')).toEqual({ messages: 1, consumers: 0 });
    });
  });
});
