/**
 * The classic queue: first in first out, consumers in turn, returned messages first.
 *
 * hot path: flat memory
 */

import type { Messages } from '../messages.ts';
import { HOLE, type Log, type MessageHandle, type Residency } from '../ports.ts';
import type { Pump } from '../pump.ts';
import { SETTLE_REASONS, type SettleReason } from '../records.ts';
import { isSingleActive } from './arguments.ts';
import { CommitMark } from './commit-mark.ts';
import { DeliveryMark } from './delivery-mark.ts';
import {
  type DeliveryTags,
  EMPTY,
  NOT_RESIDENT,
  type Queue,
  type QueueConsumer,
  type QueueCounters,
  type QueueOptions,
  type TakeSink,
} from './queue.ts';
import { ReadyRing } from './ready-ring.ts';
import { ReleaseTask } from './release-task.ts';
import { Returned } from './returned.ts';
import { pageOutReturned } from './returned-pages.ts';
import type { RingChunk } from './ring-chunk.ts';
import type { RingRestoration } from './ring-restoration.ts';
import { SingleActive } from './single-active.ts';
import { Turns } from './turns.ts';
import { PAGE_MARK, UnackedPages } from './unacked-pages.ts';
import type { UnackedPaging } from './unacked-paging.ts';

/** Nearly every queue has nothing returned most of the time; they share this one, to which nothing is ever added. */
const NOTHING_RETURNED = new Returned();

/** So many chunks are offered to the residency in one step. */
const CHUNKS_AT_ONCE = 16;
const CHUNKS_IN_MEAN = 8;

/** What a queue works with; the same for all queues of a node. */
export interface QueueWorld {
  readonly messages: Messages;
  readonly log: Log;
  readonly residency: Residency;
  readonly pump: Pump;
  readonly unackedPaging: UnackedPaging;
  /** The last consumer of an auto-delete queue has left. */
  unused(queue: Queue): void;
}

export class ClassicQueue implements Queue {
  readonly id: number;
  readonly name: string;
  readonly options: QueueOptions;
  readonly log: Log;
  readonly counters: QueueCounters = { published: 0, delivered: 0, redelivered: 0, acknowledged: 0, returned: 0 };
  isDeleted = false;
  isStopped = false;
  isDirty = false;
  isDraining = false;
  unackedCount = 0;

  readonly #world: QueueWorld;
  #ready = new ReadyRing(1);
  #returned = NOTHING_RETURNED;
  readonly #turns = new Turns();
  readonly #consumers = new Set<QueueConsumer>();
  readonly #singleActive: SingleActive | undefined;
  /** Of a durable queue. Of one kind for all queues of a log, so that the hot path meets one. */
  readonly #mark: DeliveryMark | CommitMark | undefined;
  /** Deliveries when the last chunk was full, and how many there are about while one fills. */
  #deliveredBefore = 0;
  #leaving = 0;
  /** Messages up to here came back from the log, and may have been delivered before. */
  #redeliveredUpTo = 0;
  /** What clients hold and what came back of that, as far as it is on pages; none before the first page. */
  #unackedPages: UnackedPages | undefined;

  constructor(id: number, name: string, options: QueueOptions, world: QueueWorld) {
    this.id = id;
    this.name = name;
    this.options = options;
    this.#world = world;
    this.log = world.log;
    this.#mark = options.durable ? markOf(this) : undefined;
    this.#singleActive = isSingleActive(options.arguments) ? new SingleActive() : undefined;
  }

  get readyCount(): number {
    const inMemory = this.#ready.length + this.#returned.length;
    return this.#unackedPages === undefined ? inMemory : inMemory + this.#unackedPages.returningCount;
  }

  /** Of the message that came last, however long it has been gone. */
  get newestSequence(): number {
    return this.#ready.nextSequence - 1;
  }

  get deliveredUpTo(): number {
    // What came back from a log and has not been delivered since may have been delivered before.
    return Math.max(this.#ready.headSequence - 1, this.#redeliveredUpTo);
  }

  get isSingleActive(): boolean {
    return this.#singleActive !== undefined;
  }

  get consumerCount(): number {
    return this.#consumers.size;
  }

  get consumers(): Iterable<QueueConsumer> {
    return this.#consumers;
  }

  enqueue(message: MessageHandle): number {
    this.counters.published++;
    const sequence = this.#ready.push(message);
    const { filled } = this.#ready;
    if (filled !== undefined) this.#filled(filled);
    if (!this.isDirty && this.#turns.next !== undefined) this.#world.pump.mark(this);
    return sequence;
  }

  drain(limit: number): number {
    let delivered = 0;
    while (delivered < limit) {
      const consumer = this.#turns.next;
      if (consumer === undefined) break;
      if (!consumer.canTakeMore) {
        this.#turns.suspend(consumer);
        continue;
      }
      if (!this.#deliverNext(consumer)) break;
      this.#turns.rotate(consumer);
      delivered++;
    }
    return delivered;
  }

  take(unacked: DeliveryTags, noAck: boolean, give: TakeSink): number {
    const returned = this.#isReturnedNext();
    const sequence = returned ? this.#returned.firstSequence : this.#ready.headSequence;
    if (this.#unackedPages?.comesBefore(sequence) === true) return NOT_RESIDENT;
    if (!returned && !this.#ready.isHeadResident) return this.#ready.length === 0 ? EMPTY : this.#awaitHead();
    if (!this.#mayDeliver(sequence, returned)) return NOT_RESIDENT;
    const message = returned ? this.#returned.shift() : this.#ready.shift();
    const isRedelivered = returned || sequence <= this.#redeliveredUpTo;
    this.#countDelivery(isRedelivered);
    const tag = noAck ? unacked.skip() : unacked.addFetched(message, this, sequence);
    give.taken(message, tag, isRedelivered, this.readyCount);
    this.#afterDelivery(message, sequence, noAck);
    return tag;
  }

  addConsumer(consumer: QueueConsumer): void {
    this.#consumers.add(consumer);
    this.#singleActive?.joined(consumer);
    consumer.joined();
    this.resumeConsumer(consumer);
  }

  removeConsumer(consumer: QueueConsumer): void {
    if (!this.#consumers.delete(consumer)) return;
    this.#turns.suspend(consumer);
    consumer.left();
    const next = this.#singleActive?.left(consumer, this.#consumers);
    if (next !== undefined) this.resumeConsumer(next);
    if (this.#consumers.size > 0) return;
    this.#turns.clear();
    if (this.options.autoDelete && !this.isDeleted) this.#world.unused(this);
  }

  resumeConsumer(consumer: QueueConsumer): void {
    if (this.isDeleted || this.#singleActive?.isActive(consumer) === false) return;
    this.#turns.resume(consumer);
    if (!this.isDirty && this.readyCount > 0) this.#world.pump.mark(this);
  }

  settle(message: MessageHandle, sequence: number, reason: SettleReason): void {
    this.unackedCount--;
    if (reason === SETTLE_REASONS.acked) this.counters.acknowledged++;
    if (message < PAGE_MARK) this.#finish(message, sequence, reason);
    else this.#unackedPages?.settle(message, sequence, reason);
  }

  requeue(message: MessageHandle, sequence: number): void {
    this.unackedCount--;
    this.counters.returned++;
    if (this.isDeleted) this.#dropReturned(message, sequence);
    else if (message < PAGE_MARK) this.backInMemory(message, sequence);
    else this.#unackedPages?.requeue(message, sequence);
    if (!this.isDirty && this.#turns.next !== undefined) this.#world.pump.mark(this);
  }

  pageOutUnacked(firstSequence: number, handles: Uint32Array): number {
    this.#unackedPages ??= new UnackedPages(this, this.#world);
    return this.#unackedPages.pageOut(firstSequence, handles);
  }

  backInMemory(message: MessageHandle, sequence: number): void {
    if (this.#returned === NOTHING_RETURNED) this.#returned = new Returned();
    this.#returned.push(sequence, message);
  }

  pagedIn(page: number, handles: Uint32Array): void {
    if (!this.isDeleted && this.#ready.pagedIn(page, handles)) this.#world.pump.mark(this);
    else for (const handle of handles) if (handle !== HOLE) this.#world.messages.release(handle);
  }

  pageOutReady(): boolean {
    // With others still to come back, which may be newer, they have to be told apart from those that wait.
    if (this.unackedCount === 0 && this.#returned.length > 0 && !this.#pageOutReturned()) return false;
    for (let left = CHUNKS_AT_ONCE; left > 0; left--) {
      const chunk = this.#ready.firstResident;
      if (chunk === undefined || !this.#offer(chunk)) return false;
    }
    return true;
  }

  purge(): number {
    const count = this.readyCount;
    if (count === 0) return 0;
    const task = new ReleaseTask(this.#world, this, this.#ready.detach(), this.#returned, this.#unackedPages);
    this.#returned = NOTHING_RETURNED;
    if (!task.step(ReleaseTask.AT_ONCE)) this.#world.pump.addTask(task);
    return count;
  }

  delete(): void {
    this.isDeleted = true;
    this.purge();
    this.#cancelAll();
  }

  stop(): void {
    this.isStopped = true;
    this.#cancelAll();
  }

  #cancelAll(): void {
    for (const consumer of [...this.#consumers]) {
      this.removeConsumer(consumer);
      consumer.sink.cancelled(consumer.id);
    }
  }

  /** The log knows that messages up to some may be delivered. */
  resume(): void {
    if (!this.isDirty && this.#turns.next !== undefined) this.#world.pump.mark(this);
  }

  restore(messages: RingRestoration, marks: { readonly highest: number; readonly watermark: number }): void {
    const { highest, watermark } = marks;
    this.#ready = messages.build(Math.max(highest, watermark) + 1);
    this.#redeliveredUpTo = watermark;
    this.#mark?.restore(watermark);
  }

  /** A page of messages leaves for good, without coming back into memory. */
  finishPage(sequence: number, count: number): void {
    if (this.options.durable && !this.isDeleted) {
      this.log.settleRun(this.id, sequence, count, SETTLE_REASONS.purged);
    }
  }

  /** A message leaves for good; the log learns of it when it had it. */
  finishPurged(message: MessageHandle, sequence: number): void {
    this.#finish(message, sequence, SETTLE_REASONS.purged);
  }

  /** A message comes back to a queue that is deleted. */
  #dropReturned(message: MessageHandle, sequence: number): void {
    if (message < PAGE_MARK) this.#world.messages.release(message);
    else this.#unackedPages?.settle(message, sequence, SETTLE_REASONS.purged);
  }

  #finish(message: MessageHandle, sequence: number, reason: SettleReason): void {
    const { messages } = this.#world;
    if (this.options.durable && !this.isDeleted && messages.isPersistent(message)) {
      this.log.settle(this.id, sequence, reason);
    }
    messages.release(message);
  }

  #deliverNext(consumer: QueueConsumer): boolean {
    const isReturned = this.#isReturnedNext();
    const sequence = isReturned ? this.#returned.firstSequence : this.#ready.headSequence;
    if (this.#unackedPages?.comesBefore(sequence) === true) return false;
    if (!isReturned && !this.#ready.isHeadResident) {
      if (this.#ready.length > 0) this.#awaitHead();
      return false;
    }
    if (!this.#mayDeliver(sequence, isReturned)) return false;
    const message = isReturned ? this.#returned.shift() : this.#ready.shift();
    const isRedelivered = isReturned || sequence <= this.#redeliveredUpTo;
    this.#countDelivery(isRedelivered);
    const tag = consumer.take(message, sequence);
    consumer.sink.deliver(consumer.id, message, tag, isRedelivered);
    this.#afterDelivery(message, sequence, consumer.noAck);
    return true;
  }

  /** Whatever was returned is older than all that is ready, unless that was returned before, and went to pages. */
  #isReturnedNext(): boolean {
    if (this.#returned.length > 0) return this.#returned.firstSequence < this.#ready.headSequence;
    this.#returned = NOTHING_RETURNED;
    return false;
  }

  #countDelivery(isRedelivered: boolean): void {
    this.counters.delivered++;
    if (isRedelivered) this.counters.redelivered++;
  }

  /** What came back was delivered before; what is not persistent never comes back from a log. */
  #mayDeliver(sequence: number, isReturned: boolean): boolean {
    const mark = this.#mark;
    if (mark === undefined || isReturned || sequence <= mark.check) return true;
    return !this.#world.messages.isPersistent(this.#ready.headHandle) || mark.mayDeliver(sequence);
  }

  #afterDelivery(message: MessageHandle, sequence: number, noAck: boolean): void {
    if (noAck) this.#finish(message, sequence, SETTLE_REASONS.acked);
    else this.unackedCount++;
    if (this.#ready.wantsPages) this.#askForPages();
  }

  #awaitHead(): number {
    this.#askForPages();
    return NOT_RESIDENT;
  }

  #askForPages(): void {
    const { residency } = this.#world;
    for (;;) {
      const page = this.#ready.nextWanted(residency.pagesAhead);
      if (page === undefined) return;
      residency.readAhead(this, page);
    }
  }

  #filled(chunk: RingChunk): void {
    const { delivered } = this.counters;
    // Consumers take in bursts: the mean of some chunks tells more than the last one.
    this.#leaving += (delivered - this.#deliveredBefore - this.#leaving) / CHUNKS_IN_MEAN;
    this.#deliveredBefore = delivered;
    this.isDraining = 2 * this.#leaving >= chunk.entries;
    this.#offer(chunk);
  }

  /** From now on they wait with the others. @returns false when some of them stay that need not */
  #pageOutReturned(): boolean {
    const { residency } = this.#world;
    const { headSequence } = this.#ready;
    // All that left the ready ring was delivered, wherever its head will be.
    this.#redeliveredUpTo = Math.max(this.#redeliveredUpTo, headSequence - 1);
    const returned = this.#returned;
    const onPages = this.#unackedPages;
    const { pages, isDone } = pageOutReturned({ queue: this, residency, returned, end: headSequence, onPages });
    for (const { page, firstSequence, span, entries } of [...pages].reverse()) {
      this.#ready.prependPage(page, firstSequence, span, entries);
    }
    return isDone;
  }

  /** @returns false when some of it stays */
  #offer(chunk: RingChunk): boolean {
    this.#ready.filled = undefined;
    for (let rest: RingChunk | undefined = chunk; rest !== undefined; ) {
      const sequence = this.#ready.sequenceOf(rest);
      const taken = this.#world.residency.pageOut(this, sequence, this.#ready.handlesOf(rest));
      if (taken === undefined) return false;
      rest = this.#ready.pagedOut(rest, taken.page, taken.count);
    }
    return true;
  }
}

function markOf(queue: ClassicQueue): DeliveryMark | CommitMark {
  const { log } = queue;
  return log.deliverAt === 'append' ? new DeliveryMark(queue, log) : new CommitMark(queue, log);
}
