/**
 * A transactional channel: what it publishes and settles happens when it commits, and not at all when it rolls back.
 *
 * Messages are routed when they are published, as in RabbitMQ: a binding made later counts for nothing, but the queues are
 * those that have the names of then when it commits. Delivery tags are checked at once, too. Settled messages stay with the channel, and keep
 * their place in the prefetch, until the commit.
 */

import { comesBack } from './direct-reply.ts';
import { refusal } from './errors.ts';
import type { Messages } from './messages.ts';
import { type Log, type MessageHandle, NOT_TAKEN, type Ticket } from './ports.ts';
import type { Queue } from './queue/queue.ts';
import type { Outcome } from './queue/settlement.ts';
import type { Unacked } from './queue/unacked.ts';
import type { Route } from './route.ts';
import type { Vhost } from './vhost.ts';

interface HeldPublish {
  readonly message: MessageHandle;
  readonly route: Route<Queue>;
  readonly isMandatory: boolean;
}

interface HeldSettle {
  readonly tag: number;
  readonly multiple: boolean;
  readonly outcome: Outcome;
}

export class Transaction {
  readonly #vhost: Vhost;
  readonly #messages: Messages;
  readonly #unacked: Unacked;
  readonly #log: Log;
  #publishes: HeldPublish[] = [];
  #settles: HeldSettle[] = [];
  /** All tags up to here that were outstanding are settled in this transaction. */
  #settledUpTo = 0;
  /** Of the tags above, those that are. */
  readonly #settledTags = new Set<number>();

  constructor(vhost: Vhost, messages: Messages, unacked: Unacked, log: Log) {
    this.#log = log;
    this.#vhost = vhost;
    this.#messages = messages;
    this.#unacked = unacked;
  }

  /** True when the commit has to hand messages to queues. */
  get hasPublishes(): boolean {
    return this.#publishes.length > 0;
  }

  /** Holds a message with its one reference. */
  publish(message: MessageHandle, route: Route<Queue>, isMandatory: boolean): void {
    this.#publishes.push({ message, route, isMandatory });
  }

  /**
   * Settles one tag, or with `multiple` all up to it (0: all), once committed.
   * @throws BrokerError 406 `unknown delivery tag N`, also for one that was settled in this transaction.
   */
  settle(tag: number, multiple: boolean, outcome: Outcome): void {
    const isAll = multiple && tag === 0;
    if (!isAll && !this.#isUnsettled(tag)) throw refusal.unknownDeliveryTag(tag);
    const last = isAll ? this.#unacked.nextTag - 1 : tag;
    this.#settles.push({ tag: last, multiple, outcome });
    if (!multiple) this.#settledTags.add(last);
    else this.#settledUpTo = Math.max(this.#settledUpTo, last);
  }

  /** basic.recover: what is settled in this transaction stays so, all else goes back to its queue. */
  requeueUnsettled(): void {
    if (this.#settles.length === 0) return this.#unacked.requeueAll();
    for (let tag = this.#settledUpTo + 1; tag < this.#unacked.nextTag; tag++) {
      if (this.#isUnsettled(tag)) this.#unacked.settle(tag, false, 'requeue');
    }
  }

  /**
   * Does all that was held: publishes first, in their order. Very many settles go on in the pump: see
   * `Unacked.isSettling`.
   * @param returned is called for each mandatory message that comes back
   * @returns what must be durable before the publishes are; settles have records of their own
   * @throws BrokerError 406 when a queue did not take a message; all else is done
   */
  commit(returned: (message: MessageHandle) => void): Ticket {
    const publishes = this.#publishes;
    const settles = this.#settles;
    this.#begin();
    let ticket = 0;
    let isTaken = true;
    this.#log.beginGroup();
    for (const publish of publishes) {
      const published = this.#publishNow(publish, returned);
      if (published === NOT_TAKEN) isTaken = false;
      else ticket = Math.max(ticket, published);
    }
    for (const { tag, multiple, outcome } of settles) this.#settleNow(tag, multiple, outcome);
    this.#log.endGroup();
    if (!isTaken) throw refusal.partialTransaction();
    return ticket;
  }

  /** Forgets all that was held: messages are gone, deliveries are unsettled again. */
  rollback(): void {
    for (const { message } of this.#publishes) this.#messages.release(message);
    this.#begin();
  }

  #begin(): void {
    this.#publishes = [];
    this.#settles = [];
    this.#settledUpTo = 0;
    this.#settledTags.clear();
  }

  #isUnsettled(tag: number): boolean {
    return tag > this.#settledUpTo && !this.#settledTags.has(tag) && this.#unacked.isOutstanding(tag);
  }

  #publishNow({ message, route, isMandatory }: HeldPublish, returned: (message: MessageHandle) => void): Ticket {
    const present = this.#presentRoute(route);
    if (isMandatory && comesBack(present.queues)) returned(message);
    return this.#vhost.publish(message, present);
  }

  /** As RabbitMQ, which remembers names of queues and looks them up now. */
  #presentRoute(route: Route<Queue>): Route<Queue> {
    const present = new Set<Queue>();
    for (const queue of route.queues) {
      const now = queue.isDeleted ? this.#vhost.findQueue(queue.name) : queue;
      if (now !== undefined) present.add(now);
    }
    // To the default exchange, a key is the name of a queue.
    const names = route.exchange.name === '' ? [route.key, ...route.moreKeys] : [];
    for (const name of names) {
      const named = this.#vhost.findQueue(name);
      if (named !== undefined) present.add(named);
    }
    return route.withQueues([...present]);
  }

  /** With `multiple`, the tag itself may have been settled on its own before. */
  #settleNow(tag: number, multiple: boolean, outcome: Outcome): void {
    if (multiple) this.#unacked.settleUpTo(tag, outcome);
    else this.#unacked.settle(tag, false, outcome);
  }
}
