/**
 * The contract of a queue. Kinds of queue are siblings of this file; one suite tests them all.
 *
 * A command never drains: it marks the queue dirty, and the pump calls `drain` at the end of the turn.
 */

import type { FieldTable } from '../../base/field-table.ts';
import type { Owner } from '../owner.ts';
import type { DeliverySink, Log, MessageHandle, PagedQueue } from '../ports.ts';
import type { DirtyQueue } from '../pump.ts';
import type { SettleReason } from '../records.ts';
import type { RingRestoration } from './ring-restoration.ts';

export interface QueueOptions {
  readonly durable: boolean;
  /** The connection that alone may use it, or undefined. */
  readonly owner: Owner | undefined;
  readonly autoDelete: boolean;
  readonly arguments: FieldTable;
}

/** What `take` answers when there is no message to give. */
export const EMPTY = -1;
/** What `take` answers when the next message is on its way back into memory: ask again in a later turn. */
export const NOT_RESIDENT = -2;

/** What a queue needs of a consumer: see consumer.ts. */
export interface QueueConsumer {
  readonly id: number;
  readonly tag: string;
  readonly sink: DeliverySink;
  readonly noAck: boolean;
  readonly exclusive: boolean;
  readonly priority: number;
  /** May it be given one more message now? */
  readonly canTakeMore: boolean;
  /** Notes a message that it is about to be given. @returns its tag. */
  take(message: MessageHandle, sequence: number): number;
  /** Its neighbours among those that wait for a turn; undefined when it stands aside (see turns.ts). */
  nextInTurn: QueueConsumer | undefined;
  previousInTurn: QueueConsumer | undefined;
  /** It is on its queue from now on. */
  joined(): void;
  /** It has left its queue. */
  left(): void;
}

/** What a queue needs of a channel's unacked: see unacked.ts. */
export interface DeliveryTags {
  /** Uses up a tag for a delivery that needs no acknowledgement. @returns the tag. */
  skip(): number;
  /** Takes a message that `get` fetched. @returns its tag. */
  addFetched(message: MessageHandle, queue: Queue, sequence: number): number;
}

export interface QueueCounters {
  published: number;
  delivered: number;
  redelivered: number;
  acknowledged: number;
  returned: number;
}

export interface Queue extends PagedQueue, DirtyQueue {
  readonly id: number;
  readonly name: string;
  readonly options: QueueOptions;
  /** The one that it lives in: all its records go there, and say when its messages may be delivered. */
  readonly log: Log;
  readonly counters: QueueCounters;
  readonly isDeleted: boolean;
  /** Something of it is lost: nobody may use it until an operator has decided what becomes of it. */
  readonly isStopped: boolean;
  /** One consumer at a time is given messages, whoever else is there; none may ask to be the only one. */
  readonly isSingleActive: boolean;
  readonly readyCount: number;
  readonly unackedCount: number;
  readonly consumerCount: number;
  readonly consumers: Iterable<QueueConsumer>;

  /** Takes a message that was routed here, with a reference of its own. @returns its sequence in this queue. */
  enqueue(message: MessageHandle): number;
  /**
   * Takes the next message for a `get`, into `unacked` unless `noAck`.
   * @returns the message's tag, `EMPTY` or `NOT_RESIDENT`; the sink gets the message itself by `give`.
   */
  take(unacked: DeliveryTags, noAck: boolean, give: TakeSink): number;

  addConsumer(consumer: QueueConsumer): void;
  removeConsumer(consumer: QueueConsumer): void;
  /** The consumer has credit or room again. */
  resumeConsumer(consumer: QueueConsumer): void;

  /** A delivered message, or what `pageOutUnacked` left of it, is done with, for good. Its reference is given back. */
  settle(message: MessageHandle, sequence: number, reason: SettleReason): void;
  /** A delivered message comes back to its place. */
  requeue(message: MessageHandle, sequence: number): void;
  /**
   * Offers delivered messages, whose sequences are dense, to the residency.
   * @param handles of those that it takes other numbers stand here then, to be settled and requeued with
   * @returns how many of the first it took
   */
  pageOutUnacked(firstSequence: number, handles: Uint32Array): number;

  /** The sequence up to which all messages were delivered, may have been before a restart, or are gone. */
  readonly deliveredUpTo: number;
  /**
   * Takes back what a log kept of it: only on a queue that nothing has happened to.
   * @param marks the highest sequence ever used, and up to where messages may have been delivered
   */
  restore(messages: RingRestoration, marks: { readonly highest: number; readonly watermark: number }): void;
  /** Takes it out of use, and cancels its consumers. */
  stop(): void;
  /**
   * Offers what is ready in memory to the residency, also what is next to be delivered; some of it in each call. What came
   * back is offered when nothing is unacknowledged any more.
   * @returns false when all was offered, or something was not taken
   */
  pageOutReady(): boolean;
  /** Drops what is ready. @returns how many messages. */
  purge(): number;
  /** Drops everything and cancels the consumers; called by the vhost, which unbinds. */
  delete(): void;
}

/** Receives what `take` took: the handle is valid during the call. */
export interface TakeSink {
  taken(message: MessageHandle, tag: number, redelivered: boolean, readyCount: number): void;
}
