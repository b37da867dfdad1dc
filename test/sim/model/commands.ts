/**
 * What each method of a channel does to the model: one function a method. It answers the reply code with which the broker
 * must refuse the method, or 0, and notes the answer that the broker owes.
 */

import type { Method } from '../../../src/protocols/amqp091/methods.ts';
import { check, SimFailure } from '../failure.ts';
import type { ModelChannel, ModelConsumer } from './channel.ts';
import type { Model, SimQueue } from './model.ts';

const ACCEPTED = 0;
const ACCESS_REFUSED = 403;
const NOT_FOUND = 404;
const LOCKED = 405;
const PRECONDITION_FAILED = 406;
const NOT_ALLOWED = 530;
/** A count that the model cannot tell. */
const UNKNOWN = -1;

type Rule<M extends Method> = (model: Model, channel: ModelChannel, method: M) => number;
type Rules = { readonly [N in Method['name']]?: Rule<Extract<Method, { name: N }>> };

const RULES: Rules = {
  'exchange.declare': (model, channel, method) => {
    const present = model.exchanges.get(method.exchange);
    if (present === undefined && method.passive) return NOT_FOUND;
    if (present === undefined) model.addExchange(method.exchange, method.type, method.durable, method.autoDelete);
    else if (!method.passive) {
      const { type, durable, autoDelete } = present;
      const isSame = type === method.type && durable === method.durable && autoDelete === method.autoDelete;
      if (!isSame) return PRECONDITION_FAILED;
    }
    return owe(channel, method.noWait, 'exchange.declare-ok');
  },

  'exchange.delete': (model, channel, method) => {
    if (method.exchange.startsWith('amq.')) return ACCESS_REFUSED;
    const exchange = model.exchanges.get(method.exchange);
    if (exchange !== undefined) {
      if (method.ifUnused && exchange.bindings.length > 0) return PRECONDITION_FAILED;
      model.deleteExchange(exchange);
    }
    return owe(channel, method.noWait, 'exchange.delete-ok');
  },

  'queue.declare': (model, channel, method) => {
    const present = method.queue === '' ? undefined : model.queues.get(method.queue);
    if (present === undefined && method.passive) return NOT_FOUND;
    if (present !== undefined) {
      const refused = isSameQueue(present, channel, method);
      if (refused !== ACCEPTED) return refused;
    }
    const owner = method.exclusive ? channel.owner : undefined;
    const options = { durable: method.durable && !method.exclusive, autoDelete: method.autoDelete, owner };
    const queue = present ?? model.addQueue(method.queue, options);
    channel.lastQueue = queue;
    return oweDeclareOk(model, channel, method.noWait, queue);
  },

  'queue.bind': (model, channel, method) => {
    if (method.exchange === '') return ACCESS_REFUSED;
    const exchange = model.exchanges.get(method.exchange);
    if (exchange === undefined) return NOT_FOUND;
    const queue = reach(model, channel, method.queue);
    if (typeof queue === 'number') return queue;
    model.bind(exchange, queue, keyOf(method, queue));
    return owe(channel, method.noWait, 'queue.bind-ok');
  },

  'queue.unbind': (model, channel, method) => {
    if (method.exchange === '') return ACCESS_REFUSED;
    const exchange = model.exchanges.get(method.exchange);
    const named = method.queue === '' ? channel.lastQueue : model.queues.get(method.queue);
    if (method.queue === '' && named === undefined) return NOT_FOUND;
    const isBound = exchange?.bindings.some(({ queue }) => queue === named);
    if (exchange !== undefined && named !== undefined && isBound) {
      const queue = reach(model, channel, method.queue);
      if (typeof queue === 'number') return queue;
      model.unbind(exchange, queue, keyOf(method, queue));
    }
    return owe(channel, false, 'queue.unbind-ok');
  },

  'queue.purge': (model, channel, method) => {
    const queue = reach(model, channel, method.queue);
    if (typeof queue === 'number') return queue;
    if (model.isBehind) queue.isVague = true;
    const count = queue.isVague ? UNKNOWN : queue.purge();
    return oweCount(channel, method.noWait, 'queue.purge-ok', count);
  },

  'queue.delete': (model, channel, method) => {
    const queue = reach(model, channel, method.queue);
    if (queue === NOT_FOUND) return oweCount(channel, method.noWait, 'queue.delete-ok', 0);
    if (typeof queue === 'number') return queue;
    if (method.ifUnused && queue.consumers.size > 0) return PRECONDITION_FAILED;
    if (method.ifEmpty && queue.readyCount > 0) return PRECONDITION_FAILED;
    const count = queue.isVague || model.isBehind ? UNKNOWN : queue.readyCount;
    model.deleteQueue(queue);
    return oweCount(channel, method.noWait, 'queue.delete-ok', count);
  },

  'basic.qos': (_model, channel, method) => {
    if (method.global) channel.limit = method.prefetchCount;
    else channel.prefetch = method.prefetchCount;
    return owe(channel, false, 'basic.qos-ok');
  },

  'basic.consume': (model, channel, method) => {
    if (channel.consumers.has(method.consumerTag)) return NOT_ALLOWED;
    const queue = reach(model, channel, method.queue);
    if (typeof queue === 'number') return queue;
    const isTaken = method.exclusive || [...queue.consumers].some(({ exclusive }) => exclusive);
    if (queue.consumers.size > 0 && isTaken) return ACCESS_REFUSED;
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
    if (!method.noWait) channel.owed.push({ name: 'basic.consume-ok', verify: (answer) => announce(consumer, answer) });
    return ACCEPTED;
  },

  'basic.cancel': (model, channel, method) => {
    const consumer = channel.consumers.get(method.consumerTag);
    if (consumer !== undefined) model.removeConsumer(consumer);
    return owe(channel, method.noWait, 'basic.cancel-ok');
  },

  'basic.get': (model, channel, method) => {
    const queue = reach(model, channel, method.queue);
    if (typeof queue === 'number') return queue;
    channel.owed.push({ name: 'basic.get-ok', queue, noAck: method.noAck });
    return ACCEPTED;
  },

  'basic.ack': (model, channel, method) => settle(model, channel, method.deliveryTag, method.multiple, 'ack'),
  'basic.nack': (model, channel, method) =>
    settle(model, channel, method.deliveryTag, method.multiple, method.requeue ? 'requeue' : 'reject'),
  'basic.reject': (model, channel, method) =>
    settle(model, channel, method.deliveryTag, false, method.requeue ? 'requeue' : 'reject'),

  'basic.recover': (model, channel) => {
    model.requeueAll(channel);
    return owe(channel, false, 'basic.recover-ok');
  },

  'confirm.select': (_model, channel, method) => {
    channel.hasConfirms = true;
    return owe(channel, method.noWait, 'confirm.select-ok');
  },
};

/** @returns the code with which the broker must refuse the method, or 0. */
export function execute(model: Model, channel: ModelChannel, method: Method): number {
  const rule = RULES[method.name] as Rule<Method> | undefined;
  if (rule === undefined) throw new SimFailure(`the model does not know ${method.name}`);
  return rule(model, channel, method);
}

function reach(model: Model, channel: ModelChannel, name: string): SimQueue | typeof NOT_FOUND | typeof LOCKED {
  const wanted = name === '' ? channel.lastQueue?.name : name;
  const queue = wanted === undefined ? undefined : model.queues.get(wanted);
  if (queue === undefined) return NOT_FOUND;
  const { owner } = queue.options;
  return owner === undefined || owner === channel.owner ? queue : LOCKED;
}

function isSameQueue(
  queue: SimQueue,
  channel: ModelChannel,
  wanted: Extract<Method, { name: 'queue.declare' }>,
): number {
  const { owner, durable, autoDelete } = queue.options;
  if (owner !== undefined && owner !== channel.owner) return LOCKED;
  if (wanted.passive) return ACCEPTED;
  if (wanted.exclusive !== (owner !== undefined)) return LOCKED;
  const isSame = (wanted.durable && !wanted.exclusive) === durable && wanted.autoDelete === autoDelete;
  return isSame ? ACCEPTED : PRECONDITION_FAILED;
}

function keyOf(method: { readonly queue: string; readonly routingKey: string }, queue: SimQueue): string {
  return method.queue === '' && method.routingKey === '' ? queue.name : method.routingKey;
}

function settle(
  model: Model,
  channel: ModelChannel,
  tag: number,
  multiple: boolean,
  outcome: 'ack' | 'requeue' | 'reject',
): number {
  const isMany = multiple && channel.spansManyTags;
  const entries = channel.take(tag, multiple);
  if (entries === undefined) return PRECONDITION_FAILED;
  if (isMany) model.isBehind = true;
  for (const entry of entries) {
    if (outcome === 'requeue') entry.queue.requeue(entry);
    else entry.queue.settle(entry, outcome === 'ack');
  }
  return ACCEPTED;
}

function announce(consumer: ModelConsumer, answer: Method): void {
  check(answer.name === 'basic.consume-ok', () => 'consume was answered otherwise');
  const isSame = consumer.tag === '' || consumer.tag === answer.consumerTag;
  check(isSame, () => `consumer '${consumer.tag}' was announced as '${answer.consumerTag}'`);
  consumer.tag = answer.consumerTag;
  consumer.isAnnounced = true;
  if (consumer.queue.consumers.has(consumer)) consumer.channel.consumers.set(consumer.tag, consumer);
}

function owe(channel: ModelChannel, noWait: boolean, name: Method['name']): number {
  if (!noWait) channel.owed.push({ name });
  return ACCEPTED;
}

function oweCount(
  channel: ModelChannel,
  noWait: boolean,
  name: 'queue.purge-ok' | 'queue.delete-ok',
  count: number,
): number {
  const verify = (answer: Method) => {
    const said = 'messageCount' in answer ? answer.messageCount : -1;
    check(count === UNKNOWN || said === count, () => `${name} said ${said} messages instead of ${count}`);
  };
  if (!noWait) channel.owed.push({ name, verify });
  return ACCEPTED;
}

function oweDeclareOk(model: Model, channel: ModelChannel, noWait: boolean, queue: SimQueue): number {
  if (noWait) return ACCEPTED;
  const { readyCount } = queue;
  const consumerCount = queue.consumers.size;
  const isExact = !model.isBehind && !queue.isVague;
  const verify = (answer: Method) => {
    check(answer.name === 'queue.declare-ok', () => 'declare was answered otherwise');
    model.named(queue, answer.queue);
    const isTrue = !isExact || (answer.messageCount === readyCount && answer.consumerCount === consumerCount);
    check(
      isTrue,
      () =>
        `declare-ok of ${queue} said ${answer.messageCount} messages and ${answer.consumerCount} consumers instead of ` +
        `${readyCount} and ${consumerCount}`,
    );
  };
  channel.owed.push({ name: 'queue.declare-ok', queue, verify });
  return ACCEPTED;
}
