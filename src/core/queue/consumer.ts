/**
 * One consumer of a queue: where its messages go, what it may still be given, and its place among the others.
 */

import { assert } from '../../base/assert.ts';
import type { DeliverySink, MessageHandle } from '../ports.ts';
import { Credit } from './credit.ts';
import type { Queue, QueueConsumer } from './queue.ts';

/** What a consumer needs of its channel's unacked: see unacked.ts. */
export interface Unsettled {
  /** The limit that all consumers of the channel share. */
  readonly credit: Credit;
  skip(): number;
  add(message: MessageHandle, consumer: Consumer, sequence: number): number;
  /** Gives a consumer its number. */
  open(consumer: Consumer): void;
  /** The consumer's number is free as soon as nothing outstanding names it. */
  close(consumer: Consumer): void;
}

export interface ConsumerOptions {
  readonly queue: Queue;
  readonly sink: DeliverySink;
  readonly unacked: Unsettled;
  /** The protocol's own number for it, handed back with each delivery. */
  readonly id: number;
  /** Shown in listings; unique on its channel. */
  readonly tag: string;
  readonly noAck: boolean;
  readonly exclusive: boolean;
  readonly priority: number;
  /** 0 is unlimited; ignored when `noAck`. */
  readonly prefetch: number;
}

const GETTER_ID = -1;

const NO_SINK: DeliverySink = {
  canTakeMore: false,
  deliver: () => assert(false, 'a getter takes no deliveries'),
  cancelled: () => undefined,
};

export class Consumer implements QueueConsumer {
  readonly queue: Queue;
  readonly sink: DeliverySink;
  readonly unacked: Unsettled;
  readonly id: number;
  readonly tag: string;
  readonly noAck: boolean;
  readonly exclusive: boolean;
  readonly priority: number;
  readonly credit: Credit;
  /** Its number in `unacked`, by which entries name it. */
  slot = -1;
  /** Entries in `unacked` that name it. */
  heldCount = 0;
  isCancelled = false;

  /** Its neighbours among those that wait for a turn; undefined when it cannot take more (see turns.ts). */
  nextInTurn: QueueConsumer | undefined;
  previousInTurn: QueueConsumer | undefined;

  constructor(options: ConsumerOptions) {
    this.queue = options.queue;
    this.sink = options.sink;
    this.unacked = options.unacked;
    this.id = options.id;
    this.tag = options.tag;
    this.noAck = options.noAck;
    this.exclusive = options.exclusive;
    this.priority = options.priority;
    this.credit = new Credit(options.prefetch);
  }

  /** Holds what a channel fetched with `get`; it takes no turns and knows no credit. */
  static getter(queue: Queue, unacked: Unsettled): Consumer {
    const options = { queue, sink: NO_SINK, unacked, id: GETTER_ID, tag: '' };
    return new Consumer({ ...options, noAck: true, exclusive: false, priority: 0, prefetch: 0 });
  }

  joined(): void {
    this.unacked.open(this);
  }

  left(): void {
    this.unacked.close(this);
  }

  take(message: MessageHandle, sequence: number): number {
    return this.noAck ? this.unacked.skip() : this.unacked.add(message, this, sequence);
  }

  get isGetter(): boolean {
    return this.id === GETTER_ID;
  }

  /** May it be given one more message now? */
  get canTakeMore(): boolean {
    if (!this.sink.canTakeMore) return false;
    return this.noAck || (this.credit.isFree && this.unacked.credit.isFree);
  }
}
