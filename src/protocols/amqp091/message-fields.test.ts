/** Priority and expiration of a publish stand in the message's head, by whatever way it becomes a message. */

import { describe, expect, test, vi } from 'vitest';
import { type PublishOptions, TestChannel } from '../../../test/support/amqp-channel.ts';
import { table } from '../../base/field-table.ts';
import { NEVER_MS } from '../../core/messages.ts';
import type { MessageHandle } from '../../core/ports.ts';
import type { Method } from './methods.ts';
import type { Properties } from './properties.ts';

const REPLIES = 'amq.rabbitmq.reply-to';
const TEN_YEARS_MS = 315_360_000_000;

/** A channel with the queues `a` and `b`, that waits for replies. */
function asking(): TestChannel {
  const channel = new TestChannel();
  const flags = { passive: false, durable: true, exclusive: false, autoDelete: false, noWait: true };
  for (const queue of ['a', 'b']) channel.send({ name: 'queue.declare', queue, ...flags, arguments: table({}) });
  const consume = { noLocal: false, noAck: true, exclusive: false, noWait: true, arguments: table({}) };
  channel.send({ name: 'basic.consume', queue: REPLIES, consumerTag: 'me', ...consume });
  return channel;
}

/** What the head of a message says, its flags with it. */
function headOf({ world }: TestChannel, message: MessageHandle): object {
  const { messages } = world.broker;
  return {
    priority: messages.priority(messages.regionOf(message), messages.offsetOf(message)),
    timeToLiveMs: messages.timeToLiveMs(message),
    isPersistent: messages.isPersistent(message),
  };
}

/** Of all messages of a queue, in order. */
function headsIn(channel: TestChannel, name: string): object[] {
  const { vhost, owner, broker } = channel.world;
  const heads: object[] = [];
  const queue = vhost.queue(owner, name);
  const sink = { taken: (message: MessageHandle) => void heads.push(headOf(channel, message)) };
  const noTags = { skip: () => 1, addFetched: () => 1 };
  while (queue.readyCount > 0) queue.take(noTags, true, sink);
  expect(broker.messages.stats.blocks).toBe(vhost.queue(owner, 'b').readyCount);
  return heads;
}

const PROPERTIES: [Properties, object][] = [
  [{ deliveryMode: 2 }, { priority: 0, timeToLiveMs: NEVER_MS, isPersistent: true }],
  [
    { deliveryMode: 2, priority: 255 },
    { priority: 255, timeToLiveMs: NEVER_MS, isPersistent: true },
  ],
  [
    { priority: 1, appId: 'a' },
    { priority: 1, timeToLiveMs: NEVER_MS, isPersistent: false },
  ],
  [{ expiration: '0' }, { priority: 0, timeToLiveMs: 0, isPersistent: false }],
  [
    { deliveryMode: 2, priority: 9, expiration: String(TEN_YEARS_MS) },
    { priority: 9, timeToLiveMs: TEN_YEARS_MS, isPersistent: true },
  ],
  [
    { expiration: '+4294967297', deliveryMode: 1 },
    { priority: 0, timeToLiveMs: 2 ** 32 + 1, isPersistent: false },
  ],
];

const large = new Uint8Array(100_000);

describe.each([
  ['at once', 'body', {}],
  ['without a body', '', {}],
  ['in pieces', 'body', { pieces: [1, 3] }],
  ['with a large body', large, {}],
  ['with a large body in pieces', large, { pieces: [40_000, 60_000] }],
  ['with an address for replies', 'body', { properties: { replyTo: REPLIES } }],
  ['with headers', 'body', { properties: { headers: table({ x: 1 }) } }],
  ['mandatory', 'body', { mandatory: true }],
] satisfies [string, string | Uint8Array, PublishOptions][])(
  'a message that is published %s',
  (_way, body, options) => {
    test('has priority and expiration in its head, and nothing of the one before it', () => {
      const channel = asking();
      const { properties: more, ...rest }: PublishOptions = options;
      for (const [properties] of [...PROPERTIES, ...PROPERTIES.toReversed()]) {
        channel.publish('', 'a', body, { properties: { ...properties, ...more }, ...rest });
      }
      const heads = PROPERTIES.map(([, head]) => head);
      expect(headsIn(channel, 'a')).toEqual([...heads, ...heads.toReversed()]);
    });
  },
);

test('a message in a transaction has priority and expiration in its head', () => {
  const channel = asking();
  channel.send({ name: 'tx.select' });
  for (const [properties] of PROPERTIES) channel.publish('', 'a', 'body', { properties });
  channel.send({ name: 'tx.commit' });
  channel.turn();
  expect(headsIn(channel, 'a')).toEqual(PROPERTIES.map(([, head]) => head));
});

test('a message that goes to more queues by CC and BCC has them in each', () => {
  const channel = asking();
  const headers = table({ CC: ['a'], BCC: ['b'] });
  for (const [properties] of PROPERTIES) channel.publish('', '', 'body', { properties: { ...properties, headers } });
  const heads = PROPERTIES.map(([, head]) => head);
  expect([headsIn(channel, 'a'), headsIn(channel, 'b')]).toEqual([heads, heads]);
});

test('a message that goes nowhere leaves its expiration to no other', () => {
  const channel = asking();
  const publish = vi.spyOn(channel.world.vhost, 'publish');
  const heads: object[] = [];
  publish.mockImplementation((message) => heads.push(headOf(channel, message)));
  for (const expiration of ['5', undefined]) {
    const properties = expiration === undefined ? {} : { expiration };
    channel.publish('', 'nowhere', 'body', { properties });
    channel.publish('', 'nowhere', 'body', { properties, mandatory: true });
    channel.publish('', 'a', 'body', { pieces: [2, 2] });
  }
  const plain = { priority: 0, timeToLiveMs: NEVER_MS, isPersistent: false };
  expect(heads).toEqual([{ ...plain, timeToLiveMs: 5 }, plain, plain, plain]);
});

test('a reply has priority and expiration in its head', () => {
  const client = asking();
  client.publish('', 'a', 'question', { properties: { replyTo: REPLIES } });
  const server = new TestChannel({ world: client.world });
  const get: Method = { name: 'basic.get', queue: 'a', noAck: true };
  server.send(get);
  const address = server.turnAndTake()[0]?.match(/amq\.rabbitmq\.reply-to\.\S+/)?.[0] ?? '';
  const heads: object[] = [];
  const deliver = vi.spyOn(client.channel, 'deliver');
  deliver.mockImplementation((_consumer, message) => void heads.push(headOf(client, message)));
  for (const [properties] of PROPERTIES) server.publish('', address, 'answer', { properties });
  server.turn();
  expect(heads).toEqual(PROPERTIES.map(([, head]) => head));
});
