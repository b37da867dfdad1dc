/**
 * The broker as it should be, without speed: what there is and what is going on. It is told of every command at the
 * moment when the broker executes it; what each one does is written in the files of commands beside this one.
 */

import type { SimMessage } from '../message.ts';
import type { ModelChannel, ModelConsumer, SimQueue } from './channel.ts';
import { ModelExchanges } from './exchanges.ts';
import { ModelQueue, type ModelQueueOptions } from './queue.ts';
import { ModelReplies } from './replies.ts';
import { Sightings } from './sightings.ts';

/** A message that was given to queues, or to none. */
export interface Routed {
  readonly message: SimMessage;
  readonly queues: ReadonlySet<SimQueue>;
}

export class Model {
  readonly seen = new Sightings();
  readonly queues = new Map<string, SimQueue>();
  readonly exchanges = new ModelExchanges(this.seen);
  readonly replies = new ModelReplies();
  /** Queues that the broker has named and whose name has not come yet. */
  readonly unnamed = new Set<SimQueue>();
  /** Exclusive queues whose connection is gone, until they are gone too. */
  readonly leaving = new Set<SimQueue>();
  /** Queues that handed out something in this round. */
  readonly delivering = new Set<SimQueue>();
  /** What the command that is being executed has given to queues. */
  readonly routed: Routed[] = [];
  published = 0;
  unroutable = 0;
  /** A settle of very many messages is going on in the broker: its queues are behind. */
  isBehind = false;

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

  /** What the default exchange finds under a routing key. */
  findQueue(name: string): SimQueue | undefined {
    return this.queues.get(name) ?? this.replies.find(name);
  }

  deleteQueue(queue: SimQueue): void {
    if (queue.isDeleted) return;
    if (this.queues.get(queue.name) === queue) this.queues.delete(queue.name);
    this.unnamed.delete(queue);
    this.leaving.delete(queue);
    queue.isDeleted = true;
    queue.purge();
    for (const consumer of queue.consumers) {
      consumer.channel.consumers.delete(consumer.tag);
      consumer.channel.cancelled.add(consumer.tag);
    }
    queue.consumers.clear();
    this.exchanges.destinationGone(queue);
  }

  removeConsumer(consumer: ModelConsumer): void {
    consumer.channel.consumers.delete(consumer.tag);
    const { queue } = consumer;
    queue.consumers.delete(consumer);
    if (queue.consumers.size > 0 || !queue.options.autoDelete) return;
    if (this.queues.get(queue.name) === queue) this.seen.add('an auto-delete queue gone with its last consumer');
    this.deleteQueue(queue);
  }

  /** Consumers leave, a transaction is rolled back, everything that the channel holds goes back. */
  closeChannel(channel: ModelChannel): void {
    if (channel.transaction !== undefined && channel.transaction.publishes.length > 0) {
      this.seen.add('a publish in a transaction that ends with its channel');
    }
    channel.isOpen = false;
    channel.transaction = undefined;
    for (const consumer of [...channel.consumers.values()]) this.removeConsumer(consumer);
    if (channel.spansManyTags) this.isBehind = true;
    for (const entry of channel.releaseAll()) entry.queue.requeue(entry);
  }

  /** A connection is gone. The queues that it had for itself go with it: at once, or in the turns to come. */
  ownerClosed(owner: object): void {
    for (const queue of this.queues.values()) if (queue.options.owner === owner) this.leaving.add(queue);
  }

  /** The broker has removed queues whose connection is gone. */
  seeDepartures(isThere: (name: string) => boolean): void {
    for (const queue of this.leaving) {
      if (isThere(queue.name)) continue;
      this.seen.add('an exclusive queue gone with its connection');
      this.deleteQueue(queue);
    }
  }

  /** The next command is about to be executed. */
  beginCommand(): void {
    this.routed.length = 0;
  }

  endRound(): void {
    if (this.delivering.size === 0) return;
    for (const queue of this.delivering) {
      if (this.isBehind) queue.roundLast = -1;
      else queue.endRound();
    }
    this.delivering.clear();
  }
}
