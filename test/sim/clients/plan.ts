/**
 * What a client does next: one random act, by weight. Names come from small pools, so that clients meet.
 */

import { EMPTY_TABLE } from '../../../src/base/field-table.ts';
import type { Random } from '../../../src/base/random.ts';
import type { Method } from '../../../src/protocols/amqp091/methods.ts';
import { BODY_BYTES_MAX, makeMessage, type SimMessage } from '../message.ts';
import type { ClientChannel } from './channel.ts';
import type { SimClient } from './client.ts';

const CHANNELS_MAX = 3;
const CONSUMERS_MAX = 3;
/** So many messages at once are returned in steps. */
const MASS = 1000;
const QUEUES = ['q0', 'q1', 'q2', 'q3', 'q4', 'q5'];
/** Exclusive: for all but one connection a refusal. */
const PRIVATE = 'private';
const EXCHANGES = ['amq.direct', 'amq.fanout', 'amq.topic', 'e0', 'e1', 'e2'];
const TYPES = ['direct', 'fanout', 'topic'] as const;
const KEYS = ['a', 'b', 'a.b', 'a.b.c', 'b.c'];
const PATTERNS = [...KEYS, '#', '*', 'a.*', '*.b', 'a.#', '#.c', 'a.#.c'];
const PREFETCHES = [0, 1, 2, 5, 30];

/** What differs from seed to seed. */
export interface PlanOptions {
  /** Body sizes: one in so many is large. */
  readonly largeOdds: number;
  /** Messages that one burst publishes at most. */
  readonly burstMax: number;
  /** One in so many acts takes something down that others use (delete, purge). */
  readonly ruinOdds: number;
  /** One in so many attempts to consume is made. */
  readonly consumeOdds: number;
}

export interface PlanWorld {
  readonly random: Random;
  readonly messages: SimMessage[];
  readonly plan: PlanOptions;
  /** What there is, so that most acts have something to act on. */
  readonly model: { readonly queues: ReadonlyMap<string, unknown> };
}

type Act = (world: PlanWorld, client: SimClient, channel: ClientChannel) => void;

const ACTS: readonly (readonly [weight: number, act: Act])[] = [
  [30, publish],
  [12, publishBurst],
  [22, settle],
  [8, settleMany],
  [8, consume],
  [16, fetch],
  [1, fetchMany],
  [6, declareQueue],
  [5, bind],
  [2, declareExchange],
  [2, unbind],
  [3, cancel],
  [2, qos],
  [1, recover],
  [2, selectConfirms],
  [2, ruin],
  [2, closeChannel],
];
const WEIGHTS = ACTS.reduce((sum, [weight]) => sum + weight, 0);

/** Declares and binds, so that not everything is unroutable at first. */
export function setUp(client: SimClient): void {
  const channel = client.openChannel(1);
  QUEUES.forEach((queue, index) => {
    client.send(channel, declaration(queue, index));
    const [exchange = ''] = EXCHANGES.slice(index % 3);
    const binding = { exchange, routingKey: PATTERNS[index] ?? '', noWait: true, arguments: EMPTY_TABLE };
    client.send(channel, { name: 'queue.bind', queue, ...binding });
  });
}

/** Makes the client do something. */
export function act(world: PlanWorld, client: SimClient): void {
  const { random } = world;
  const channel = pickChannel(world, client);
  if (channel === undefined) return;
  let ticket = random.below(WEIGHTS);
  for (const [weight, run] of ACTS) {
    ticket -= weight;
    if (ticket < 0) return run(world, client, channel);
  }
}

/** An open channel: an existing one, or a new one. */
function pickChannel({ random }: PlanWorld, client: SimClient): ClientChannel | undefined {
  const number = 1 + random.below(CHANNELS_MAX);
  const channel = client.channels.get(number) ?? client.openChannel(number);
  return channel.isClosing ? undefined : channel;
}

function publish(world: PlanWorld, client: SimClient, channel: ClientChannel): void {
  const { random, plan } = world;
  const isLarge = random.below(plan.largeOdds) === 0;
  const bodyBytes = isLarge ? largeBytes(random) : random.below(random.below(6) === 0 ? 3000 : 100);
  const message = publishOne(world, bodyBytes);
  const piece = random.below(4) === 0 ? 1 + random.below(Math.max(1000, bodyBytes)) : BODY_BYTES_MAX;
  const held = random.below(30) > 0 ? 'nothing' : pick(random, ['content', 'body'] as const);
  client.publish(channel, message, piece, held);
}

/** From 16 KB on bodies are sent from where they lie, and above 64 KB they lie apart: both sides of both borders. */
function largeBytes(random: Random): number {
  return random.below(2) === 0 ? 12_000 + random.below(56_000) : random.below(BODY_BYTES_MAX);
}

function publishBurst(world: PlanWorld, client: SimClient, channel: ClientChannel): void {
  const { random, plan } = world;
  const count = 1 + random.below(random.below(12) === 0 ? plan.burstMax : 12);
  const first = publishOne(world, random.below(60));
  client.publish(channel, first, BODY_BYTES_MAX, 'nothing');
  for (let index = 1; index < count; index++) {
    const message = makeMessage({ ...first, id: world.messages.length });
    world.messages.push(message);
    client.publish(channel, message, BODY_BYTES_MAX, 'nothing');
  }
}

function publishOne(world: PlanWorld, bodyBytes: number): SimMessage {
  const { random, messages } = world;
  const toQueue = random.below(2) === 0;
  const exchange = toQueue ? '' : pick(random, random.below(40) === 0 ? ['e9'] : EXCHANGES);
  const key = toQueue ? pickQueue(random) : pick(random, KEYS);
  const mandatory = random.below(4) === 0;
  const persistent = random.below(2) === 0;
  const message = makeMessage({ id: messages.length, exchange, key, mandatory, persistent, bodyBytes });
  messages.push(message);
  return message;
}

function settle({ random }: PlanWorld, client: SimClient, channel: ClientChannel): void {
  const { tags } = channel;
  if (tags.length === 0) return;
  const [deliveryTag = 0] = tags.splice(random.below(3) === 0 ? random.below(tags.length) : 0, 1);
  switch (random.below(10)) {
    case 0:
      return client.send(channel, { name: 'basic.reject', deliveryTag, requeue: true });
    case 1:
      return client.send(channel, { name: 'basic.reject', deliveryTag, requeue: false });
    case 2:
      return client.send(channel, { name: 'basic.nack', deliveryTag, multiple: false, requeue: random.below(2) === 0 });
    default:
      // One in so many is for a tag that does not exist.
      return client.send(channel, {
        name: 'basic.ack',
        deliveryTag: random.below(300) === 0 ? deliveryTag + 100_000 : deliveryTag,
        multiple: false,
      });
  }
}

function settleMany({ random }: PlanWorld, client: SimClient, channel: ClientChannel): void {
  const { tags } = channel;
  if (tags.length === 0) return;
  const isAll = random.below(10) === 0;
  const count = isAll ? tags.length : 1 + random.below(tags.length);
  const last = tags.splice(0, count).at(-1) ?? 0;
  const deliveryTag = isAll ? 0 : last;
  if (random.below(4) === 0) {
    client.send(channel, { name: 'basic.nack', deliveryTag, multiple: true, requeue: random.below(3) > 0 });
  } else client.send(channel, { name: 'basic.ack', deliveryTag, multiple: true });
}

function consume(world: PlanWorld, client: SimClient, channel: ClientChannel): void {
  const { random, plan } = world;
  if (channel.consumerTags.length >= CONSUMERS_MAX || random.below(plan.consumeOdds) > 0) return;
  const queue = pickPresent(world, client, channel);
  if (queue === undefined) return;
  const consumerTag = newConsumerTag(random, channel);
  client.send(channel, {
    name: 'basic.consume',
    queue,
    consumerTag,
    noLocal: false,
    noAck: consumerTag !== '' && random.below(3) === 0,
    exclusive: random.below(15) === 0,
    noWait: consumerTag !== '' && random.below(8) === 0,
    arguments: EMPTY_TABLE,
  });
}

/** One in many is in use already, which costs the client its connection. */
function newConsumerTag(random: Random, channel: ClientChannel): string {
  const [inUse] = channel.consumerTags;
  if (inUse !== undefined && random.below(80) === 0) return inUse;
  return random.below(5) === 0 ? '' : `c${channel.sent.length}`;
}

function fetch(world: PlanWorld, client: SimClient, channel: ClientChannel): void {
  const queue = pickPresent(world, client, channel);
  if (queue !== undefined) client.send(channel, { name: 'basic.get', queue, noAck: world.random.below(2) === 0 });
}

/** Where queues are deep, so many that they come to messages which have left memory. */
function fetchMany(world: PlanWorld, client: SimClient, channel: ClientChannel): void {
  const { random, plan } = world;
  const queue = pickPresent(world, client, channel);
  if (queue === undefined) return;
  const noAck = random.below(4) > 0;
  for (let count = random.below(plan.burstMax / 2); count > 0; count--) {
    client.send(channel, { name: 'basic.get', queue, noAck });
  }
}

function cancel({ random }: PlanWorld, client: SimClient, channel: ClientChannel): void {
  if (channel.consumerTags.length === 0) return;
  const consumerTag = pick(random, channel.consumerTags);
  channel.consumerTags.splice(channel.consumerTags.indexOf(consumerTag), 1);
  client.send(channel, { name: 'basic.cancel', consumerTag, noWait: random.below(5) === 0 });
}

function qos({ random }: PlanWorld, client: SimClient, channel: ClientChannel): void {
  const prefetchCount = pick(random, PREFETCHES);
  client.send(channel, { name: 'basic.qos', prefetchSize: 0, prefetchCount, global: random.below(3) === 0 });
}

function recover(_world: PlanWorld, client: SimClient, channel: ClientChannel): void {
  channel.tags.length = 0;
  client.send(channel, { name: 'basic.recover', requeue: true });
}

function selectConfirms(_world: PlanWorld, client: SimClient, channel: ClientChannel): void {
  client.send(channel, { name: 'confirm.select', noWait: false });
}

/** Durability and the like belong to the name, but for a declaration now and then that does not agree. */
function declareQueue({ random }: PlanWorld, client: SimClient, channel: ClientChannel): void {
  const isNameless = random.below(8) === 0;
  const index = random.below(QUEUES.length + (random.below(10) === 0 ? 1 : 0));
  const queue = isNameless ? '' : (QUEUES[index] ?? PRIVATE);
  const isOdd = random.below(40) === 0;
  const wanted = declaration(queue, index);
  if (isNameless) return client.send(channel, { ...wanted, durable: false, exclusive: true });
  client.send(channel, {
    ...wanted,
    passive: random.below(20) === 0,
    durable: wanted.durable !== isOdd,
    noWait: random.below(8) === 0,
  });
}

function declaration(queue: string, index: number): Extract<Method, { name: 'queue.declare' }> {
  return {
    name: 'queue.declare',
    queue,
    passive: false,
    durable: index % 2 === 0,
    exclusive: queue === PRIVATE,
    autoDelete: index % 3 === 1,
    noWait: false,
    arguments: EMPTY_TABLE,
  };
}

function declareExchange({ random }: PlanWorld, client: SimClient, channel: ClientChannel): void {
  const index = random.below(3);
  client.send(channel, {
    name: 'exchange.declare',
    exchange: `e${index}`,
    type: TYPES[random.below(40) === 0 ? 0 : index] ?? 'direct',
    passive: random.below(20) === 0,
    durable: index > 0,
    autoDelete: index === 2,
    internal: false,
    noWait: random.below(8) === 0,
    arguments: EMPTY_TABLE,
  });
}

function bind(world: PlanWorld, client: SimClient, channel: ClientChannel): void {
  const { random } = world;
  const queue = pickPresent(world, client, channel);
  if (queue === undefined) return;
  const isLastQueue = random.below(8) === 0;
  client.send(channel, {
    name: 'queue.bind',
    queue: isLastQueue ? '' : queue,
    exchange: pick(random, EXCHANGES),
    routingKey: isLastQueue ? '' : pick(random, PATTERNS),
    noWait: random.below(8) === 0,
    arguments: EMPTY_TABLE,
  });
}

function unbind({ random }: PlanWorld, client: SimClient, channel: ClientChannel): void {
  client.send(channel, {
    name: 'queue.unbind',
    queue: pickQueue(random),
    exchange: pick(random, EXCHANGES),
    routingKey: pick(random, PATTERNS),
    arguments: EMPTY_TABLE,
  });
}

/** Purges or deletes what others may be using. */
function ruin({ random, plan }: PlanWorld, client: SimClient, channel: ClientChannel): void {
  if (random.below(plan.ruinOdds) > 0) return;
  const queue = pickQueue(random);
  const noWait = random.below(8) === 0;
  const ifUnused = random.below(2) === 0;
  // Whether a queue is empty cannot be told while very many messages are on their way back to it.
  const ifEmpty = plan.burstMax < MASS && random.below(4) === 0;
  switch (random.below(4)) {
    case 0:
      return client.send(channel, { name: 'queue.delete', queue, ifUnused, ifEmpty, noWait });
    case 1:
      return client.send(channel, { name: 'exchange.delete', exchange: pick(random, EXCHANGES), ifUnused, noWait });
    default:
      return client.send(channel, { name: 'queue.purge', queue, noWait });
  }
}

function closeChannel(_world: PlanWorld, client: SimClient, channel: ClientChannel): void {
  client.closeChannel(channel);
}

/** A queue that is there, most of the time; when it is not, it is declared. */
function pickPresent(world: PlanWorld, client: SimClient, channel: ClientChannel): string | undefined {
  const queue = pickQueue(world.random);
  if (world.model.queues.has(queue) || world.random.below(8) === 0) return queue;
  declareQueue(world, client, channel);
  return undefined;
}

function pickQueue(random: Random): string {
  return random.below(60) === 0 ? PRIVATE : pick(random, QUEUES);
}

function pick<T>(random: Random, from: readonly T[]): T {
  const [first] = from;
  const picked = from[random.below(from.length)] ?? first;
  if (picked === undefined) throw new Error('nothing to pick from');
  return picked;
}
