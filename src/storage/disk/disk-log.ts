/**
 * The log on disk: what a turn appended is written as one batch and synced once, while the next batch collects. One
 * batch at a time is not durable.
 *
 * A failed write or sync is never believed afterwards: see `batch-saver.ts`. On a full disk publishes are held, and what else
 * there is overtakes them.
 *
 * hot path
 */

import { assert } from '../../base/assert.ts';
import { byteText } from '../../base/byte-text.ts';
import { HighWater } from '../../base/high-water.ts';
import type { Messages } from '../../core/messages.ts';
import type { DeliverAt, DurabilityWaiter, Log, MessageHandle, Ticket } from '../../core/ports.ts';
import type { DefinitionRecord, SettleReason } from '../../core/records.ts';
import type { SideFact } from '../../core/side-fact.ts';
import { encodeDefinition } from '../definition-codec.ts';
import type { DefinitionState } from '../definition-state.ts';
import { Waiters } from '../waiters.ts';
import type { BatchSaver } from './batch-saver.ts';
import { Bundle, type MovedSource, type PagedContent } from './bundle.ts';
import { HeldBundles, type HeldTickets } from './held-bundles.ts';
import { assertSideFact } from './side-record-codec.ts';
import type { SideState } from './side-state.ts';
import type { StoredBatch } from './stored-batch.ts';

/** More than about this much goes into several batches, so that no turn is long: copying and summing cost 0.5 ms a MB. */
export const BATCH_BYTES_MAX = 4 * 1024 * 1024;
/** With so much waiting whoever publishes should wait too, until it is half of it, which keeps the disk busy meanwhile. */
const BEHIND_BYTES = 3 * BATCH_BYTES_MAX;
/** Empty bundles that are kept. */
const SPARE_BUNDLES = 2;

export interface DiskLogOptions {
  readonly messages: Messages;
  readonly definitions: DefinitionState;
  readonly side: SideState;
  readonly saver: BatchSaver;
  /** Records became durable between turns: their publishers want to know. */
  readonly onDurable: () => void;
  /** A turn has ended: time for a little of what is not urgent. */
  readonly onFlush: () => void;
  /** `BATCH_BYTES_MAX` unless given. */
  readonly batchBytes?: number | undefined;
  /** 'append' unless given. */
  readonly deliverAt?: DeliverAt | undefined;
}

export class DiskLog implements Log {
  readonly deliverAt: DeliverAt;
  durable: Ticket = 0;
  saved: Ticket = 0;
  appended: Ticket = 0;
  /** What was published, what was not written because it had left all its queues, and bundles that waited for room. */
  readonly metrics = { published: 0, publishedBytes: 0, elided: 0, held: 0 };

  readonly #messages: Messages;
  readonly #definitions: DefinitionState;
  readonly #side: SideState;
  readonly #saver: BatchSaver;
  readonly #onDurable: () => void;
  readonly #onFlush: () => void;
  readonly #batchBytes: number;
  readonly #waiters = new Waiters();
  readonly #savedWaiters = new Waiters();
  readonly #held = new HeldBundles();
  readonly #pending = new HighWater(BEHIND_BYTES, BEHIND_BYTES / 2);
  /** The newest ticket of all that have been on their way. */
  #taken: Ticket = 0;
  #collecting: Bundle;
  /** Full ones, oldest first. */
  readonly #full: Bundle[] = [];
  readonly #spare: Bundle[] = [];

  constructor(options: DiskLogOptions) {
    this.#messages = options.messages;
    this.#definitions = options.definitions;
    this.#side = options.side;
    this.#saver = options.saver;
    this.#onDurable = options.onDurable;
    this.#onFlush = options.onFlush;
    this.#batchBytes = options.batchBytes ?? BATCH_BYTES_MAX;
    this.deliverAt = options.deliverAt ?? 'append';
    this.#collecting = new Bundle(options.messages);
  }

  publish(message: MessageHandle): Ticket {
    this.#makeRoom();
    this.metrics.publishedBytes += this.#collecting.publish(message);
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

  returned(queueId: number, sequence: number, count: number): Ticket {
    this.#makeRoom();
    return this.#note({ kind: 'returned', queueId, sequence, count });
  }

  delayDue(queueId: number, sequence: number, dueMs: number): Ticket {
    return this.#note({ kind: 'delayDue', queueId, sequence, dueMs });
  }

  delayCancelled(queueId: number, sequence: number): Ticket {
    this.#makeRoom();
    return this.#note({ kind: 'delayCancelled', queueId, sequence });
  }

  groupKey(queueId: number, sequence: number, key: Uint8Array): Ticket {
    return this.#note({ kind: 'groupKey', queueId, sequence, key: byteText(key) });
  }

  dedupSeen(queueId: number, key: Uint8Array, untilMs: number): Ticket {
    return this.#note({ kind: 'dedupSeen', queueId, key: byteText(key), untilMs });
  }

  dedupExpired(queueId: number, upToMs: number): void {
    this.#side.expire(queueId, upToMs);
  }

  whenDurable(ticket: Ticket, waiter: DurabilityWaiter): void {
    assert(ticket > this.durable, 'what is durable already was waited for');
    this.#waiters.add(ticket, waiter);
  }

  whenSaved(ticket: Ticket, waiter: DurabilityWaiter): void {
    assert(ticket > this.saved, 'what is saved already was waited for');
    this.#savedWaiters.add(ticket, waiter);
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

  /** Writes a message of an old segment again. @param at where its record begins in the source */
  move(source: MovedSource, at: number): Ticket {
    this.#makeRoom();
    this.#collecting.move(source, at);
    return this.#append();
  }

  /**
   * What was found in the log counts as one record more: the broker before may have ended before its last batch was
   * synced, which is written again before anything is built on it.
   */
  resume(last: StoredBatch): void {
    const ticket = ++this.appended;
    this.#taken = ticket;
    this.#saver.saveAgain(last, () => {
      this.saved = ticket;
      this.#goOn();
    });
  }

  /** Notes that messages stand on a page, and no longer need to stand here. */
  page(content: PagedContent): Ticket {
    this.#makeRoom();
    this.#collecting.page(content);
    return this.#append();
  }

  get isBehind(): boolean {
    return this.#pending.isOver;
  }

  /** Bytes that are collected and not yet on their way. */
  get pendingBytes(): number {
    return this.#full.reduce((sum, { bytes }) => sum + bytes, this.#collecting.bytes + this.#held.bytes);
  }

  /** Publishes that wait for room on the disk are among these. */
  get heldTickets(): readonly HeldTickets[] {
    return this.#held.tickets;
  }

  /** Publishes wait for room on the disk. */
  get isOutOfSpace(): boolean {
    return this.#saver.isOutOfSpace;
  }

  /** About twice a second. */
  tick(): void {
    for (const content of this.#held.takePages(this.saved)) this.page(content);
  }

  flush(): void {
    this.#onFlush();
    if (!this.#held.isEmpty) this.#letGo();
    if (!this.#saver.isBusy) this.#saveNext();
    this.#measure();
  }

  /** What comes with a publish makes no room of its own: it is to stand in the same batch. */
  #note(fact: SideFact): Ticket {
    assertSideFact(fact);
    this.#collecting.note(fact);
    return this.#append();
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
    if (!this.#held.isEmpty && this.#held.elide(queueId, sequence)) return true;
    for (let index = this.#full.length - 1; index >= 0; index--) {
      if (this.#full[index]?.elide(queueId, sequence) === true) return true;
    }
    return false;
  }

  /** The oldest bundle becomes a batch. */
  #saveNext(): void {
    if (this.#saver.isOutOfSpace) return this.#saveUnheld();
    const held = this.#held.takeFirst();
    if (held !== undefined) return this.#saver.save(held, () => this.#heldSaved(held), 'held');
    const bundle = this.#takeNext();
    if (bundle === undefined) return;
    this.#taken = bundle.lastTicket;
    this.metrics.elided += bundle.elided;
    this.#saver.save(bundle, () => this.#bundleSaved(bundle));
  }

  /** Publishes wait for room; all else of the oldest bundle goes to what is left of it. */
  #saveUnheld(): void {
    const bundle = this.#takeNext();
    if (bundle === undefined) return;
    const isHeld = this.#held.hold(bundle, this.#taken);
    if (isHeld) this.metrics.held++;
    this.#held.overtakenBy(bundle);
    this.#taken = bundle.lastTicket;
    if (bundle.unheldBytes === 0) this.#unheldSaved(bundle, isHeld);
    else this.#saver.save(bundle, () => this.#unheldSaved(bundle, isHeld), 'unheld');
  }

  #takeNext(): Bundle | undefined {
    return this.#full.shift() ?? this.#takeCollecting();
  }

  #takeCollecting(): Bundle | undefined {
    const bundle = this.#collecting;
    if (bundle.lastTicket <= this.#taken || bundle.isInGroup) return undefined;
    this.#collecting = this.#spare.pop() ?? new Bundle(this.#messages);
    return bundle;
  }

  #bundleSaved(bundle: Bundle): void {
    this.saved = bundle.lastTicket;
    this.#recycle(bundle);
    this.#goOn();
  }

  #unheldSaved(bundle: Bundle, isHeld: boolean): void {
    this.saved = bundle.lastTicket;
    if (!isHeld) this.#dismiss(bundle);
    this.#goOn();
  }

  #heldSaved(bundle: Bundle): void {
    this.#held.written();
    this.#recycle(bundle);
    this.#goOn();
  }

  /** What was held and has left its queues need not be written any more. */
  #letGo(): void {
    this.#held.prune(this.saved, (bundle) => this.#dismiss(bundle));
    this.#report();
  }

  #dismiss(bundle: Bundle): void {
    this.metrics.elided += bundle.elided;
    bundle.clear();
    this.#recycle(bundle);
  }

  #recycle(bundle: Bundle): void {
    if (this.#spare.length < SPARE_BUNDLES) this.#spare.push(bundle);
  }

  #goOn(): void {
    this.#report();
    this.#onDurable();
    if (!this.#saver.isBusy) this.#saveNext();
    this.#measure();
  }

  #measure(): void {
    this.#pending.update(this.pendingBytes);
  }

  #report(): void {
    this.durable = this.#held.durable(this.saved);
    this.#savedWaiters.reached(this.saved);
    this.#waiters.reached(this.durable);
  }
}
