/**
 * The contract of a queue. Kinds of queue are siblings of this file; one suite tests them all.
 *
 * A command never drains: it marks the queue dirty, and the pump calls `drain` at the end of the turn.
 */

import type { FieldTable } from '../../base/field-table.ts';
import type { Owner } from '../owner.ts';
import type { MessageHandle, PagedQueue } from '../ports.ts';
import type { SettleReason } from '../records.ts';
import type { Consumer } from './consumer.ts';
import type { Unacked } from './unacked.ts';

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

export interface QueueCounters {
  published: number;
  delivered: number;
  redelivered: number;
  acknowledged: number;
  returned: number;
}

export interface Queue extends PagedQueue {
  readonly id: number;
  readonly name: string;
  readonly options: QueueOptions;
  readonly counters: QueueCounters;
  readonly isDeleted: boolean;
  /** On the pump's list; the pump alone sets it. */
  isDirty: boolean;
  readonly readyCount: number;
  readonly unackedCount: number;
  readonly consumerCount: number;
  readonly consumers: Iterable<Consumer>;

  /** Takes a message that was routed here, with a reference of its own. @returns its sequence in this queue. */
  enqueue(message: MessageHandle): number;
  /** Hands out up to `limit` messages. @returns how many; less than `limit` when nothing more can be done now. */
  drain(limit: number): number;
  /**
   * Takes the next message for a `get`, into `unacked` unless `noAck`.
   * @returns the message's tag, `EMPTY` or `NOT_RESIDENT`; the sink gets the message itself by `give`.
   */
  take(unacked: Unacked, noAck: boolean, give: TakeSink): number;

  addConsumer(consumer: Consumer): void;
  removeConsumer(consumer: Consumer): void;
  /** The consumer has credit or room again. */
  resumeConsumer(consumer: Consumer): void;

  /** A delivered message is done with, for good. Its reference is given back. */
  settle(message: MessageHandle, sequence: number, reason: SettleReason): void;
  /** A delivered message comes back to its place. */
  requeue(message: MessageHandle, sequence: number): void;

  /** Drops what is ready. @returns how many messages. */
  purge(): number;
  /** Drops everything and cancels the consumers; called by the vhost, which unbinds. */
  delete(): void;
}

/** Receives what `take` took: the handle is valid during the call. */
export interface TakeSink {
  taken(message: MessageHandle, tag: number, redelivered: boolean, readyCount: number): void;
}
