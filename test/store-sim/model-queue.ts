/**
 * What a queue must hold: its messages in order, which of them are with a client, and what has become of the others for as
 * long as that may still be undone by a crash.
 */

import { check } from '../sim/failure.ts';
import type { SimMessage } from './sim-message.ts';

/** A ticket that nothing has. */
export const NEVER = Number.POSITIVE_INFINITY;

/** A message in a queue. */
export interface Entry {
  readonly queue: ModelQueue;
  readonly message: SimMessage;
  /** In the queue, rising. */
  readonly order: number;
  /** Of its publish; 0 when it is not in the log. */
  readonly ticket: number;
  /** A client has it. */
  isOut: boolean;
  /** A client has had it, before a crash perhaps. */
  wasDelivered: boolean;
  /** Its next delivery says so. */
  saysRedelivered: boolean;
  /** It left for good with one of the tickets from here to there. */
  settledFrom: number;
  settledAt: number;
  /** It left before it had to be in the log, and so may never come to be there. */
  mayBeElided: boolean;
}

/** How a message leaves. */
export interface Settled {
  /** With one of the tickets from here to there. */
  readonly from: number;
  readonly ticket: number;
  readonly isInGroup: boolean;
  /** The ticket that is durable at that moment. */
  readonly certain: number;
}

export class ModelQueue {
  readonly id: number;
  readonly name: string;
  readonly isDurable: boolean;
  /** The ticket with which it was deleted. */
  deletedAt = NEVER;
  /** In order. */
  readonly entries: Entry[] = [];
  /** Left for good, but that is not certain yet. */
  readonly settled = new Set<Entry>();
  /** By the numbers of all that ever came here: their order. */
  readonly everOrders = new Map<number, number>();
  /** By their numbers: those that a crash took, which nobody had been promised. */
  readonly everLost = new Set<number>();
  #nextOrder = 1;

  constructor(id: number, name: string, isDurable: boolean) {
    this.id = id;
    this.name = name;
    this.isDurable = isDurable;
  }

  toString(): string {
    return `queue '${this.name}' (${this.id})`;
  }

  get isDeleted(): boolean {
    return this.deletedAt !== NEVER;
  }

  get readyCount(): number {
    return this.entries.reduce((count, { isOut }) => (isOut ? count : count + 1), 0);
  }

  /** @param ticket of the publish; not counted when the message is not in the log */
  add(message: SimMessage, ticket: number): void {
    const isLogged = this.isDurable && message.isPersistent;
    const order = this.#nextOrder++;
    this.everOrders.set(message.id, order);
    this.entries.push({
      queue: this,
      message,
      order,
      ticket: isLogged ? ticket : 0,
      isOut: false,
      wasDelivered: false,
      saysRedelivered: false,
      settledFrom: NEVER,
      settledAt: NEVER,
      mayBeElided: false,
    });
  }

  /** The next message goes to a client. @returns it */
  deliver(message: SimMessage, redelivered: boolean): Entry {
    const entry = this.entries.find(({ isOut }) => !isOut);
    check(
      entry?.message.id === message.id,
      () => `${this} delivered message ${message.id} instead of ${entry?.message.id}`,
    );
    check(
      entry.saysRedelivered === redelivered,
      () => `${this} delivered message ${message.id} with redelivered=${redelivered}`,
    );
    entry.isOut = true;
    entry.wasDelivered = true;
    entry.saysRedelivered = true;
    return entry;
  }

  requeue(entry: Entry): void {
    entry.isOut = false;
  }

  /** @returns whether that is in the log */
  isSettleLogged(entry: Entry): boolean {
    return entry.ticket > 0 && !this.isDeleted;
  }

  settle(entry: Entry, { from, ticket, isInGroup, certain }: Settled): void {
    if (this.isDeleted) return;
    this.entries.splice(this.entries.indexOf(entry), 1);
    if (entry.ticket === 0) return;
    entry.settledFrom = from;
    entry.settledAt = ticket;
    entry.mayBeElided = !isInGroup && entry.ticket > certain;
    this.settled.add(entry);
  }

  /** All that waits leaves, with the tickets from here to there. @returns how many of them are in the log */
  purge(from: number, ticket: number, certain: number): number {
    let logged = 0;
    for (const entry of this.entries.filter(({ isOut }) => !isOut)) {
      if (this.isSettleLogged(entry)) logged++;
      this.settle(entry, { from, ticket, isInGroup: false, certain });
    }
    return logged;
  }

  /**
   * After a crash: what was seen is all there is. What had left for good by then may come back with another crash.
   *
   * @param cut what happened later has not happened
   * @param seen by message, whether its next delivery says that it is one more; undefined when the queue is gone
   */
  survive(cut: number, seen: ReadonlyMap<number, boolean> | undefined): void {
    const before = [...this.entries, ...this.settled];
    const all = before.filter(({ ticket }) => ticket > 0 && ticket <= cut);
    this.entries.length = 0;
    this.settled.clear();
    for (const entry of all.sort((a, b) => a.order - b.order)) {
      const saysRedelivered = seen?.get(entry.message.id);
      if (saysRedelivered === undefined && entry.settledFrom <= cut) this.#staySettled(entry, cut);
      else if (saysRedelivered !== undefined || seen === undefined) this.#comeBack(entry, saysRedelivered ?? false);
    }
    const left = new Set([...this.entries, ...this.settled]);
    for (const entry of before) if (entry.ticket > 0 && !left.has(entry)) this.everLost.add(entry.message.id);
    if (this.isDeleted) this.deletedAt = seen === undefined ? Math.min(this.deletedAt, cut) : NEVER;
  }

  /** It is not there: if its settle may have any of several tickets, it has one up to the cut. */
  #staySettled(entry: Entry, cut: number): void {
    entry.settledAt = Math.min(entry.settledAt, cut);
    this.settled.add(entry);
  }

  #comeBack(entry: Entry, saysRedelivered: boolean): void {
    entry.isOut = false;
    entry.settledFrom = NEVER;
    entry.settledAt = NEVER;
    entry.saysRedelivered = saysRedelivered;
    this.entries.push(entry);
  }

  /** What left up to this ticket never comes back. */
  forget(certain: number): void {
    for (const entry of this.settled) if (entry.settledAt <= certain) this.settled.delete(entry);
  }
}
