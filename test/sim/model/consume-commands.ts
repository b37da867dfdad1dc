/** Consuming, also direct replies, getting, and how much at once. */

import type { Method } from '../../../src/protocols/amqp091/methods.ts';
import { check } from '../failure.ts';
import { DIRECT_REPLY_TO } from '../message-templates.ts';
import type { ModelChannel, ModelConsumer, SimQueue } from './channel.ts';
import type { Model } from './model.ts';
import { nameOf, reach } from './reach.ts';
import { ACCEPTED, ACCESS_REFUSED, NOT_ALLOWED, NOT_FOUND, PRECONDITION_FAILED } from './reply-codes.ts';
import type { Rules } from './rules.ts';

type Consume = Extract<Method, { name: 'basic.consume' }>;

export const CONSUME_RULES: Rules = {
  'basic.consume': (model, channel, method) => {
    const name = nameOf(channel, method.queue);
    if (name === undefined) return NOT_FOUND;
    if (channel.consumers.has(method.consumerTag)) return NOT_ALLOWED;
    if (name === DIRECT_REPLY_TO) return consumeReplies(model, channel, method);
    const queue = reach(model, channel, name);
    if (typeof queue === 'number') return queue;
    const isTaken = method.exclusive || [...queue.consumers].some(({ exclusive }) => exclusive);
    if (queue.consumers.size > 0 && isTaken) return ACCESS_REFUSED;
    join(queue, channel, method);
    return ACCEPTED;
  },

  'basic.cancel': (model, channel, method) => {
    const consumer = channel.consumers.get(method.consumerTag);
    if (consumer !== undefined) model.removeConsumer(consumer);
    if (!method.noWait) channel.owe('basic.cancel-ok');
    return ACCEPTED;
  },

  'basic.get': (model, channel, method) => {
    const queue = reach(model, channel, method.queue);
    if (typeof queue === 'number') return queue;
    channel.owe('basic.get-ok', { queue, noAck: method.noAck });
    return ACCEPTED;
  },

  'basic.qos': (_model, channel, method) => {
    if (method.global) channel.limit = method.prefetchCount;
    else channel.prefetch = method.prefetchCount;
    channel.owe('basic.qos-ok');
    return ACCEPTED;
  },
};

/** Replies need no acknowledgement, and a channel has one consumer of them. */
function consumeReplies(model: Model, channel: ModelChannel, method: Consume): number {
  if (!method.noAck) return PRECONDITION_FAILED;
  if (channel.replyQueue?.isDeleted === false) {
    model.seen.add('a second consumer of replies');
    return PRECONDITION_FAILED;
  }
  channel.replyQueue = model.replies.makeQueue();
  join(channel.replyQueue, channel, method);
  return ACCEPTED;
}

function join(queue: SimQueue, channel: ModelChannel, method: Consume): void {
  const consumer: ModelConsumer = {
    tag: method.consumerTag,
    queue,
    channel,
    noAck: method.noAck,
    exclusive: method.exclusive,
    prefetch: method.noAck ? 0 : channel.prefetch,
    used: 0,
    isAnnounced: method.noWait,
    round: -1,
    position: -1,
  };
  queue.consumers.add(consumer);
  if (consumer.tag !== '') channel.consumers.set(consumer.tag, consumer);
  if (!method.noWait) channel.owe('basic.consume-ok', { verify: (answer) => announce(consumer, answer) });
}

function announce(consumer: ModelConsumer, answer: Method): void {
  check(answer.name === 'basic.consume-ok', () => 'consume was answered otherwise');
  const isSame = consumer.tag === '' || consumer.tag === answer.consumerTag;
  check(isSame, () => `consumer '${consumer.tag}' was announced as '${answer.consumerTag}'`);
  consumer.tag = answer.consumerTag;
  consumer.isAnnounced = true;
  if (consumer.queue.consumers.has(consumer)) consumer.channel.consumers.set(consumer.tag, consumer);
}
