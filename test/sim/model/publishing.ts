/**
 * What a publish does: the refusals, the routing, the returns; at once, or when the transaction commits.
 */

import { keysOf, type SimMessage } from '../message.ts';
import type { ModelChannel, SimQueue } from './channel.ts';
import type { Model } from './model.ts';
import { isReplyName } from './reach.ts';
import { ACCEPTED, ACCESS_REFUSED, NOT_FOUND, PRECONDITION_FAILED } from './reply-codes.ts';
import { route } from './routing.ts';
import type { HeldPublish } from './transaction.ts';

/** What a basic.publish must be refused with, or 0. */
export function refusalOfPublish(model: Model, exchangeName: string): number {
  if (exchangeName === '') return ACCEPTED;
  const exchange = model.exchanges.find(exchangeName);
  if (exchange === undefined) return NOT_FOUND;
  if (!exchange.facts.internal) return ACCEPTED;
  model.seen.add('an internal exchange refused');
  return ACCESS_REFUSED;
}

/** What a content header must be refused with, or 0. */
export function refusalOfHeader(model: Model, channel: ModelChannel, message: SimMessage): number {
  if (!message.isRequest) return ACCEPTED;
  const { replyQueue } = channel;
  if (replyQueue === undefined || replyQueue.isDeleted) {
    model.seen.add('a request without a consumer for the replies');
    return PRECONDITION_FAILED;
  }
  model.seen.add('a request for direct replies');
  model.replies.asked(message, replyQueue);
  return ACCEPTED;
}

/** A message is complete. @returns what it must be refused with, because its exchange has gone meanwhile, or 0. */
export function publish(model: Model, channel: ModelChannel, message: SimMessage): number {
  const refused = refusalOfPublish(model, message.exchange);
  if (refused !== ACCEPTED) return refused;
  const queues = queuesFor(model, message);
  if (message.template.copies.length > 0 && queues.size > 0) model.seen.add('copies by CC and BCC');
  if (channel.transaction !== undefined) channel.transaction.publish(message, queues);
  else publishNow(model, channel, message, queues);
  return ACCEPTED;
}

/** Messages were routed when they were published, to queues by name: those that have these names now get them. */
export function publishHeld(model: Model, channel: ModelChannel, { message, queues }: HeldPublish<SimQueue>): void {
  const names = new Set([...queues].map(({ name }) => name));
  if (message.exchange === '') for (const key of keysOf(message)) names.add(key);
  const present = new Set([...names].flatMap((name) => model.findQueue(name) ?? []));
  if ([...present].some((queue) => !queues.has(queue))) model.seen.add('a commit to a queue declared since');
  if ([...queues].some((queue) => !present.has(queue))) model.seen.add('a commit without a queue deleted since');
  if (comesBack(message, present)) model.seen.add('a message returned by a commit');
  publishNow(model, channel, message, present);
}

function publishNow(model: Model, channel: ModelChannel, message: SimMessage, queues: ReadonlySet<SimQueue>): void {
  for (const queue of queues) queue.enqueue(message);
  model.routed.push({ message, queues });
  model.published++;
  if (queues.size === 0) model.unroutable++;
  const sequence = channel.hasConfirms ? ++channel.published : Number.POSITIVE_INFINITY;
  if (comesBack(message, queues)) channel.unreturned.push({ message, sequence });
}

/** As in RabbitMQ before 4, a mandatory message comes back also when it reached nobody but a requester. */
function comesBack({ mandatory }: SimMessage, queues: ReadonlySet<SimQueue>): boolean {
  return mandatory && [...queues].every(({ name }) => isReplyName(name));
}

function queuesFor(model: Model, message: SimMessage): Set<SimQueue> {
  const exchange = model.exchanges.find(message.exchange);
  if (exchange !== undefined) return route(model.exchanges, exchange, message, model.seen);
  const queues = new Set<SimQueue>();
  for (const key of keysOf(message)) {
    const queue = model.findQueue(key);
    if (queue !== undefined) queues.add(queue);
    else if (isReplyName(key)) model.seen.add('a reply to a requester that is gone');
  }
  return queues;
}
