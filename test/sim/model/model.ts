/**
 * The broker as it should be, without speed: queues, exchanges, bindings and what each command does to them. It is told
 * of every command at the moment when the broker executes it.
 */

import type { SimMessage } from '../message.ts';
import type { ModelChannel, ModelConsumer } from './channel.ts';
import { ModelQueue, type ModelQueueOptions } from './queue.ts';
import { type ModelExchange, route } from './routing.ts';

export type SimQueue = ModelQueue<ModelConsumer>;

const PREDECLARED = [
  ['amq.direct', 'direct'],
  ['amq.fanout', 'fanout'],
  ['amq.topic', 'topic'],
  ['amq.headers', 'headers'],
  ['amq.match', 'headers'],
  ['amq.rabbitmq.trace', 'topic'],
] as const;

export class Model {
  readonly queues = new Map<string, SimQueue>();
  readonly exchanges = new Map<string, ModelExchange<SimQueue>>();
  /** Queues that the broker has named and whose name has not come yet. */
  readonly unnamed = new Set<SimQueue>();
  /** Exclusive queues whose connection is gone, until they are gone too. */
  readonly leaving = new Set<SimQueue>();
  published = 0;
  unroutable = 0;
  /** A settle of very many messages is going on in the broker: its queues are behind. */
  isBehind = false;

  constructor() {
    for (const [name, type] of PREDECLARED) this.#addExchange(name, type, true, false);
  }

  addQueue(name: string, options: ModelQueueOptions): SimQueue {
    const queue: SimQueue = new ModelQueue(name, options);
    if (name === '') this.unnamed.add(queue);
    else this.queues.set(name, queue);
    return queue;
  }

  /** The broker has said how it calls a queue. */
  named(queue: SimQueue, name: string): void {
    queue.name = name;
    if (this.unnamed.delete(queue)) this.queues.set(name, queue);
  }

  addExchange(name: string, type: string, durable: boolean, autoDelete: boolean): void {
    this.#addExchange(name, type, durable, autoDelete);
  }

  deleteQueue(queue: SimQueue): void {
    if (queue.isDeleted) return;
    this.queues.delete(queue.name);
    this.unnamed.delete(queue);
    this.leaving.delete(queue);
    queue.isDeleted = true;
    queue.purge();
    for (const consumer of queue.consumers) {
      consumer.channel.consumers.delete(consumer.tag);
      consumer.channel.cancelled.add(consumer.tag);
    }
    queue.consumers.clear();
    for (const exchange of [...this.exchanges.values()]) {
      const bindings = exchange.bindings.filter((binding) => binding.queue !== queue);
      if (bindings.length < exchange.bindings.length) this.#rebind(exchange, bindings);
    }
  }

  bind(exchange: ModelExchange<SimQueue>, queue: SimQueue, key: string): void {
    const isThere = exchange.bindings.some((binding) => binding.queue === queue && binding.key === key);
    if (!isThere) exchange.bindings.push({ queue, key });
  }

  unbind(exchange: ModelExchange<SimQueue>, queue: SimQueue, key: string): void {
    const bindings = exchange.bindings.filter((binding) => binding.queue !== queue || binding.key !== key);
    if (bindings.length < exchange.bindings.length) this.#rebind(exchange, bindings);
  }

  deleteExchange(exchange: ModelExchange<SimQueue>): void {
    exchange.isDeleted = true;
    this.exchanges.delete(exchange.name);
  }

  /** @returns the queues that have it now, or undefined when the exchange does not exist. */
  publish(message: SimMessage): Set<SimQueue> | undefined {
    const queues = this.#route(message);
    if (queues === undefined) return undefined;
    for (const queue of queues) queue.enqueue(message);
    this.published++;
    if (queues.size === 0) this.unroutable++;
    return queues;
  }

  removeConsumer(consumer: ModelConsumer): void {
    consumer.channel.consumers.delete(consumer.tag);
    const { queue } = consumer;
    queue.consumers.delete(consumer);
    if (queue.consumers.size === 0 && queue.options.autoDelete) this.deleteQueue(queue);
  }

  /** Everything the channel holds goes back. */
  requeueAll(channel: ModelChannel): void {
    if (channel.spansManyTags) this.isBehind = true;
    for (const entry of channel.takeAll()) entry.queue.requeue(entry);
  }

  closeChannel(channel: ModelChannel): void {
    channel.isOpen = false;
    for (const consumer of [...channel.consumers.values()]) this.removeConsumer(consumer);
    this.requeueAll(channel);
  }

  /** A connection is gone. The queues that it had for itself go with it: at once, or in the turns to come. */
  ownerClosed(owner: object): void {
    for (const queue of this.queues.values()) if (queue.options.owner === owner) this.leaving.add(queue);
  }

  /** The broker has removed queues whose connection is gone. */
  seeDepartures(isThere: (name: string) => boolean): void {
    for (const queue of this.leaving) if (!isThere(queue.name)) this.deleteQueue(queue);
  }

  endRound(): void {
    for (const queue of this.queues.values()) {
      if (this.isBehind) queue.roundLast = -1;
      else if (queue.roundLast >= 0) queue.endRound();
    }
  }

  #route(message: SimMessage): Set<SimQueue> | undefined {
    if (message.exchange === '') {
      const queue = this.queues.get(message.key);
      return new Set(queue === undefined ? [] : [queue]);
    }
    const exchange = this.exchanges.get(message.exchange);
    return exchange === undefined ? undefined : route(exchange, message.key);
  }

  #addExchange(name: string, type: string, durable: boolean, autoDelete: boolean): void {
    this.exchanges.set(name, { name, type, durable, autoDelete, bindings: [], isDeleted: false });
  }

  #rebind(exchange: ModelExchange<SimQueue>, bindings: ModelExchange<SimQueue>['bindings']): void {
    exchange.bindings = bindings;
    if (bindings.length === 0 && exchange.autoDelete) this.deleteExchange(exchange);
  }
}
