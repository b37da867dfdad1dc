/**
 * A channel as the checkers know it: what it published, what it was given and has not settled, and what the broker owes
 * it as answers.
 */

import type { Method, MethodName } from '../../../src/protocols/amqp091/methods.ts';
import { check } from '../failure.ts';
import type { SimMessage } from '../message.ts';
import type { Entry, ModelQueue } from './queue.ts';
import type { ModelTransaction } from './transaction.ts';

/** A method that a client sent, which the broker is yet to execute. */
export interface Sent {
  readonly method: Method;
  readonly message: SimMessage | undefined;
}

export type SimQueue = ModelQueue<ModelConsumer>;

export interface ModelConsumer {
  /** Empty until the broker has said it. */
  tag: string;
  readonly queue: SimQueue;
  readonly channel: ModelChannel;
  readonly noAck: boolean;
  readonly exclusive: boolean;
  readonly prefetch: number;
  /** Unacknowledged deliveries. */
  used: number;
  /** consume-ok has gone out. */
  isAnnounced: boolean;
  /** The round of its last delivery, and the place of that message in its queue. */
  round: number;
  position: number;
}

/** An answer that the broker owes. */
export interface Owed {
  readonly name: MethodName;
  readonly queue?: SimQueue;
  readonly noAck?: boolean;
  readonly verify?: (method: Method) => void;
  /** What must be durable before it goes out, or 0. */
  ticket: number;
}

interface Held {
  readonly entry: Entry;
  readonly consumer: ModelConsumer | undefined;
}

/** The tags that one settle may span before the broker makes a task of it. */
const SPAN_AT_ONCE = 3500;

export class ModelChannel {
  readonly number: number;
  /** The identity by which exclusive queues know their owner. */
  readonly owner: object;
  /** In the order in which the client sent them. */
  readonly sent: readonly Sent[];
  executed = 0;
  isOpen = true;
  /** A method has come for it. */
  isUsed = false;
  /** The refusal that closed it. */
  refusedWith = 0;
  readonly consumers = new Map<string, ModelConsumer>();
  /** Tags of consumers whose queue is gone: the broker owes a basic.cancel for each. */
  readonly cancelled = new Set<string>();
  /** What an empty queue name stands for. */
  lastQueue: { readonly name: string } | undefined;
  /** Where direct replies to this channel go. */
  replyQueue: SimQueue | undefined;
  prefetch = 0;
  limit = 0;
  used = 0;
  readonly owed: Owed[] = [];

  hasConfirms = false;
  published = 0;
  /** By sequence number: the ticket that must be durable first. */
  readonly unconfirmed = new Map<number, number>();
  /** Unroutable mandatory messages, with their sequence numbers, whose return has not come. */
  readonly unreturned: { readonly message: SimMessage; readonly sequence: number }[] = [];

  transaction: ModelTransaction<SimQueue> | undefined;
  /** A commit that hands out messages has begun and is not answered: no other method may come. */
  isCommitting = false;

  readonly #held = new Map<number, Held>();
  #lastTag = 0;

  constructor(number: number, owner: object, sent: readonly Sent[]) {
    this.number = number;
    this.owner = owner;
    this.sent = sent;
  }

  get heldCount(): number {
    return this.#held.size;
  }

  nextSent(): Sent {
    const next = this.sent[this.executed];
    check(next !== undefined, () => `${this} executed a method that was never sent`);
    this.executed++;
    return next;
  }

  owe(name: MethodName, more: Pick<Owed, 'queue' | 'noAck' | 'verify'> = {}): void {
    this.owed.push({ name, ticket: 0, ...more });
  }

  /** The broker handed out an entry under a tag. */
  hold(tag: number, entry: Entry, consumer: ModelConsumer | undefined, noAck: boolean): void {
    check(tag === this.#lastTag + 1, () => `${this} got delivery tag ${tag} after ${this.#lastTag}`);
    this.#lastTag = tag;
    if (noAck) return;
    this.#held.set(tag, { entry, consumer });
    if (consumer === undefined) return;
    consumer.used++;
    this.used++;
    const isWithin = consumer.prefetch === 0 || consumer.used <= consumer.prefetch;
    check(isWithin, () => `consumer '${consumer.tag}' holds ${consumer.used} messages of ${consumer.prefetch}`);
    check(this.limit === 0 || this.used <= this.limit, () => `${this} holds ${this.used} messages of ${this.limit}`);
  }

  /** @returns the tags that a settle is about, undefined for one that is unknown or settled in the transaction. */
  tagsFor(tag: number, multiple: boolean): number[] | undefined {
    if (!(multiple && tag === 0) && !this.#isUnsettled(tag)) return undefined;
    if (!multiple) return [tag];
    const tags: number[] = [];
    for (const held of this.#held.keys()) {
      if (tag > 0 && held > tag) break;
      if (this.#isUnsettled(held)) tags.push(held);
    }
    return tags;
  }

  /** These tags are settled. @returns the entries that they stood for. */
  release(tags: readonly number[]): Entry[] {
    return tags.map((tag) => this.#release(tag));
  }

  /** Everything outstanding, whether or not a transaction settles it. */
  releaseAll(): Entry[] {
    return this.release([...this.#held.keys()]);
  }

  /** So many tags are outstanding that the broker settles them in steps. */
  get spansManyTags(): boolean {
    for (const first of this.#held.keys()) return this.#lastTag - first > SPAN_AT_ONCE;
    return false;
  }

  /** The broker has room to give this consumer one more. */
  hasCredit(consumer: ModelConsumer): boolean {
    if (consumer.noAck) return true;
    return (
      (consumer.prefetch === 0 || consumer.used < consumer.prefetch) && (this.limit === 0 || this.used < this.limit)
    );
  }

  toString(): string {
    return `channel ${this.number}`;
  }

  #isUnsettled(tag: number): boolean {
    return this.#held.has(tag) && !this.transaction?.settledTags.has(tag);
  }

  #release(tag: number): Entry {
    const held = this.#held.get(tag);
    check(held !== undefined, () => `${this} settled tag ${tag} twice`);
    this.#held.delete(tag);
    if (held.consumer !== undefined) {
      held.consumer.used--;
      this.used--;
    }
    return held.entry;
  }
}
