/**
 * What the core asks of the world around it. Nothing here waits, and nothing calls back into the core during a call.
 */

import type { DefinitionRecord, SettleReason } from './records.ts';

/**
 * A place in a log: dense, rising, 0 for "nothing to wait for". What was appended under a ticket is durable once
 * `Log.durable` has reached it.
 */
export type Ticket = number;

/** In the place of a ticket: a queue did not take the message, and whoever published it must be told so. */
export const NOT_TAKEN: Ticket = -1;

/** A message in memory: see core/messages.ts. */
export type MessageHandle = number;

/** In a list of handles: stands for a message that is gone. No handle is as high. */
export const HOLE: MessageHandle = 0xffff_ffff;

/**
 * When a log lets the queues that live in it hand out a persistent message: as soon as its record is appended, as RabbitMQ's
 * classic queues do, or when that is durable.
 */
export type DeliverAt = 'append' | 'commit';

/** Keeps records. One for the node today; a queue says which one it lives in: see `Queue.log`. */
export interface Log {
  readonly deliverAt: DeliverAt;
  /** Everything up to this ticket is durable. Moves only in `flush` and between turns. */
  readonly durable: Ticket;
  /**
   * So is everything up to this ticket but publishes that wait for room on the disk, with what was said of their messages:
   * they may be overtaken. Never less than `durable`.
   */
  readonly saved: Ticket;
  /** The ticket that the newest record got. */
  readonly appended: Ticket;
  /** So much waits to be written that whoever publishes more should wait. Moves as `durable` does. */
  readonly isBehind: boolean;
  /**
   * One record for one message and all the durable queues it reached: call `publish`, then `reached` for each queue.
   * The log keeps a reference of its own for as long as it needs the bytes.
   */
  publish(message: MessageHandle): Ticket;
  reached(queueId: number, sequence: number): void;
  /** A message left a durable queue for good. */
  settle(queueId: number, sequence: number, reason: SettleReason): Ticket;
  /** So many sequences in a row left a durable queue, whether there was a persistent message under each of them or not. */
  settleRun(queueId: number, firstSequence: number, count: number, reason: SettleReason): Ticket;
  /**
   * Notes that messages of a queue up to `upTo` may have been delivered, before the one at `sequence` is: what comes back
   * after a crash up to there says that it is redelivered.
   * @returns 0 when that message may be delivered at once, else the ticket that must be durable first
   */
  watermark(queueId: number, sequence: number, upTo: number): Ticket;
  /**
   * A message has come back to its queue: for its delivery count and the delivery limit. All facts about a message go with
   * it: they are dropped when it leaves the queue, and never reach the disk if it does not.
   * @param count how often that makes it, from 1 to 2^32 - 1; never less than before
   */
  returned(queueId: number, sequence: number, count: number): Ticket;
  /**
   * A message is not ready before a time. The last one that is said counts. Durable together with the message, if it is
   * said before anything else is published.
   * @param dueMs from 0 to 2^53 - 1
   */
  delayDue(queueId: number, sequence: number, dueMs: number): Ticket;
  /** A message is ready whatever its time was. Who does not want it at all settles it, too. */
  delayCancelled(queueId: number, sequence: number): Ticket;
  /**
   * A message belongs to a group. Durable together with it, as `delayDue` is.
   * @param key up to 255 bytes, of which the log takes a copy
   */
  groupKey(queueId: number, sequence: number, key: Uint8Array): Ticket;
  /**
   * A queue has seen a key: said behind the publish that had it, and durable with it or later. It stays when the message
   * leaves the queue, and goes with the queue.
   * @param key up to 255 bytes, of which the log takes a copy
   * @param untilMs when that does not count any more, from 0 to 2^53 - 1; of several times the latest counts
   */
  dedupSeen(queueId: number, key: Uint8Array, untilMs: number): Ticket;
  /**
   * Keys of a queue that were to count up to this time need not be kept any more. This is no record, and the log may keep
   * them longer; it has no clock.
   */
  dedupExpired(queueId: number, upToMs: number): void;
  /** Calls back once, between turns, when a ticket is durable that is not yet. */
  whenDurable(ticket: Ticket, waiter: DurabilityWaiter): void;
  /** The same, for who need not know about publishes. */
  whenSaved(ticket: Ticket, waiter: DurabilityWaiter): void;
  define(record: DefinitionRecord): Ticket;
  /** What is appended up to `endGroup` is durable as a whole or not at all. Groups do not stand in each other. */
  beginGroup(): void;
  endGroup(): void;
  /** The end of a turn: what was appended may be written. */
  flush(): void;
}

export interface DurabilityWaiter {
  durabilityReached(): void;
}

/** Where a queue's messages go when they are not to stay in memory: stretches of the ready ring, up to a chunk of it. */
export interface Residency {
  /** How many chunks behind the one that is needed a queue may ask for; changes with the memory there is. */
  readonly pagesAhead: number;
  /** So much is in memory that also what clients hold should be offered, and the port can take it just now. */
  readonly wantsUnacked: boolean;
  /** So much waits to leave memory for good that whoever adds more should wait. */
  readonly isBehind: boolean;
  /**
   * Offers messages whose sequences are dense, `HOLE` where one is gone; undefined means that all stay. The port takes as
   * many of the first as fit on a page, with the holes behind them, and owns the references that their handles stood for.
   */
  pageOut(queue: PagedQueue, firstSequence: number, handles: Uint32Array): PagedOut | undefined;
  /** Asks for a page. `queue.pagedIn` comes some turns later, from the pump's task list, never during this call. */
  readAhead(queue: PagedQueue, page: number): void;
  /** The same, but the page stays: `queue.pagedIn` gets references of its own, and `discard` is still to come. */
  copyAhead(queue: PagedQueue, page: number): void;
  /** The queue no longer wants this page (purge, delete), which may be on its way back. */
  discard(page: number): void;
}

/** The number that names the page, and how many of the first handles are on it. */
export interface PagedOut {
  readonly page: number;
  readonly count: number;
}

export interface PagedQueue {
  readonly id: number;
  readonly options: { readonly durable: boolean };
  /** About as many messages leave it as come to it: what is in memory will be needed soon. */
  readonly isDraining: boolean;
  /** The messages of a page, in order, resident again; `HOLE` where one is gone. May come without having been asked for. */
  pagedIn(page: number, handles: Uint32Array): void;
}

export type Access = 'configure' | 'write' | 'read';

/** Who may do what in a vhost. */
export interface Permissions {
  /** Rises with every change, so that cached answers can be told to be old. */
  readonly epoch: number;
  mayAccess(user: string, vhost: string, kind: 'queue' | 'exchange', name: string, access: Access): boolean;
  /** True when what the user may do with a topic exchange depends on the routing key too: then `mayUseTopic` knows. */
  hasTopicRules(user: string, vhost: string, exchange: string): boolean;
  mayUseTopic(use: TopicUse): boolean;
  /** A tag of a user, e.g. `impersonator`. */
  hasTag(user: string, tag: string): boolean;
}

/** A publish to a topic exchange (write), or a binding to it (read). */
export interface TopicUse {
  readonly user: string;
  readonly vhost: string;
  readonly exchange: string;
  readonly routingKey: string;
  readonly access: 'write' | 'read';
  /** For protocols whose clients have one. */
  readonly clientId?: string;
}

/** Tests names against patterns that users wrote: regular expressions, unanchored. Never takes long. */
export interface PatternMatcher {
  /** False also when there is no answer: the pattern is none, or takes too long. That is logged once. */
  matches(pattern: string, text: string): boolean;
  /** What is wrong with a pattern, before it is kept. */
  whyInvalid(pattern: string): string | undefined;
}

/** Takes deliveries for one channel (AMQP), link or session of a protocol. */
export interface DeliverySink {
  /** False while the connection has as much output waiting as it may have. */
  readonly canTakeMore: boolean;
  /**
   * Sends a message. `tag` is the number under which the core keeps it until it is settled, or the next number when the
   * consumer does not acknowledge. The handle is valid during the call.
   */
  deliver(consumerId: number, message: MessageHandle, tag: number, redelivered: boolean): void;
  /** The queue is gone, or the consumer may no longer have it. */
  cancelled(consumerId: number): void;
}

/** How much memory is used of what may be: for those who can make room long before publishers are blocked. */
export interface MemoryUse {
  /** Bytes in use at this moment. A few additions: may be asked in each turn, not for each message. */
  readonly usedBytes: number;
  /** With more than this in use publishers are blocked. */
  readonly limitBytes: number;
}
