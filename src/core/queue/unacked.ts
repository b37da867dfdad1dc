/**
 * What one channel (AMQP), link or session was given and has not settled: entries by tag, dense from 1.
 *
 * Entries stand in chunks of 256 tags that go away when all of theirs are settled. A few that stay for long move to a
 * sorted overflow, so that they do not hold chunks. Settling very many at once, and giving everything back when the
 * channel closes, are tasks of the pump.
 *
 * hot path: flat memory
 */

import { assert } from '../../base/assert.ts';
import { refusal } from '../errors.ts';
import type { MessageHandle } from '../ports.ts';
import type { Pump } from '../pump.ts';
import { Consumer, type Unsettled } from './consumer.ts';
import { Credit } from './credit.ts';
import type { DeliveryTags, Queue } from './queue.ts';
import { type Holders, type Outcome, SettleTask, settleEntry } from './settlement.ts';
import { TAGS_PER_CHUNK, TagChunk } from './tag-chunk.ts';
import { PAGE_MARK } from './unacked-pages.ts';
import type { GatheredUnacked, UnackedPaging, UnackedSource } from './unacked-paging.ts';

const CHUNK_BITS = 8;
const CHUNK_MASK = TAGS_PER_CHUNK - 1;
/** More whole chunks than this are settled as a task. */
const CHUNKS_AT_ONCE = 16;
/** Stragglers leave for the overflow when chunks cover more than this many times the tags that are outstanding. */
const SPREAD_MAX = 4;
const SPREAD_CHUNKS_MIN = 64;

/** What was delivered before so many others has been held for long, however little time that was. */
const RECENT_TAGS = 65_536;

interface Straggler {
  readonly handle: MessageHandle;
  readonly slot: number;
  readonly sequence: number;
}

/** What it works with; the same for all of a node. */
export interface UnackedWorld {
  readonly pump: Pump;
  readonly unackedPaging: UnackedPaging;
}

export class Unacked implements Unsettled, DeliveryTags, Holders, UnackedSource {
  /** The limit that all consumers of the channel share. */
  readonly credit = new Credit();
  /** How many are outstanding. */
  length = 0;

  readonly #world: UnackedWorld;
  #nextTag = 1;
  /** `#chunks[0]` holds the 256 tags from `#firstTag`; undefined where all are settled. */
  #chunks: (TagChunk | undefined)[] = [];
  #firstTag = 1;
  readonly #stragglers = new Map<number, Straggler>();
  readonly #holders: (Consumer | undefined)[] = [];
  /** Settles that were too much for one turn. */
  #tasks: SettleTask[] = [];
  /** Tags below were there the last time but one, and the last time, that `age` was called. */
  #oldTag = 1;
  #agedTag = 1;
  /** What is in memory below has been gathered. */
  #gatheredTag = 1;

  constructor(world: UnackedWorld) {
    this.#world = world;
  }

  /** The tag that the next delivery will get. */
  get nextTag(): number {
    return this.#nextTag;
  }

  /** Uses up a tag for a delivery that needs no acknowledgement. @returns the tag. */
  skip(): number {
    const tag = this.#nextTag++;
    if ((tag & CHUNK_MASK) === 0) this.#tidy();
    return tag;
  }

  /** @returns the tag. */
  add(message: MessageHandle, consumer: Consumer, sequence: number): number {
    const tag = this.#nextTag;
    this.#chunkFor(tag).set((tag - this.#firstTag) & CHUNK_MASK, message, consumer.slot, sequence);
    this.#nextTag++;
    this.length++;
    consumer.heldCount++;
    if (!consumer.noAck) {
      consumer.credit.used++;
      this.credit.used++;
    }
    return tag;
  }

  /** Gives a consumer its number here. */
  open(consumer: Consumer): void {
    let slot = this.#holders.indexOf(undefined);
    if (slot < 0) slot = this.#holders.length;
    this.#holders[slot] = consumer;
    consumer.slot = slot;
  }

  /** The consumer's number is free as soon as nothing outstanding names it. */
  close(consumer: Consumer): void {
    consumer.isCancelled = true;
    if (consumer.heldCount === 0) this.#holders[consumer.slot] = undefined;
  }

  /** Takes a message that `get` fetched: entries need a holder, and credit does not apply. @returns the tag. */
  addFetched(message: MessageHandle, queue: Queue, sequence: number): number {
    return this.add(message, this.#getter(queue), sequence);
  }

  #getter(queue: Queue): Consumer {
    for (const holder of this.#holders) if (holder?.isGetter && holder.queue === queue) return holder;
    const getter = Consumer.getter(queue, this);
    this.open(getter);
    getter.isCancelled = true;
    return getter;
  }

  /**
   * Settles one tag, or with `multiple` all up to it (0: all).
   * @throws BrokerError 406 `unknown delivery tag N`; then nothing was settled.
   */
  settle(tag: number, multiple: boolean, outcome: Outcome): void {
    if (multiple && tag === 0) return this.settleUpTo(this.#nextTag - 1, outcome);
    if (!this.isOutstanding(tag)) throw refusal.unknownDeliveryTag(tag);
    if (multiple) return this.settleUpTo(tag, outcome);
    this.#settleOne(tag, outcome);
  }

  /** Settles all that is outstanding up to a tag, which need not be outstanding itself. */
  settleUpTo(tag: number, outcome: Outcome): void {
    for (const [straggler, entry] of this.#stragglers) {
      if (straggler > tag) break;
      this.length--;
      this.#settleStraggler(straggler, entry, outcome);
    }
    if (tag < this.#firstTag) return;
    const last = (tag - this.#firstTag) >>> CHUNK_BITS;
    const isLastWhole = tag === this.#nextTag - 1 || ((tag - this.#firstTag) & CHUNK_MASK) === CHUNK_MASK;
    const whole = isLastWhole ? last + 1 : last;
    this.#settleChunks(whole, outcome);
    if (!isLastWhole) this.#settlePart(tag, outcome);
  }

  /** The tag was delivered and is not settled. */
  isOutstanding(tag: number): boolean {
    if (tag >= this.#nextTag) return false;
    if (tag < this.#firstTag) return this.#stragglers.has(tag);
    const chunk = this.#chunks[(tag - this.#firstTag) >>> CHUNK_BITS];
    return chunk?.has((tag - this.#firstTag) & CHUNK_MASK) ?? false;
  }

  /** Everything outstanding goes back to its queue; for `recover` and a channel that closes. */
  requeueAll(): void {
    this.settleUpTo(this.#nextTag - 1, 'requeue');
    this.#world.unackedPaging.remove(this);
  }

  /** So many were settled at once that it goes on in the pump: the queues do not have all of them back yet. */
  get isSettling(): boolean {
    if (this.#tasks.length > 0) this.#tasks = this.#tasks.filter((task) => !task.isDone);
    return this.#tasks.length > 0;
  }

  /** The shared limit changed or came free: consumers may go on. */
  resumeAll(): void {
    for (const holder of this.#holders) {
      if (holder !== undefined && !holder.isCancelled) holder.queue.resumeConsumer(holder);
    }
  }

  /** An entry has left: credit comes back, and a holder that was only waiting for it is forgotten. */
  settled(slot: number): Consumer {
    const consumer = this.#holders[slot];
    assert(consumer !== undefined, 'an unacked entry names a holder that is gone');
    if (--consumer.heldCount === 0 && consumer.isCancelled) this.#holders[slot] = undefined;
    if (consumer.noAck) return consumer;
    const wasFull = !this.credit.isFree;
    consumer.credit.used--;
    this.credit.used--;
    if (wasFull && this.credit.isFree) this.resumeAll();
    else if (consumer.nextInTurn === undefined && !consumer.isCancelled) consumer.queue.resumeConsumer(consumer);
    return consumer;
  }

  age(): boolean {
    this.#oldTag = this.#agedTag;
    this.#agedTag = this.#nextTag;
    return this.length > 0;
  }

  get hasOld(): boolean {
    return this.#gatheredTag < this.#heldLongUpTo;
  }

  gather(into: GatheredUnacked): boolean {
    const longUpTo = this.#heldLongUpTo;
    while (this.#gatheredTag < longUpTo) {
      const index = Math.max(0, this.#gatheredTag - this.#firstTag) >>> CHUNK_BITS;
      const start = this.#firstTag + index * TAGS_PER_CHUNK;
      const end = index < this.#chunks.length ? Math.min(start + TAGS_PER_CHUNK, longUpTo) : longUpTo;
      this.#gatheredTag = end;
      const chunk = this.#chunks[index];
      if (chunk !== undefined && this.#gatherChunk(chunk, end - start, into)) return true;
    }
    return false;
  }

  /** Of the first `count` entries. @returns false when nothing of them is wanted */
  #gatherChunk(chunk: TagChunk, count: number, into: GatheredUnacked): boolean {
    let isWanted = false;
    for (let entry = 0; entry < count; entry++) {
      if (!chunk.has(entry) || chunk.handle(entry) >= PAGE_MARK) continue;
      const queue = this.#queueOf(chunk, entry);
      if (!isWanted && !into.wants(queue)) return false;
      isWanted = true;
      into.add(queue, chunk, entry);
    }
    return isWanted;
  }

  gatherAgain(): void {
    this.#gatheredTag = 1;
  }

  /** Tags below were held for long. */
  get #heldLongUpTo(): number {
    return Math.max(this.#oldTag, this.#nextTag - RECENT_TAGS);
  }

  #queueOf(chunk: TagChunk, entry: number): Queue {
    const holder = this.#holders[chunk.slot(entry)];
    assert(holder !== undefined, 'an unacked entry names a holder that is gone');
    return holder.queue;
  }

  #settleOne(tag: number, outcome: Outcome): void {
    this.length--;
    const straggler = tag < this.#firstTag ? this.#stragglers.get(tag) : undefined;
    if (straggler !== undefined) return this.#settleStraggler(tag, straggler, outcome);
    const index = (tag - this.#firstTag) >>> CHUNK_BITS;
    const chunk = this.#chunks[index]!;
    const entry = (tag - this.#firstTag) & CHUNK_MASK;
    const slot = chunk.clear(entry);
    settleEntry(this, chunk.handle(entry), slot, chunk.sequence(entry), outcome);
    if (chunk.count === 0) this.#leave(index, chunk);
  }

  /** Settles the first `count` chunks whole: at once when they are few, else as a task. */
  #settleChunks(count: number, outcome: Outcome): void {
    if (count === 0) return;
    const chunks = count < this.#chunks.length ? this.#takeChunks(count) : this.#takeAllChunks();
    const task = new SettleTask(this, chunks, outcome);
    if (chunks.length <= CHUNKS_AT_ONCE) return task.finish();
    this.#world.pump.addTask(task);
    this.#tasks.push(task);
  }

  #takeChunks(count: number): (TagChunk | undefined)[] {
    const chunks = this.#chunks.slice(0, count);
    for (const chunk of chunks) this.length -= chunk?.count ?? 0;
    this.#dropFirst(count);
    return chunks;
  }

  /** Without a look at each: they may be tens of thousands. */
  #takeAllChunks(): (TagChunk | undefined)[] {
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#firstTag = this.#nextTag;
    this.length = this.#stragglers.size;
    return chunks;
  }

  /** Settles the entries up to `tag` of the first chunk, in which it lies. */
  #settlePart(tag: number, outcome: Outcome): void {
    const chunk = this.#chunks[0];
    if (chunk === undefined || tag < this.#firstTag) return;
    const end = (tag - this.#firstTag) & CHUNK_MASK;
    for (let entry = 0; entry <= end; entry++) {
      if (!chunk.has(entry)) continue;
      this.length--;
      settleEntry(this, chunk.handle(entry), chunk.clear(entry), chunk.sequence(entry), outcome);
    }
    if (chunk.count === 0) this.#leave(0, chunk);
  }

  #settleStraggler(tag: number, entry: Straggler, outcome: Outcome): void {
    this.#stragglers.delete(tag);
    settleEntry(this, entry.handle, entry.slot, entry.sequence, outcome);
  }

  #chunkFor(tag: number): TagChunk {
    const chunk = this.#chunks[(tag - this.#firstTag) >>> CHUNK_BITS];
    if (chunk !== undefined) return chunk;
    this.#tidy();
    const index = (tag - this.#firstTag) >>> CHUNK_BITS;
    const fresh = new TagChunk();
    this.#world.unackedPaging.add(this);
    while (this.#chunks.length <= index) this.#chunks.push(undefined);
    this.#chunks[index] = fresh;
    return fresh;
  }

  /** Keeps the chunks few while tags go by. */
  #tidy(): void {
    if (this.length === this.#stragglers.size) this.#startAt(this.#nextTag);
    else this.#shedStragglers();
  }

  /** Nothing is outstanding: tags begin anew at a chunk of their own. */
  #startAt(tag: number): void {
    for (const chunk of this.#chunks) if (chunk !== undefined) chunk.giveBack();
    if (this.#chunks.length > 0) this.#chunks = [];
    this.#firstTag = tag;
  }

  /** All entries of a chunk are settled. The last chunk stays: more tags will come. */
  #leave(index: number, chunk: TagChunk): void {
    if (index === this.#chunks.length - 1) return;
    this.#chunks[index] = undefined;
    chunk.giveBack();
    if (index === 0) this.#dropFirst(1);
  }

  /** Forgets the first `count` chunks, and those behind them that are gone already. */
  #dropFirst(count: number): void {
    let gone = Math.min(count, this.#chunks.length);
    while (gone < this.#chunks.length && this.#chunks[gone] === undefined) gone++;
    this.#chunks.splice(0, gone);
    this.#firstTag = this.#chunks.length === 0 ? this.#nextTag : this.#firstTag + gone * TAGS_PER_CHUNK;
  }

  #shedStragglers(): void {
    while (this.#chunks.length > 0 && this.#isSpread()) {
      const chunk = this.#chunks[0];
      if (chunk !== undefined) {
        for (let entry = 0; entry < TAGS_PER_CHUNK; entry++) this.#shed(chunk, entry);
        chunk.giveBack();
      }
      this.#dropFirst(1);
    }
  }

  #isSpread(): boolean {
    const covered = (this.#nextTag - this.#firstTag) / TAGS_PER_CHUNK;
    return covered > SPREAD_CHUNKS_MIN && covered * TAGS_PER_CHUNK > SPREAD_MAX * this.length;
  }

  #shed(chunk: TagChunk, entry: number): void {
    if (!chunk.has(entry)) return;
    const handle = chunk.handle(entry);
    const sequence = chunk.sequence(entry);
    this.#stragglers.set(this.#firstTag + entry, { handle, slot: chunk.clear(entry), sequence });
  }
}
