/**
 * One queue as its clients know it: what they published and took, and how much of that the log has called durable.
 */

import type { Ticket } from '../../src/core/ports.ts';
import type { PagedBroker } from './paged-broker.ts';

interface Message {
  readonly body: string;
  readonly isPersistent: boolean;
  /** Of its record; 0 once a crash has shown that it is there. */
  ticket: Ticket;
  /** It is with a client, under this tag. */
  tag: number | undefined;
  /** It was delivered at some time. */
  wasDelivered: boolean;
  /** Of the record of its end; infinite while that is still to be written. */
  settled: Ticket | undefined;
  /** A crash may have taken it. */
  isUncertain: boolean;
}

/** A queue of that name from its declaration to its deletion. */
interface Generation {
  readonly id: number;
  readonly declared: Ticket;
  deleted: Ticket | undefined;
  messages: Message[];
}

export class ModelQueue {
  readonly name: string;
  readonly isDurable: boolean;
  /** Deliveries that said so. */
  redelivered = 0;
  /** The present one last; those before it until their end is durable. */
  #generations: Generation[] = [];

  constructor(name: string, isDurable: boolean) {
    this.name = name;
    this.isDurable = isDurable;
  }

  publish(world: PagedBroker, body: string, isPersistent: boolean): void {
    world.publish(this.name, body, isPersistent);
    const ticket = world.opened.log.appended;
    const message = { body, isPersistent, ticket, tag: undefined, wasDelivered: false, settled: undefined };
    this.#present.messages.push({ ...message, isUncertain: false });
  }

  /** Takes up to so many, as long as there is something in memory. @returns how many */
  take(world: PagedBroker, count: number, noAck: boolean): number {
    const { messages } = this.#present;
    let next = 0;
    let done = 0;
    for (; done < count; done++) {
      const taken = world.take(this.name, noAck);
      if (taken === undefined) break;
      for (; ; next++) {
        const message = messages[next];
        if (message === undefined) throw new Error(`'${taken.body}' comes from nowhere`);
        if (message.tag !== undefined || message.settled !== undefined) continue;
        if (message.body === taken.body) break;
        if (!message.isUncertain) throw new Error(`'${taken.body}' was delivered instead of '${message.body}'`);
        message.settled = 0;
      }
      const message = messages[next];
      if (message === undefined) continue;
      if (message.wasDelivered && !taken.redelivered)
        throw new Error(`'${taken.body}' does not say that it was delivered`);
      if (taken.redelivered) this.redelivered++;
      message.wasDelivered = true;
      message.isUncertain = false;
      if (noAck) message.settled = world.opened.log.appended;
      else message.tag = taken.tag;
    }
    this.#forgetSettled(world.opened.log.durable);
    return done;
  }

  settle(world: PagedBroker, isWanted: () => boolean): void {
    for (const message of this.#present.messages) {
      if (message.tag === undefined || message.settled !== undefined || !isWanted()) continue;
      world.sink.unacked.settle(message.tag, false, 'ack');
      message.settled = world.opened.log.appended;
    }
    this.#forgetSettled(world.opened.log.durable);
  }

  requeue(world: PagedBroker, isWanted: () => boolean): void {
    for (const message of this.#present.messages) {
      if (message.tag === undefined || message.settled !== undefined || !isWanted()) continue;
      world.sink.unacked.settle(message.tag, false, 'requeue');
      message.tag = undefined;
    }
  }

  /** The records of a purge are written in steps: until a crash shows it, each message may be there or not. */
  purge(world: PagedBroker): void {
    world.queue(this.name).purge();
    for (const message of this.#present.messages) {
      if (message.tag === undefined) message.settled ??= Number.POSITIVE_INFINITY;
    }
  }

  /** Deletes the queue and declares it again. */
  replace(world: PagedBroker): void {
    const conditions = { ifEmpty: false, ifUnused: false };
    world.vhost.deleteQueue(world.owner, this.name, conditions);
    this.#present.deleted = world.opened.log.appended;
    this.#declare(world);
  }

  /** @param durable what the log had said to be durable */
  crashed(world: PagedBroker, durable: Ticket): void {
    // What the log does not say any more may be true all the same.
    const known = world.isLost ? 0 : durable;
    if (!this.isDurable) this.#generations = [];
    this.#generations = this.#generations.filter(({ deleted }) => deleted === undefined || deleted > known);
    const newest = this.#generations.findLastIndex(({ declared }) => declared <= known);
    this.#generations = this.#generations.slice(Math.max(0, newest));
    for (const generation of this.#generations) {
      generation.messages = generation.messages.filter(
        ({ isPersistent, settled }) => isPersistent && !(settled !== undefined && settled <= durable),
      );
      for (const message of generation.messages) {
        message.isUncertain ||= message.ticket > durable || message.settled !== undefined;
        message.ticket = 0;
        message.tag = undefined;
        message.settled = undefined;
      }
    }
  }

  /** After a crash, or at the beginning. */
  reopened(world: PagedBroker): void {
    const present = world.vhost.findQueue(this.name);
    const found = this.#generations.find(({ id }) => id === present?.id);
    const isLost = this.#generations.some(({ declared, deleted }) => declared === 0 && deleted === undefined);
    if (present === undefined && isLost) throw new Error(`queue ${this.name} is lost`);
    if (present !== undefined && found === undefined) throw new Error(`queue ${this.name} should not be there`);
    if (found === undefined) {
      this.#generations = [];
      return this.#declare(world);
    }
    this.#generations = [{ ...found, declared: 0, deleted: undefined }];
    const certain = found.messages.filter(({ isUncertain }) => !isUncertain).length;
    const ready = present?.readyCount ?? 0;
    if (ready < certain || ready > found.messages.length) {
      throw new Error(`${this.name} has ${ready} messages instead of ${certain} to ${found.messages.length}`);
    }
  }

  assertAllTaken(): void {
    const left = this.#present.messages.find((message) => {
      return message.settled === undefined && message.tag === undefined && !message.isUncertain;
    });
    if (left !== undefined) throw new Error(`'${left.body}' is lost`);
  }

  get #present(): Generation {
    const present = this.#generations.at(-1);
    if (present === undefined) throw new Error(`there is no queue ${this.name}`);
    return present;
  }

  #declare(world: PagedBroker): void {
    const { id } = world.declare(this.name, this.isDurable);
    this.#generations.push({ id, declared: world.opened.log.appended, deleted: undefined, messages: [] });
  }

  #forgetSettled(durable: Ticket): void {
    const present = this.#present;
    present.messages = present.messages.filter(({ settled }) => settled === undefined || settled > durable);
  }
}
