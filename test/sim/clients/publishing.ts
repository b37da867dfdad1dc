/** Acts that publish: single messages, bursts, requests and the replies to them. */

import { BODY_BYTES_MAX, type MessageFacts, makeMessage, type SimMessage } from '../message.ts';
import type { ClientChannel } from './channel.ts';
import type { SimClient } from './client.ts';
import { consumeReplies } from './consuming.ts';
import { happens, KEYS, type PlanWorld, pick, pickQueue } from './plan-world.ts';
import { EXCHANGES } from './topology.ts';

/** A burst of so many is large. */
const MANY = 200;

type Target = Pick<MessageFacts, 'exchange' | 'key'>;

export function publish(world: PlanWorld, client: SimClient, channel: ClientChannel): void {
  const { random, plan } = world;
  const isLarge = happens(world, plan.largeOdds);
  const bodyBytes = isLarge ? largeBytes(world) : random.below(happens(world, 6) ? 3000 : 100);
  const message = makeOne(world, { ...pickTarget(world, client), bodyBytes });
  const piece = happens(world, 4) ? 1 + random.below(Math.max(1000, bodyBytes)) : BODY_BYTES_MAX;
  const held = happens(world, 30) ? pick(world, ['content', 'body'] as const) : 'nothing';
  client.publish(channel, message, piece, held);
}

export function publishBurst(world: PlanWorld, client: SimClient, channel: ClientChannel): void {
  const { random, plan } = world;
  const count = 1 + random.below(happens(world, 12) ? plan.burstMax : 12);
  // Very many go to one queue: through exchanges they would be ten times as many.
  const target = count < MANY ? pickTarget(world, client) : { exchange: '', key: pickQueue(world, client) };
  const first = makeOne(world, { ...target, bodyBytes: random.below(60) });
  client.publish(channel, first, BODY_BYTES_MAX, 'nothing');
  for (let index = 1; index < count; index++) {
    const message = makeMessage({ ...first, id: world.messages.length });
    world.messages.push(message);
    client.publish(channel, message, BODY_BYTES_MAX, 'nothing');
  }
}

/** Asks for a reply; now and then without waiting for any, which is refused. */
export function request(world: PlanWorld, client: SimClient, channel: ClientChannel): void {
  if (channel.replyConsumer === undefined && !happens(world, 20)) consumeReplies(world, client, channel);
  const bodyBytes = world.random.below(100);
  const message = makeOne(world, { ...pickTarget(world, client), bodyBytes, isRequest: true });
  client.publish(channel, message, BODY_BYTES_MAX, 'nothing');
}

/** Answers a request that the client has received, once or more often, soon or when nobody waits any more. */
export function reply(world: PlanWorld, client: SimClient, channel: ClientChannel): void {
  if (client.addresses.length === 0) return;
  const newest = client.addresses.at(-1) ?? '';
  const key = happens(world, 3) ? pick(world, client.addresses) : newest;
  const message = makeOne(world, { exchange: '', key, bodyBytes: world.random.below(100) });
  client.publish(channel, message, BODY_BYTES_MAX, 'nothing');
}

/** From 16 KB on bodies are sent from where they lie, and above 64 KB they lie apart: both sides of both borders. */
function largeBytes(world: PlanWorld): number {
  const { random } = world;
  return happens(world, 2) ? 12_000 + random.below(56_000) : random.below(BODY_BYTES_MAX);
}

function pickTarget(world: PlanWorld, client: SimClient): Target {
  if (happens(world, 2)) {
    // A queue that the broker named may get messages from everybody who knows the name.
    const key = happens(world, 12) ? pick(world, [...world.model.queues.keys(), 'q0']) : pickQueue(world, client);
    return { exchange: '', key };
  }
  return { exchange: pickExchange(world), key: pick(world, KEYS) };
}

/** One that takes messages, most of the time: to publish to another costs the channel. */
function pickExchange(world: PlanWorld): string {
  const name = pick(world, EXCHANGES);
  const isOpen = world.model.exchanges.find(name)?.facts.internal === false;
  if (isOpen || happens(world, 30)) return name;
  return happens(world, 40) ? 'e9' : 'amq.topic';
}

function makeOne(
  world: PlanWorld,
  {
    exchange,
    key,
    bodyBytes,
    isRequest = false,
  }: Target & { readonly bodyBytes: number; readonly isRequest?: boolean },
): SimMessage {
  const { random, messages } = world;
  const mandatory = random.below(4) === 0;
  const persistent = random.below(2) === 0;
  const message = makeMessage({ id: messages.length, exchange, key, mandatory, persistent, isRequest, bodyBytes });
  messages.push(message);
  return message;
}
