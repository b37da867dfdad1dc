/**
 * A queue as the checkers know it: every message that was ever routed to it, in order, and what became of it.
 */

import { check } from '../failure.ts';
import type { SimMessage } from '../message.ts';

export type EntryState = 'ready' | 'held' | 'gone';

/** One message's place in one queue. */
export interface Entry {
  readonly queue: ModelQueue;
  readonly message: SimMessage;
  readonly position: number;
  state: EntryState;
  deliveries: number;
  /** Of its publish; 0 when that is in no log. */
  ticket: number;
}

export interface ModelQueueOptions {
  readonly durable: boolean;
  readonly autoDelete: boolean;
  /** The connection that alone may use it. */
  readonly owner: object | undefined;
}

/** What a consumer is to its queue. */
export interface QueueConsumer {
  readonly tag: string;
  readonly exclusive: boolean;
}

export class ModelQueue<C extends QueueConsumer = QueueConsumer> {
  /** Empty until the broker has said it, for a queue named by the broker. */
  name: string;
  readonly options: ModelQueueOptions;
  readonly consumers = new Set<C>();
  readonly counters = { published: 0, delivered: 0, redelivered: 0, acknowledged: 0, returned: 0 };
  isDeleted = false;
  readyCount = 0;
  unackedCount = 0;
  /** Persistent messages that are not gone: those the log of a durable queue must know of. */
  loggedCount = 0;
  /**
   * It was purged while a settle of very many of its messages was still going on: which ones are gone is not known, and
   * only what is delivered can be checked.
   */
  isVague = false;
  /** The last position delivered in this round, and the last ever delivered for the first time. */
  roundLast = -1;
  firstLast = -1;

  readonly #entries: Entry[] = [];
  readonly #byMessage = new Map<number, Entry>();
  #head = 0;

  constructor(name: string, options: ModelQueueOptions) {
    this.name = name;
    this.options = options;
  }

  enqueue(message: SimMessage): void {
    const position = this.#entries.length;
    const entry: Entry = { queue: this, message, position, state: 'ready', deliveries: 0, ticket: 0 };
    this.#entries.push(entry);
    this.#byMessage.set(message.id, entry);
    this.readyCount++;
    this.counters.published++;
    if (message.persistent) this.loggedCount++;
  }

  /** The log has the message that came last. */
  logged(message: SimMessage, ticket: number): void {
    const entry = this.#byMessage.get(message.id);
    if (entry !== undefined) entry.ticket = ticket;
  }

  /** The oldest message that is ready. */
  get firstReady(): Entry | undefined {
    while (this.#head < this.#entries.length && this.#entries[this.#head]?.state !== 'ready') this.#head++;
    return this.#entries[this.#head];
  }

  /** A message was handed out. */
  deliver(message: SimMessage, redelivered: boolean, noAck: boolean): Entry {
    const entry = this.#byMessage.get(message.id);
    check(entry !== undefined, () => `${this} delivered message ${message.id}, which was not routed to it`);
    check(entry.state === 'ready', () => `${this} delivered message ${message.id} again, though it is ${entry.state}`);
    check(
      redelivered === entry.deliveries > 0,
      () => `${this} said redelivered=${redelivered} of message ${message.id}`,
    );
    this.#checkFirst(entry);
    entry.deliveries++;
    this.readyCount--;
    this.counters.delivered++;
    if (redelivered) this.counters.redelivered++;
    entry.state = 'held';
    if (noAck) this.#leave(entry);
    else this.unackedCount++;
    if (entry.position > this.roundLast) this.roundLast = entry.position;
    return entry;
  }

  settle(entry: Entry, isAcked: boolean): void {
    this.unackedCount--;
    if (isAcked) this.counters.acknowledged++;
    this.#leave(entry);
  }

  requeue(entry: Entry): void {
    this.unackedCount--;
    this.counters.returned++;
    if (this.isDeleted) return this.#leave(entry);
    entry.state = 'ready';
    this.readyCount++;
    if (entry.position < this.#head) this.#head = entry.position;
  }

  /** @returns how many were ready. */
  purge(): number {
    const count = this.readyCount;
    for (let entry = this.firstReady; entry !== undefined; entry = this.firstReady) this.#leave(entry);
    this.readyCount = 0;
    return count;
  }

  /** A round of deliveries is over: nothing older than what was delivered was left behind. */
  endRound(): void {
    const first = this.firstReady;
    const last = this.roundLast;
    this.roundLast = -1;
    const isInOrder = this.isVague || first === undefined || first.position > last;
    check(isInOrder, () => `${this} delivered its message ${last} before ${first?.position}, which is older`);
  }

  toString(): string {
    return `queue '${this.name}'`;
  }

  #checkFirst(entry: Entry): void {
    if (entry.deliveries > 0) return;
    check(
      entry.position > this.firstLast || this.#isLateFirst(entry),
      () => `${this} delivered its message ${entry.position} for the first time after ${this.firstLast}`,
    );
    if (entry.position > this.firstLast) this.firstLast = entry.position;
  }

  /** Within one round the connections are looked at one after the other: then order shows at the end of the round. */
  #isLateFirst(entry: Entry): boolean {
    return this.roundLast > entry.position;
  }

  #leave(entry: Entry): void {
    entry.state = 'gone';
    this.#byMessage.delete(entry.message.id);
    if (entry.message.persistent) this.loggedCount--;
  }
}
