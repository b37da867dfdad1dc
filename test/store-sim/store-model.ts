/**
 * What a store must hold after whatever happens to it, known from what its clients did and were told. Tickets count on from
 * one start of the broker to the next here.
 */

import type { HeldTickets } from '../../src/storage/disk/held-bundles.ts';
import { check } from '../sim/failure.ts';
import { Cut } from './cut.ts';
import { ModelDefinitions } from './model-definitions.ts';
import { type Entry, type ModelQueue, NEVER } from './model-queue.ts';
import { ModelSideFacts } from './model-side-facts.ts';
import type { SimMessage } from './sim-message.ts';
import type { StoredQueue, StoredState } from './stored-state.ts';

/** Facts that are there as a whole or not at all. */
interface Group {
  readonly first: number;
  readonly last: number;
}

/** How far a log had come. */
export interface Progress {
  readonly certain: number;
  readonly appended: number;
  /** Publishes with these tickets may be missing, whatever else is there: they wait for room on the disk. */
  readonly held: readonly HeldTickets[];
}

export class StoreModel {
  readonly queues = new Map<number, ModelQueue>();
  /** Also those that are gone. */
  readonly everQueues = new Map<number, ModelQueue>();
  readonly side = new ModelSideFacts();
  readonly #messages = new Map<number, SimMessage>();
  readonly #definitions = new ModelDefinitions();
  #groups: Group[] = [];

  readonly known = (id: number): SimMessage | undefined => this.#messages.get(id);

  /** Another message, with a number of its own. */
  newMessage(shape: Omit<SimMessage, 'id'>): SimMessage {
    const message = { id: this.#messages.size + 1, ...shape };
    this.#messages.set(message.id, message);
    return message;
  }

  addQueue(queue: ModelQueue): void {
    this.queues.set(queue.id, queue);
    if (queue.isDurable) this.everQueues.set(queue.id, queue);
  }

  /** All definitions, as lines. */
  get definitions(): string {
    return this.#definitions.newest;
  }

  queue(id: number): ModelQueue {
    const queue = this.queues.get(id);
    check(queue !== undefined, () => `there is a queue ${id} that nobody declared`);
    return queue;
  }

  /** The definitions have changed with records from ticket `first` to `last`. */
  defined(first: number, last: number, definitions: string): void {
    this.#definitions.changed(first, last, definitions);
  }

  grouped(first: number, last: number): void {
    if (first < last) this.#groups.push({ first, last });
  }

  /** What is certain need not be remembered. */
  forget(certain: number): void {
    this.#groups = this.#groups.filter(({ last }) => last > certain);
    this.#definitions.forget(certain);
    this.side.forget(certain);
    for (const queue of this.queues.values()) {
      queue.forget(certain);
      if (queue.deletedAt <= certain) this.queues.delete(queue.id);
    }
  }

  /**
   * What a store holds after a crash is what it held at one moment between what was certain and what there was.
   *
   * @returns that moment's ticket. @throws SimFailure
   */
  cutOf(state: StoredState, { certain, appended, held }: Progress): number {
    const cut = new Cut(certain, appended);
    for (const { first, last } of this.#groups) cut.outside(first, last - 1, () => 'a transaction would be torn');
    this.#definitions.narrow(state.definitions, cut);
    for (const stored of state.queues) {
      const queue = this.queue(stored.id);
      const isHeld = (ticket: number) => isIn(held, ticket) && !this.#isGrouped(ticket);
      checkMessages(queue, stored, cut, isHeld);
      this.side.narrow(stored, cut, isHeld);
    }
    return cut.find();
  }

  #isGrouped(ticket: number): boolean {
    return this.#groups.some(({ first, last }) => ticket >= first && ticket <= last);
  }

  /** Definitions are those of one moment, when no record of one is missing. @throws SimFailure */
  checkDefinitions({ definitions }: StoredState, { certain, appended }: Omit<Progress, 'held'>): void {
    const cut = new Cut(certain, appended);
    this.#definitions.narrow(definitions, cut);
    cut.find();
  }

  /** After a clean stop every message says what it would have said before. */
  checkRedelivered({ queues }: StoredState): void {
    for (const { id, messages } of queues) {
      const queue = this.queue(id);
      const said = new Map(queue.entries.map((entry) => [entry.message.id, entry.saysRedelivered]));
      for (const message of messages) {
        check(
          message.redelivered === said.get(message.id),
          () => `${queue} says redelivered=${message.redelivered} of message ${message.id} after a clean stop`,
        );
      }
    }
  }

  /** The store is as it was found, which is as it was at a ticket. */
  survive(state: StoredState, cut: number): void {
    const stored = new Map(state.queues.map((queue) => [queue.id, queue]));
    for (const queue of this.queues.values()) {
      const messages = stored.get(queue.id)?.messages;
      queue.survive(cut, messages && new Map(messages.map(({ id, redelivered }) => [id, redelivered])));
      // Never there, or there and gone for good.
      if (messages === undefined && !queue.isDeleted) this.queues.delete(queue.id);
    }
    this.#groups = this.#groups.filter(({ last }) => last <= cut);
    this.#definitions.survive(state.definitions, cut);
    this.side.survive(state.queues, cut);
  }
}

/** Narrows down where the log ended by what is in one queue and what is not. */
function checkMessages(
  queue: ModelQueue,
  { messages }: StoredQueue,
  cut: Cut,
  isHeld: (ticket: number) => boolean,
): void {
  const entries = new Map([...queue.entries, ...queue.settled].map((entry) => [entry.message.id, entry]));
  let before = 0;
  for (const { id, redelivered } of messages) {
    const entry = entries.get(id);
    check(entry !== undefined && entry.ticket > 0, () => `${queue} has message ${id}, which is gone for good`);
    check(entry.order > before, () => `${queue} has message ${id} twice or out of order`);
    before = entry.order;
    entries.delete(id);
    checkPresent(entry, redelivered, cut);
  }
  for (const entry of entries.values()) if (entry.ticket > 0 && !isHeld(entry.ticket)) checkAbsent(entry, cut);
}

function isIn(held: readonly HeldTickets[], ticket: number): boolean {
  return held.some(({ from, to }) => ticket >= from && ticket <= to);
}

function checkPresent(entry: Entry, redelivered: boolean, cut: Cut): void {
  const { queue, message, ticket, settledAt } = entry;
  check(
    redelivered || !entry.wasDelivered,
    () => `${queue} has message ${message.id}, which was delivered, and does not say so`,
  );
  cut.atLeast(ticket, () => `published message ${message.id}, which is in ${queue}`);
  if (settledAt !== NEVER)
    cut.before(settledAt, () => `is before message ${message.id} was settled, which is in ${queue}`);
}

function checkAbsent({ queue, message, ticket, settledFrom, mayBeElided }: Entry, cut: Cut): void {
  if (settledFrom === NEVER) cut.before(ticket, () => `is before message ${message.id}, which is not in ${queue}`);
  else if (!mayBeElided) cut.outside(ticket, settledFrom - 1, () => `message ${message.id} is not in ${queue}`);
}
