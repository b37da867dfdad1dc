/**
 * The log of the simulator: a memory log of random lateness that can be lost for a while, and a spy on it that knows what
 * is durable, whatever the broker is told.
 */

import type { DeliverAt, DurabilityWaiter, Log, MessageHandle, Ticket } from '../../../src/core/ports.ts';
import type { DefinitionRecord, SettleReason } from '../../../src/core/records.ts';
import { MemoryLog } from '../../../src/storage/memory/memory-log.ts';
import { Waiters } from '../../../src/storage/waiters.ts';
import { check } from '../failure.ts';

const BEHIND_RECORDS = 12;

/** A message and the ids of the durable queues that it reached. */
export interface LoggedPublish {
  readonly ticket: Ticket;
  readonly queueIds: number[];
}

export class SimLog implements Log {
  readonly deliverAt: DeliverAt;
  durable: Ticket = 0;
  /** What is durable in truth; a mutant may show the broker something else. */
  certain: Ticket = 0;
  /** Nothing becomes durable any more. */
  isLost = false;
  /** What the command that is being executed has logged: its publishes, and the ticket of its last definition, or 0. */
  readonly publishes: LoggedPublish[] = [];
  definedTicket: Ticket = 0;
  /** Its records about messages that stand in no group: those of a commit belong together. */
  apartCount = 0;

  readonly #inner: MemoryLog;
  readonly #waiters = new Waiters();
  /** By queue: the messages that were logged and not settled. */
  readonly #open = new Map<number, Set<number>>();
  #appendedBefore: Ticket = 0;
  #isInGroup = false;

  constructor(flushesLate: () => number, deliverAt: DeliverAt) {
    this.deliverAt = deliverAt;
    this.#inner = new MemoryLog({ flushesLate });
  }

  get appended(): Ticket {
    return this.#inner.appended;
  }

  get saved(): Ticket {
    return this.durable;
  }

  /** Whoever publishes has to wait now and then. */
  get isBehind(): boolean {
    return !this.isLost && this.appended - this.certain > BEHIND_RECORDS;
  }

  whenSaved(ticket: Ticket, waiter: DurabilityWaiter): void {
    this.whenDurable(ticket, waiter);
  }

  /** A command begins to be executed. */
  beginCommand(): void {
    this.publishes.length = 0;
    this.definedTicket = 0;
    this.apartCount = 0;
    this.#appendedBefore = this.appended;
  }

  /** The ticket of the last record of the command, or 0. */
  get commandTicket(): Ticket {
    return this.appended > this.#appendedBefore ? this.appended : 0;
  }

  publish(message: MessageHandle): Ticket {
    this.#note();
    const ticket = this.#inner.publish(message);
    this.publishes.push({ ticket, queueIds: [] });
    return ticket;
  }

  reached(queueId: number, sequence: number): void {
    const last = this.publishes.at(-1);
    check(last !== undefined, () => `queue ${queueId} was reached by nothing`);
    last.queueIds.push(queueId);
    let open = this.#open.get(queueId);
    if (open === undefined) {
      open = new Set();
      this.#open.set(queueId, open);
    }
    open.add(sequence);
    this.#inner.reached(queueId, sequence);
  }

  settle(queueId: number, sequence: number, reason: SettleReason): Ticket {
    this.#note();
    const wasOpen = this.#open.get(queueId)?.delete(sequence) ?? false;
    check(wasOpen, () => `message ${sequence} of queue ${queueId} was settled in the log without being there`);
    return this.#inner.settle(queueId, sequence, reason);
  }

  settleRun(queueId: number, firstSequence: number, count: number, reason: SettleReason): Ticket {
    this.#note();
    const open = this.#open.get(queueId);
    for (let sequence = firstSequence; sequence < firstSequence + count; sequence++) open?.delete(sequence);
    return this.#inner.settleRun(queueId, firstSequence, count, reason);
  }

  watermark(queueId: number, sequence: number, upTo: number): Ticket {
    return this.#inner.watermark(queueId, sequence, upTo);
  }

  returned(queueId: number, sequence: number, count: number): Ticket {
    this.#checkOpen(queueId, sequence);
    return this.#inner.returned(queueId, sequence, count);
  }

  delayDue(queueId: number, sequence: number, dueMs: number): Ticket {
    this.#checkOpen(queueId, sequence);
    return this.#inner.delayDue(queueId, sequence, dueMs);
  }

  delayCancelled(queueId: number, sequence: number): Ticket {
    this.#checkOpen(queueId, sequence);
    return this.#inner.delayCancelled(queueId, sequence);
  }

  groupKey(queueId: number, sequence: number, key: Uint8Array): Ticket {
    this.#checkOpen(queueId, sequence);
    return this.#inner.groupKey(queueId, sequence, key);
  }

  dedupSeen(queueId: number, key: Uint8Array, untilMs: number): Ticket {
    this.#note();
    return this.#inner.dedupSeen(queueId, key, untilMs);
  }

  dedupExpired(queueId: number, upToMs: number): void {
    this.#inner.dedupExpired(queueId, upToMs);
  }

  whenDurable(ticket: Ticket, waiter: DurabilityWaiter): void {
    this.#waiters.add(ticket, waiter);
  }

  beginGroup(): void {
    check(!this.#isInGroup, () => 'a group of records began within another one');
    this.#isInGroup = true;
    this.#inner.beginGroup();
  }

  endGroup(): void {
    this.#isInGroup = false;
    this.#inner.endGroup();
  }

  define(record: DefinitionRecord): Ticket {
    if (record.kind === 'queue.deleted') this.#open.delete(record.id);
    this.definedTicket = this.#inner.define(record);
    return this.definedTicket;
  }

  flush(): void {
    this.#inner.flush();
    this.report();
  }

  /** The log says how far it has come; also between turns. */
  report(): void {
    if (this.isLost) return;
    this.certain = this.#inner.durable;
    this.durable = this.certain;
    this.#waiters.reached(this.durable);
  }

  /** How many messages of a queue the log holds. */
  openCount(queueId: number): number {
    return this.#open.get(queueId)?.size ?? 0;
  }

  /** Facts about messages are about those that are there. */
  #checkOpen(queueId: number, sequence: number): void {
    this.#note();
    const isOpen = this.#open.get(queueId)?.has(sequence) ?? false;
    check(isOpen, () => `something was said of message ${sequence} of queue ${queueId}, which is not there`);
  }

  #note(): void {
    if (!this.#isInGroup) this.apartCount++;
  }
}
