/** Declaring, binding, purging and deleting queues. */

import type { Method } from '../../../src/protocols/amqp091/methods.ts';
import { check } from '../failure.ts';
import type { ModelChannel, SimQueue } from './channel.ts';
import type { Model } from './model.ts';
import { isReplyName, nameOf, reach } from './reach.ts';
import { ACCEPTED, ACCESS_REFUSED, LOCKED, NOT_FOUND, PRECONDITION_FAILED } from './reply-codes.ts';
import type { Rules } from './rules.ts';

/** A count that the model cannot tell. */
const UNKNOWN = -1;

type Declare = Extract<Method, { name: 'queue.declare' }>;

export const QUEUE_RULES: Rules = {
  'queue.declare': (model, channel, method) => {
    if (isReplyName(method.queue)) return askForAddress(model, channel, method);
    const present = method.queue === '' ? undefined : model.queues.get(method.queue);
    if (present === undefined && method.passive) return NOT_FOUND;
    if (present !== undefined) {
      const refused = refusalOfAnother(model, present, channel, method);
      if (refused !== ACCEPTED) return refused;
    }
    const owner = method.exclusive ? channel.owner : undefined;
    const options = { durable: method.durable && !method.exclusive, autoDelete: method.autoDelete, owner };
    const queue = present ?? model.addQueue(method.queue, options);
    channel.lastQueue = queue;
    if (!method.noWait) oweDeclareOk(model, channel, queue);
    return ACCEPTED;
  },

  'queue.bind': (model, channel, method) => {
    const name = nameOf(channel, method.queue);
    if (name === undefined) return NOT_FOUND;
    if (isReplyName(name) || method.exchange === '') return ACCESS_REFUSED;
    const exchange = model.exchanges.find(method.exchange);
    if (exchange === undefined) return NOT_FOUND;
    const queue = reach(model, channel, method.queue);
    if (typeof queue === 'number') return queue;
    const key = keyOf(method, name);
    model.exchanges.bind(exchange, { destination: queue, key, arguments: method.arguments });
    if (!method.noWait) channel.owe('queue.bind-ok');
    return ACCEPTED;
  },

  'queue.unbind': (model, channel, method) => {
    const name = nameOf(channel, method.queue);
    if (name === undefined) return NOT_FOUND;
    if (isReplyName(name) || method.exchange === '') return ACCESS_REFUSED;
    const exchange = model.exchanges.find(method.exchange);
    const named = model.queues.get(name);
    if (exchange?.bindings.some(({ destination }) => destination === named) === true) {
      const queue = reach(model, channel, method.queue);
      if (typeof queue === 'number') return queue;
      const key = keyOf(method, name);
      model.exchanges.unbind(exchange, { destination: queue, key, arguments: method.arguments });
    }
    channel.owe('queue.unbind-ok');
    return ACCEPTED;
  },

  'queue.purge': (model, channel, method) => {
    const queue = reach(model, channel, method.queue);
    if (typeof queue === 'number') return queue;
    if (model.isBehind) queue.isVague = true;
    const count = queue.isVague ? UNKNOWN : queue.purge();
    if (!method.noWait) oweCount(channel, 'queue.purge-ok', count);
    return ACCEPTED;
  },

  'queue.delete': (model, channel, method) => {
    const queue = reach(model, channel, method.queue);
    if (typeof queue === 'number' && queue !== NOT_FOUND) return queue;
    let count = 0;
    if (queue !== NOT_FOUND) {
      if (method.ifUnused && queue.consumers.size > 0) return PRECONDITION_FAILED;
      if (method.ifEmpty && queue.readyCount > 0) return PRECONDITION_FAILED;
      count = queue.isVague || model.isBehind ? UNKNOWN : queue.readyCount;
      model.deleteQueue(queue);
    }
    if (!method.noWait) oweCount(channel, 'queue.delete-ok', count);
    return ACCEPTED;
  },
};

/** To declare an address for direct replies only asks whether somebody waits there. */
function askForAddress(model: Model, channel: ModelChannel, { queue: address, noWait }: Declare): number {
  if (model.replies.find(address) === undefined) return NOT_FOUND;
  model.seen.add('an address asked for');
  channel.lastQueue = { name: address };
  const verify = (answer: Method) => {
    const isTrue = answer.name === 'queue.declare-ok' && answer.queue === address && answer.consumerCount === 1;
    check(isTrue, () => `${channel} asked for ${address} and was not told that somebody waits there`);
  };
  if (!noWait) channel.owe('queue.declare-ok', { verify });
  return ACCEPTED;
}

/** What a declaration of a queue that is there must be refused with, or 0. */
function refusalOfAnother(model: Model, queue: SimQueue, channel: ModelChannel, wanted: Declare): number {
  const { owner, durable, autoDelete } = queue.options;
  if (owner !== undefined && owner !== channel.owner) {
    model.seen.add('an exclusive queue refused to others');
    return LOCKED;
  }
  if (wanted.passive) return ACCEPTED;
  if (wanted.exclusive !== (owner !== undefined)) return LOCKED;
  const isSame = (wanted.durable && !wanted.exclusive) === durable && wanted.autoDelete === autoDelete;
  return isSame ? ACCEPTED : PRECONDITION_FAILED;
}

/** With both names empty, the key is the queue's name too. */
function keyOf(method: { readonly queue: string; readonly routingKey: string }, name: string): string {
  return method.queue === '' && method.routingKey === '' ? name : method.routingKey;
}

function oweCount(channel: ModelChannel, name: 'queue.purge-ok' | 'queue.delete-ok', count: number): void {
  const verify = (answer: Method) => {
    const said = 'messageCount' in answer ? answer.messageCount : -1;
    check(count === UNKNOWN || said === count, () => `${name} said ${said} messages instead of ${count}`);
  };
  channel.owe(name, { verify });
}

function oweDeclareOk(model: Model, channel: ModelChannel, queue: SimQueue): void {
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
  channel.owe('queue.declare-ok', { queue, verify });
}
