/**
 * A client's channel, without a protocol: publishes, consumes, settles, in transactions or not, and tells the model what it
 * did and saw.
 */

import type { MessageHandle } from '../../src/core/ports.ts';
import { Consumer } from '../../src/core/queue/consumer.ts';
import type { Queue } from '../../src/core/queue/queue.ts';
import type { Outcome } from '../../src/core/queue/settlement.ts';
import { Unacked } from '../../src/core/queue/unacked.ts';
import type { Route } from '../../src/core/route.ts';
import { Transaction } from '../../src/core/transaction.ts';
import { check } from '../sim/failure.ts';
import { textRegion } from '../support/core-broker.ts';
import type { Entry } from './model-queue.ts';
import { createMessage, identify, type SimMessage } from './sim-message.ts';
import type { StoreModel } from './store-model.ts';
import type { StoreNode } from './store-node.ts';

/** What a channel needs of the world around it. */
export interface ChannelWorld {
  readonly node: StoreNode;
  readonly model: StoreModel;
  /** The newest ticket, and the one up to which the log has said that everything is durable. */
  readonly appended: number;
  readonly certain: number;
  /** A message was delivered that need not be settled. */
  settledByDelivery(entry: Entry): void;
}

interface HeldPublish {
  readonly message: SimMessage;
  readonly route: Route<Queue>;
}

export interface Consume {
  readonly noAck: boolean;
  readonly prefetch: number;
}

export class StoreChannel {
  canTakeMore = true;
  readonly vhost: string;
  readonly consumers = new Map<number, Consumer>();
  /** By tag: what it was given and has not settled. */
  readonly held = new Map<number, Entry>();
  readonly #world: ChannelWorld;
  readonly #unacked: Unacked;
  readonly #transaction: Transaction | undefined;
  #publishes: HeldPublish[] = [];
  /** By tag: what it settled in the transaction. */
  readonly #settles = new Map<number, Outcome>();
  #lastConsumer = 0;

  constructor(world: ChannelWorld, vhost: string, isTransactional: boolean) {
    this.#world = world;
    this.vhost = vhost;
    const { broker, log } = world.node;
    this.#unacked = new Unacked(broker);
    if (isTransactional) {
      this.#transaction = new Transaction(world.node.vhost(vhost), broker.messages, this.#unacked, log);
    }
  }

  get isTransactional(): boolean {
    return this.#transaction !== undefined;
  }

  publish(shape: Omit<SimMessage, 'id'>): void {
    const { node, model } = this.#world;
    const vhost = node.vhost(this.vhost);
    const exchange = vhost.findExchange(shape.exchange);
    if (exchange === undefined) return;
    const key = textRegion(shape.key);
    const route = vhost.routeTo(exchange, key, 0, key.bytes.length);
    const message = model.newMessage(shape);
    const handle = createMessage(node.broker.messages, message, route);
    if (this.#transaction !== undefined) {
      this.#transaction.publish(handle, route, false);
      this.#publishes.push({ message, route });
      return;
    }
    const before = node.log.appended;
    const ticket = vhost.publish(handle, route);
    const isLogged = message.isPersistent && route.queues.some(({ options }) => options.durable);
    const wanted = isLogged ? before + 1 : before;
    check(node.log.appended === wanted, () => `a publish appended ${node.log.appended - before} records`);
    check(!isLogged || ticket === wanted, () => `a publish was given ticket ${ticket} instead of ${wanted}`);
    for (const queue of route.queues) model.queue(queue.id).add(message, this.#world.appended);
  }

  consume(queue: Queue, { noAck, prefetch }: Consume): void {
    const id = ++this.#lastConsumer;
    const shape = { id, tag: String(id), noAck, exclusive: false, priority: 0, prefetch };
    const consumer = new Consumer({ queue, sink: this, unacked: this.#unacked, ...shape });
    this.consumers.set(id, consumer);
    queue.addConsumer(consumer);
  }

  cancel(id: number): void {
    const consumer = this.consumers.get(id);
    this.consumers.delete(id);
    consumer?.queue.removeConsumer(consumer);
  }

  get(queue: Queue, noAck: boolean): void {
    queue.take(this.#unacked, noAck, {
      taken: (handle, tag, redelivered) => this.#taken(queue, handle, tag, redelivered, noAck),
    });
  }

  /** Called by the broker. */
  deliver(consumerId: number, handle: MessageHandle, tag: number, redelivered: boolean): void {
    const consumer = this.consumers.get(consumerId);
    check(consumer !== undefined, () => `a cancelled consumer was given a message`);
    this.#taken(consumer.queue, handle, tag, redelivered, consumer.noAck);
  }

  /** Called by the broker. */
  cancelled(consumerId: number): void {
    this.consumers.delete(consumerId);
  }

  /** Settles what it holds under a tag, or with `multiple` all up to it. */
  settle(tag: number, multiple: boolean, outcome: Outcome): void {
    const tags = [...this.held.keys()].filter((other) => other === tag || (multiple && other < tag));
    if (this.#transaction !== undefined) {
      const open = tags.filter((other) => !this.#settles.has(other));
      if (!open.includes(tag)) return;
      this.#transaction.settle(tag, multiple, outcome);
      for (const settled of open) this.#settles.set(settled, outcome);
      return;
    }
    const before = this.#world.appended;
    this.#unacked.settle(tag, multiple, outcome);
    this.#settled(tags, outcome, before);
  }

  /** Everything that is not settled goes back. */
  recover(): void {
    if (this.#transaction !== undefined) this.#transaction.requeueUnsettled();
    else this.#unacked.requeueAll();
    for (const tag of [...this.held.keys()]) if (!this.#settles.has(tag)) this.#leave(tag).isOut = false;
  }

  commit(): void {
    if (this.#transaction === undefined) return;
    const { node, model } = this.#world;
    const before = this.#world.appended;
    const routed = this.#publishes.map(({ message, route }) => ({ message, queues: this.#queuesNow(route) }));
    this.#transaction.commit((handle) => node.broker.messages.release(handle));
    const ticket = this.#world.appended;
    model.grouped(before + 1, ticket);
    for (const { message, queues } of routed) for (const { id } of queues) model.queue(id).add(message, ticket);
    for (const [tag, outcome] of this.#settles) this.#committed(tag, outcome);
    this.#publishes = [];
    this.#settles.clear();
  }

  rollback(): void {
    this.#transaction?.rollback();
    this.#publishes = [];
    this.#settles.clear();
  }

  close(): void {
    this.rollback();
    for (const id of [...this.consumers.keys()]) this.cancel(id);
    this.#unacked.requeueAll();
    for (const tag of [...this.held.keys()]) this.#leave(tag).isOut = false;
  }

  #taken(queue: Queue, handle: MessageHandle, tag: number, redelivered: boolean, noAck: boolean): void {
    const { node, model } = this.#world;
    const message = identify(node.broker.messages, handle, model.known);
    const entry = model.queue(queue.id).deliver(message, redelivered);
    this.#checkCommitted(queue, entry);
    if (noAck) this.#world.settledByDelivery(entry);
    else this.held.set(tag, entry);
  }

  /** Where the log delivers at commit, nobody sees what might still be lost. */
  #checkCommitted({ log }: Queue, { queue, message, ticket }: Entry): void {
    const { certain } = this.#world;
    if (log.deliverAt === 'commit') {
      check(ticket <= certain, () => `${queue} delivered message ${message.id} before it was durable`);
    }
  }

  /** Each that leaves has a record, in order. */
  #settled(tags: readonly number[], outcome: Outcome, before: number): void {
    const { appended, certain } = this.#world;
    let ticket = before;
    for (const tag of tags) {
      const entry = this.#leave(tag);
      if (outcome === 'requeue') entry.isOut = false;
      else {
        if (entry.queue.isSettleLogged(entry)) ticket++;
        entry.queue.settle(entry, { from: ticket, ticket, isInGroup: false, certain });
      }
    }
    check(ticket === appended, () => `${appended - before} records were appended for ${ticket - before} settles`);
  }

  #committed(tag: number, outcome: Outcome): void {
    const { appended, certain } = this.#world;
    const entry = this.#leave(tag);
    if (outcome === 'requeue') entry.isOut = false;
    else entry.queue.settle(entry, { from: appended, ticket: appended, isInGroup: true, certain });
  }

  /** What it was given under a tag is not its any more. */
  #leave(tag: number): Entry {
    const entry = this.held.get(tag);
    check(entry !== undefined, () => `tag ${tag} is not held`);
    this.held.delete(tag);
    return entry;
  }

  /** As a transaction finds them when it commits: by the names that it knew. */
  #queuesNow({ exchange, key, queues }: Route<Queue>): Set<Queue> {
    const vhost = this.#world.node.vhost(this.vhost);
    const now = queues.map((queue) => (queue.isDeleted ? vhost.findQueue(queue.name) : queue));
    if (exchange.name === '') now.push(vhost.findQueue(key));
    return new Set(now.filter((queue) => queue !== undefined));
  }
}
