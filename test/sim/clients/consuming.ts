/** Acts that ask for messages: consuming, getting, and how many at once. */

import { EMPTY_TABLE } from '../../../src/base/field-table.ts';
import { DIRECT_REPLY_TO } from '../message-templates.ts';
import type { ClientChannel } from './channel.ts';
import type { SimClient } from './client.ts';
import { happens, type PlanWorld, pick } from './plan-world.ts';
import { pickPresent } from './topology.ts';

const CONSUMERS_MAX = 3;
const PREFETCHES = [0, 1, 2, 5, 30];

export function consume(world: PlanWorld, client: SimClient, channel: ClientChannel): void {
  if (channel.consumerTags.length >= CONSUMERS_MAX || !happens(world, world.plan.consumeOdds)) return;
  const queue = pickPresent(world, client, channel);
  if (queue === undefined) return;
  const consumerTag = newConsumerTag(world, channel);
  client.send(channel, {
    name: 'basic.consume',
    queue,
    consumerTag,
    noLocal: false,
    noAck: consumerTag !== '' && happens(world, 3),
    exclusive: happens(world, 15),
    noWait: consumerTag !== '' && happens(world, 8),
    arguments: EMPTY_TABLE,
  });
}

/** A second one on the same channel is refused, and so is one with acknowledgements. */
export function consumeReplies(world: PlanWorld, client: SimClient, channel: ClientChannel): void {
  if (channel.replyConsumer !== undefined && !happens(world, 10)) return;
  client.send(channel, {
    name: 'basic.consume',
    queue: DIRECT_REPLY_TO,
    consumerTag: `r${channel.sent.length}`,
    noLocal: false,
    noAck: !happens(world, 80),
    exclusive: false,
    noWait: happens(world, 8),
    arguments: EMPTY_TABLE,
  });
}

export function fetch(world: PlanWorld, client: SimClient, channel: ClientChannel): void {
  const queue = pickPresent(world, client, channel);
  if (queue !== undefined) client.send(channel, { name: 'basic.get', queue, noAck: happens(world, 2) });
}

/** Where queues are deep, so many that they come to messages which have left memory. */
export function fetchMany(world: PlanWorld, client: SimClient, channel: ClientChannel): void {
  const queue = pickPresent(world, client, channel);
  if (queue === undefined) return;
  const noAck = !happens(world, 4);
  for (let count = world.random.below(world.plan.burstMax / 2); count > 0; count--) {
    client.send(channel, { name: 'basic.get', queue, noAck });
  }
}

export function cancel(world: PlanWorld, client: SimClient, channel: ClientChannel): void {
  if (channel.consumerTags.length === 0) return;
  const consumerTag = pick(world, channel.consumerTags);
  client.send(channel, { name: 'basic.cancel', consumerTag, noWait: happens(world, 5) });
}

export function qos(world: PlanWorld, client: SimClient, channel: ClientChannel): void {
  const prefetchCount = pick(world, PREFETCHES);
  client.send(channel, { name: 'basic.qos', prefetchSize: 0, prefetchCount, global: happens(world, 3) });
}

/** One in many is in use already, which costs the client its connection. */
function newConsumerTag(world: PlanWorld, channel: ClientChannel): string {
  const [inUse] = channel.consumerTags;
  if (inUse !== undefined && happens(world, 80)) return inUse;
  return happens(world, 5) ? '' : `c${channel.sent.length}`;
}
