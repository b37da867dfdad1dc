/**
 * The log on disk: what a turn appended is written as one batch and synced once, while the next batch collects. One
 * batch at a time is not durable.
 *
 * A failed write or sync is never believed afterwards: see `batch-saver.ts`.
 *
 * hot path
 */

import { assert } from '../../base/assert.ts';
import type { Messages } from '../../core/messages.ts';
import type { DurabilityWaiter, Log, MessageHandle, Ticket } from '../../core/ports.ts';
import type { DefinitionRecord, SettleReason } from '../../core/records.ts';
import { encodeDefinition } from '../definition-codec.ts';
import type { DefinitionState } from '../definition-state.ts';
import { Waiters } from '../waiters.ts';
import type { BatchSaver } from './batch-saver.ts';
import { Bundle, type MovedContent, type PagedContent } from './bundle.ts';
import type { StoredBatch } from './stored-batch.ts';

/** More than about this much goes into several batches, so that no turn is long: copying and summing cost 0.5 ms a MB. */
export const BATCH_BYTES_MAX = 4 * 1024 * 1024;
/** Empty bundles that are kept. */
const SPARE_BUNDLES = 2;

export interface DiskLogOptions {
  readonly messages: Messages;
  readonly definitions: DefinitionState;
  readonly saver: BatchSaver;
  /** Records became durable between turns: their publishers want to know. */
  readonly onDurable: () => void;
  /** A turn has ended: time for a little of what is not urgent. */
  readonly onFlush: () => void;
  /** `BATCH_BYTES_MAX` unless given. */
  readonly batchBytes?: number | undefined;
}

export class DiskLog implements Log {
  durable: Ticket = 0;
  appended: Ticket = 0;
  /** What was published, and what was not written because it had left all its queues. */
  readonly metrics = { published: 0, elided: 0 };

  readonly #messages: Messages;
  readonly #definitions: DefinitionState;
  readonly #saver: BatchSaver;
  readonly #onDurable: () => void;
  readonly #onFlush: () => void;
  readonly #batchBytes: number;
  readonly #waiters = new Waiters();
  #collecting: Bundle;
  /** Full ones, oldest first. */
  readonly #full: Bundle[] = [];
  readonly #spare: Bundle[] = [];

  constructor(options: DiskLogOptions) {
    this.#messages = options.messages;
    this.#definitions = options.definitions;
    this.#saver = options.saver;
    this.#onDurable = options.onDurable;
    this.#onFlush = options.onFlush;
    this.#batchBytes = options.batchBytes ?? BATCH_BYTES_MAX;
    this.#collecting = new Bundle(options.messages);
  }

  publish(message: MessageHandle): Ticket {
    this.#makeRoom();
    this.#collecting.publish(message);
    this.metrics.published++;
    return this.#append();
  }

  reached(queueId: number, sequence: number): void {
    this.#collecting.reached(queueId, sequence);
  }

  settle(queueId: number, sequence: number, reason: SettleReason): Ticket {
    if (this.#elide(queueId, sequence)) return this.#append();
    return this.settleRun(queueId, sequence, 1, reason);
  }

  settleRun(queueId: number, firstSequence: number, count: number, reason: SettleReason): Ticket {
    this.#makeRoom();
    this.#collecting.settle(queueId, firstSequence, count, reason);
    return this.#append();
  }

  watermark(queueId: number, sequence: number, upTo: number): Ticket {
    this.#makeRoom();
    const isTogether = this.#collecting.holds(queueId, sequence);
    this.#collecting.watermark(queueId, upTo);
    const ticket = this.#append();
    // Message and mark are lost together, or not at all.
    return isTogether ? 0 : ticket;
  }

  whenDurable(ticket: Ticket, waiter: DurabilityWaiter): void {
    assert(ticket > this.durable, 'what is durable already was waited for');
    this.#waiters.add(ticket, waiter);
  }

  define(record: DefinitionRecord): Ticket {
    this.#makeRoom();
    this.#definitions.fold(record);
    this.#collecting.define(encodeDefinition(record));
    if (record.kind === 'queue.declared') this.#collecting.definedQueues.push(record.id);
    return this.#append();
  }

  /** A queue is gone with a definition: nothing of it counts any more. */
  queueGone(queueId: number): void {
    this.#collecting.definedQueues.push(queueId);
    this.#collecting.deletedQueues.push(queueId);
  }

  beginGroup(): void {
    this.#makeRoom();
    this.#collecting.beginGroup();
  }

  endGroup(): void {
    this.#collecting.endGroup();
  }

  /** Writes a message of an old segment again, in this one's place. */
  move(content: MovedContent): Ticket {
    this.#makeRoom();
    this.#collecting.move(content);
    return this.#append();
  }

  /**
   * What was found in the log counts as one record more: the broker before may have ended before its last batch was
   * synced, which is written again before anything is built on it.
   */
  resume(last: StoredBatch): void {
    const ticket = ++this.appended;
    this.#saver.saveAgain(last, () => this.#reached(ticket));
  }

  /** Notes that messages stand on a page, and no longer need to stand here. */
  page(content: PagedContent): Ticket {
    this.#makeRoom();
    this.#collecting.page(content);
    return this.#append();
  }

  /** Bytes that are collected and not yet on their way. */
  get pendingBytes(): number {
    return this.#full.reduce((sum, { bytes }) => sum + bytes, this.#collecting.bytes);
  }

  flush(): void {
    this.#onFlush();
    if (!this.#saver.isBusy) this.#saveNext();
  }

  #append(): Ticket {
    const ticket = ++this.appended;
    this.#collecting.lastTicket = ticket;
    return ticket;
  }

  #makeRoom(): void {
    if (this.#collecting.bytes < this.#batchBytes || this.#collecting.isInGroup) return;
    this.#full.push(this.#collecting);
    this.#collecting = this.#spare.pop() ?? new Bundle(this.#messages);
  }

  #elide(queueId: number, sequence: number): boolean {
    // In a group, what is settled stays settled only together with the rest.
    if (this.#collecting.isInGroup) return false;
    if (this.#collecting.elide(queueId, sequence)) return true;
    for (let index = this.#full.length - 1; index >= 0; index--) {
      if (this.#full[index]?.elide(queueId, sequence) === true) return true;
    }
    return false;
  }

  /** The oldest bundle becomes a batch. */
  #saveNext(): void {
    const bundle = this.#full.shift() ?? this.#takeCollecting();
    if (bundle === undefined) return;
    this.metrics.elided += bundle.elided;
    this.#saver.save(bundle, () => this.#saved(bundle));
  }

  #takeCollecting(): Bundle | undefined {
    const bundle = this.#collecting;
    if (bundle.lastTicket <= this.durable || bundle.isInGroup) return undefined;
    this.#collecting = this.#spare.pop() ?? new Bundle(this.#messages);
    return bundle;
  }

  #saved(bundle: Bundle): void {
    if (this.#spare.length < SPARE_BUNDLES) this.#spare.push(bundle);
    this.#reached(bundle.lastTicket);
  }

  #reached(ticket: Ticket): void {
    this.durable = ticket;
    this.#waiters.reached(this.durable);
    this.#onDurable();
    if (!this.#saver.isBusy) this.#saveNext();
  }
}
