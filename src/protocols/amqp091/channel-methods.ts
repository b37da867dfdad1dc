/**
 * What the less frequent methods of a channel do: one function a method, found in one table.
 */

import { refusal } from '../../core/errors.ts';
import { DIRECT_REPLY_TO, isReplyAddress } from '../../core/names.ts';
import type { Ticket } from '../../core/ports.ts';
import { consumerPriority } from '../../core/queue/arguments.ts';
import { NOT_RESIDENT, type Queue } from '../../core/queue/queue.ts';
import type { Unacked } from '../../core/queue/unacked.ts';
import type { ChannelConsumers } from './channel-consumers.ts';
import type { ChannelHost } from './channel-contract.ts';
import { commit, rollback, selectConfirms, selectTransactions } from './channel-modes.ts';
import type { DeliveryWriter } from './delivery-writer.ts';
import { consumeReplies, declareReplyAddress } from './direct-reply.ts';
import type { Method } from './methods.ts';
import type { Publisher } from './publisher.ts';

/** What the methods need of their channel. */
export interface MethodChannel {
  readonly host: ChannelHost;
  readonly unacked: Unacked;
  readonly consumers: ChannelConsumers;
  readonly writer: DeliveryWriter;
  readonly publisher: Publisher;
  /** The queue declared last, which an empty name stands for. */
  lastQueueName: string | undefined;
  /** basic.qos without `global`: for consumers to come. */
  prefetch: number;
  /** Writes an answer, for which the client waits, and the cancels that were withheld until then. */
  answer(method: Method): void;
  /** Consumers of this channel that are cancelled from now on hear of it behind the next answer, or by `tellCancels`. */
  withholdCancels(): void;
  tellCancels(): void;
  /** An answer was written: the output may be full now, then no more input is taken. */
  answered(): void;
  /** Answers once the log has come to `ticket`; no input is taken before. */
  answerWhenDurable(ticket: Ticket, method: Method): void;
  /** Tries now and at the end of each turn, until `tryAnswer` is true; no input is taken before. */
  waitUntil(tryAnswer: () => boolean): void;
  /** As `waitUntil`, but a method that comes before is refused. */
  commitUntil(tryAnswer: () => boolean): void;
  /** Goes on when all that was given back is in its queues again; no input is taken before. */
  afterReturn(goOn: () => void): void;
}

type Handler<M extends Method> = (channel: MethodChannel, method: M) => void;
type Handlers = { readonly [N in Method['name']]?: Handler<Extract<Method, { name: N }>> };

const HANDLERS: Handlers = {
  'exchange.declare': (channel, method) => {
    const { owner, vhost } = channel.host;
    const ticket = method.passive
      ? vhost.assertExchange(owner, method.exchange)
      : vhost.declareExchange(owner, { ...method, name: method.exchange });
    finish(channel, method.noWait, ticket, { name: 'exchange.declare-ok' });
  },

  'exchange.delete': (channel, method) => {
    const { owner, vhost } = channel.host;
    const ticket = vhost.deleteExchange(owner, method.exchange, method);
    finish(channel, method.noWait, ticket, { name: 'exchange.delete-ok' });
  },

  'exchange.bind': (channel, method) => {
    const { owner, vhost } = channel.host;
    const ticket = vhost.bindExchange(owner, { ...method, key: method.routingKey });
    finish(channel, method.noWait, ticket, { name: 'exchange.bind-ok' });
  },

  'exchange.unbind': (channel, method) => {
    const { owner, vhost } = channel.host;
    const ticket = vhost.unbindExchange(owner, { ...method, key: method.routingKey });
    finish(channel, method.noWait, ticket, { name: 'exchange.unbind-ok' });
  },

  'queue.declare': (channel, method) => {
    if (isReplyAddress(method.queue)) return declareReplyAddress(channel, method);
    const { owner, vhost } = channel.host;
    const { queue, ticket } = method.passive
      ? vhost.declaredQueue(owner, method.queue)
      : vhost.declareQueue(owner, { ...method, name: method.queue });
    channel.lastQueueName = queue.name;
    finish(channel, method.noWait, ticket, declareOk(queue));
  },

  'queue.bind': (channel, method) => {
    const { owner, vhost } = channel.host;
    const name = queueName(channel, method.queue);
    if (isReplyAddress(name)) throw refusal.replyQueueBinding();
    const key = bindingKey(method.queue, method.routingKey, name);
    const ticket = vhost.bindQueue(owner, name, method.exchange, key, method.arguments);
    finish(channel, method.noWait, ticket, { name: 'queue.bind-ok' });
  },

  'queue.unbind': (channel, method) => {
    const { owner, vhost } = channel.host;
    const name = queueName(channel, method.queue);
    if (isReplyAddress(name)) throw refusal.replyQueueBinding();
    const key = bindingKey(method.queue, method.routingKey, name);
    const ticket = vhost.unbindQueue(owner, name, method.exchange, key, method.arguments);
    finish(channel, false, ticket, { name: 'queue.unbind-ok' });
  },

  'queue.purge': (channel, method) => {
    const { owner, vhost } = channel.host;
    const messageCount = vhost.purgeQueue(owner, queueName(channel, method.queue));
    finish(channel, method.noWait, 0, { name: 'queue.purge-ok', messageCount });
  },

  'queue.delete': (channel, method) => {
    const { owner, vhost } = channel.host;
    // RabbitMQ: who deletes a queue hears of the own consumers after delete-ok.
    channel.withholdCancels();
    const { messages, ticket } = vhost.deleteQueue(owner, queueName(channel, method.queue), method);
    finish(channel, method.noWait, ticket, { name: 'queue.delete-ok', messageCount: messages });
    if (method.noWait) channel.tellCancels();
  },

  'basic.qos': (channel, method) => {
    if (method.prefetchSize !== 0) throw refusal.notImplemented(`prefetch_size!=0 (${method.prefetchSize})`);
    if (method.global) {
      channel.unacked.credit.limit = method.prefetchCount;
      channel.unacked.resumeAll();
    } else channel.prefetch = method.prefetchCount;
    channel.answer({ name: 'basic.qos-ok' });
  },

  'basic.consume': (channel, method) => {
    const name = queueName(channel, method.queue);
    channel.consumers.assertMayAdd(method.consumerTag);
    if (name === DIRECT_REPLY_TO) return consumeReplies(channel, method);
    const { owner, vhost } = channel.host;
    const { consumerTag, noAck, exclusive } = method;
    const queue = vhost.readableQueue(owner, name);
    const priority = consumerPriority(method.arguments, queue.name, vhost.name);
    const consumer = channel.consumers.create({ queue, consumerTag, noAck, exclusive, priority });
    if (!method.noWait) channel.answer({ name: 'basic.consume-ok', consumerTag: consumer.tag });
    queue.addConsumer(consumer);
  },

  'basic.cancel': (channel, method) => {
    channel.consumers.cancel(method.consumerTag);
    if (!method.noWait) channel.answer({ name: 'basic.cancel-ok', consumerTag: method.consumerTag });
  },

  'basic.get': (channel, method) => {
    const { owner, vhost } = channel.host;
    const queue = vhost.readableQueue(owner, queueName(channel, method.queue));
    channel.waitUntil(() => tryGet(channel, queue, method.noAck));
  },

  'basic.recover': (channel, method) => {
    recover(channel, method.requeue);
    channel.afterReturn(() => channel.answer({ name: 'basic.recover-ok' }));
  },

  'basic.recover-async': (channel, method) => {
    recover(channel, method.requeue);
    channel.afterReturn(() => undefined);
  },

  'confirm.select': (channel, method) => {
    selectConfirms(channel);
    if (!method.noWait) channel.answer({ name: 'confirm.select-ok' });
  },

  'tx.select': (channel) => {
    selectTransactions(channel);
    channel.answer({ name: 'tx.select-ok' });
  },

  'tx.commit': commit,

  'tx.rollback': rollback,

  // Of AMQP 0-8, where a ticket stood for a permission.
  'access.request': (channel) => channel.answer({ name: 'access.request-ok', ticket: 1 }),

  'channel.flow': (channel, method) => {
    if (!method.active) throw refusal.notImplemented('active=false');
    channel.answer({ name: 'channel.flow-ok', active: true });
  },
};

/** @throws BrokerError what the method is refused with; 503 for a method that only a server sends. */
export function handleMethod(channel: MethodChannel, method: Method): void {
  const handler = HANDLERS[method.name] as Handler<Method> | undefined;
  if (handler === undefined) throw refusal.commandInvalid('unimplemented method');
  handler(channel, method);
}

/** Answers when what was done is durable. */
function finish(channel: MethodChannel, noWait: boolean, ticket: Ticket, answer: Method): void {
  if (!noWait) channel.answerWhenDurable(ticket, answer);
}

function declareOk(queue: Queue): Method {
  const { name, readyCount, consumerCount } = queue;
  return { name: 'queue.declare-ok', queue: name, messageCount: readyCount, consumerCount };
}

/** An empty name stands for the queue declared last on the channel. */
function queueName(channel: MethodChannel, name: string): string {
  if (name !== '') return name;
  if (channel.lastQueueName === undefined) throw refusal.noLastQueue();
  return channel.lastQueueName;
}

/** With both names empty, the key is the queue's name too. */
function bindingKey(givenQueue: string, givenKey: string, queue: string): string {
  return givenQueue === '' && givenKey === '' ? queue : givenKey;
}

/** @returns false when the message is on its way back into memory. */
function tryGet(channel: MethodChannel, queue: Queue, noAck: boolean): boolean {
  const { writer } = channel;
  const tag = queue.take(channel.unacked, noAck, {
    taken: (message, deliveryTag, redelivered, readyCount) => {
      writer.getOk(message, deliveryTag, redelivered, readyCount);
      channel.answered();
    },
  });
  if (tag === NOT_RESIDENT) return false;
  if (tag < 0) channel.answer({ name: 'basic.get-empty' });
  return true;
}

function recover(channel: MethodChannel, requeue: boolean): void {
  if (!requeue) throw refusal.notImplemented('requeue=false');
  const { transaction } = channel.publisher;
  if (transaction === undefined) channel.unacked.requeueAll();
  else transaction.requeueUnsettled();
}
