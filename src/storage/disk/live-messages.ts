/**
 * Which messages the log holds that are still in a queue, and in which segment each of them stands: two bytes a message.
 * Those that stand on pages instead are in the index of pages, which is a part of this one.
 *
 * This is what tells a segment that can be used again from one that holds something, and which of its messages must be
 * written again first. Entries stand in chunks of 256 sequences; a chunk without live messages is given back.
 *
 * hot path: flat memory
 */

import { assert } from '../../base/assert.ts';
import { SlabPool } from '../../base/slab-pool.ts';
import { ALL_SETTLED, DurablePage, isSettled, type SettledBits, settledBytes } from './pages/durable-page.ts';
import type { PagePlace } from './pages/page-format.ts';
import { PageIndex } from './pages/page-index.ts';
import { SideState } from './side-state.ts';

const CHUNK_BITS = 8;
const CHUNK_ENTRIES = 1 << CHUNK_BITS;
const CHUNK_MASK = CHUNK_ENTRIES - 1;
const CHUNKS_PER_SLAB = 256;
const NOT_LIVE = 0;

/** Segments are told apart by a slot, from 1 up to here, that is free again when the segment is. */
export const SLOTS_MAX = 65_535;

const pool = new SlabPool<Uint16Array>(CHUNK_ENTRIES, CHUNKS_PER_SLAB, (entries) => new Uint16Array(entries));

class LiveChunk {
  count = 0;
  readonly #slab = pool.withRoom();
  readonly #slots = this.#slab.memory;
  readonly #start = pool.takeFrom(this.#slab);

  slot(entry: number): number {
    return this.#slots[this.#start + entry]!;
  }

  set(entry: number, slot: number): void {
    this.#slots[this.#start + entry] = slot;
  }

  /** Once nothing in it is live. */
  giveBack(): void {
    pool.giveBack(this.#slab, this.#start);
  }
}

/** What must be known of a queue besides its messages. */
export interface QueueMarks {
  readonly id: number;
  /** The highest sequence that was ever logged. */
  readonly highest: number;
  /** Messages up to here may have been delivered. */
  readonly watermark: number;
}

class LiveQueue implements QueueMarks {
  readonly id: number;
  readonly chunks = new Map<number, LiveChunk>();
  /** The highest sequence that was ever logged, and up to which messages may have been delivered. */
  highest = 0;
  watermark = 0;
  /** The chunk that was used last, and its number. */
  chunk: LiveChunk | undefined;
  chunkNumber = -1;

  constructor(id: number) {
    this.id = id;
  }

  find(number: number): LiveChunk | undefined {
    if (this.chunkNumber === number) return this.chunk;
    const chunk = this.chunks.get(number);
    if (chunk !== undefined) {
      this.chunk = chunk;
      this.chunkNumber = number;
    }
    return chunk;
  }
}

export class LiveMessages {
  /** By slot: how many messages stand there. */
  readonly counts = new Uint32Array(SLOTS_MAX + 1);
  /** By slot: how many were ever written there. */
  readonly totals = new Uint32Array(SLOTS_MAX + 1);
  /** Of all slots. */
  length = 0;
  /** Messages that have left the segments for pages. */
  readonly pages = new PageIndex();
  /** What else is known of messages and queues. Whoever removes messages here does it there, too. */
  readonly side = new SideState();
  readonly #queues = new Map<number, LiveQueue>();
  /** Deleted queues whose chunks are still counted. */
  readonly #dropped: LiveQueue[] = [];
  #last: LiveQueue | undefined;

  /** A message stands in this slot from now on, wherever it stood before. */
  add(queueId: number, sequence: number, slot: number): void {
    const queue = this.#queue(queueId) ?? this.#open(queueId);
    const number = Math.floor(sequence / CHUNK_ENTRIES);
    const chunk = queue.find(number) ?? this.#addChunk(queue, number);
    const entry = sequence & CHUNK_MASK;
    const before = chunk.slot(entry);
    if (before === NOT_LIVE) {
      chunk.count++;
      this.length++;
    } else this.counts[before]!--;
    chunk.set(entry, slot);
    this.counts[slot]!++;
    this.totals[slot]!++;
    if (sequence > queue.highest) queue.highest = sequence;
  }

  /** Sequences up to here were used, whether messages of them are live or not. */
  used(queueId: number, sequence: number): void {
    const queue = this.#queue(queueId) ?? this.#open(queueId);
    if (sequence > queue.highest) queue.highest = sequence;
  }

  /** Messages up to here may have been delivered. */
  raiseWatermark(queueId: number, sequence: number): void {
    const queue = this.#queue(queueId) ?? this.#open(queueId);
    if (sequence > queue.watermark) queue.watermark = sequence;
  }

  /** Messages have been delivered up to here and no further. */
  setWatermark(queueId: number, sequence: number): void {
    const queue = this.#queue(queueId);
    if (queue !== undefined && sequence < queue.watermark) queue.watermark = sequence;
  }

  /** A message has left its queue. Nothing happens when it is not here. */
  remove(queueId: number, sequence: number): void {
    if (!this.#take(queueId, sequence)) this.pages.settle(queueId, sequence);
  }

  removeRun(queueId: number, first: number, count: number): void {
    if (count === 1) return this.remove(queueId, first);
    this.#takeRun(queueId, first, count);
    this.pages.settleRun(queueId, first, count);
  }

  /**
   * The same for a log that is read over a checkpoint: until it comes to the record of a page, which may be lost, the page's
   * messages seem to stand in segments too.
   */
  removeEverywhere(queueId: number, first: number, count: number): void {
    if (count > 1) return this.removeRun(queueId, first, count);
    this.#take(queueId, first);
    this.pages.settle(queueId, first);
  }

  /**
   * What is live in a stretch stands on a page from now on, wherever it stood before.
   * @param holes of the page: of these nothing is on it
   * @returns undefined when nothing is live
   */
  toPage(place: PagePlace, holes: SettledBits): DurablePage | undefined {
    const { queueId, firstSequence, span } = place;
    const settled = new Uint8Array(settledBytes(span)).fill(ALL_SETTLED);
    let live = 0;
    for (let entry = 0; entry < span; entry++) {
      if (isSettled(holes, entry)) continue;
      const sequence = firstSequence + entry;
      if (!this.#take(queueId, sequence) && !this.pages.settle(queueId, sequence)) continue;
      settled[entry >>> 3] = settled[entry >>> 3]! & ~(1 << (entry & 7));
      live++;
    }
    if (live === 0) return undefined;
    const page = new DurablePage(place, settled);
    this.pages.add(page);
    return page;
  }

  /**
   * A page as a log has it: from there on what is live on it stands there only, in however many places it seemed to be
   * before, when a log is read over what a checkpoint has from later. That holds of a page that a checkpoint has already, too, or of one that is empty since: whatever has happened to its messages later stands
   * behind it in the log, and is read again.
   */
  restorePage(page: DurablePage): void {
    this.pages.removeAt(page);
    this.#takeAllOf(page);
    this.pages.takeOver(page);
    if (page.live > 0) this.pages.add(page);
  }

  /**
   * After damage a message may seem to stand in a segment and on a page: the page is right. And others may stand between
   * those of a page, which no ring can show: the page counts as several from now on. That they are gone is not certain even
   * when it was made without them: it may have been made while they could not be read.
   */
  untangle(): void {
    const tangled = new Set(this.pages.overlapping());
    for (const page of this.pages.all()) {
      if (!this.#mayBeInSegments(page)) continue;
      this.#takeAllOf(page);
      tangled.add(page);
    }
    for (const page of tangled) this.#splitAround(page);
  }

  /** Makes several of a page that is here, when other messages of its queue stand between those on it. */
  #splitAround(page: DurablePage): void {
    const parts = page.partsAround((first, end) => this.#holdsAny(page.queueId, first, end));
    if (parts.length < 2) return;
    this.pages.remove(page);
    for (const part of parts) this.pages.add(part);
  }

  #holdsAny(queueId: number, first: number, end: number): boolean {
    for (let sequence = first; sequence < end; sequence++) {
      if (this.isLive(queueId, sequence)) return true;
    }
    return false;
  }

  #mayBeInSegments(page: DurablePage): boolean {
    const queue = this.#queue(page.queueId);
    if (queue === undefined) return false;
    const last = Math.floor((page.firstSequence + page.span - 1) / CHUNK_ENTRIES);
    for (let number = Math.floor(page.firstSequence / CHUNK_ENTRIES); number <= last; number++) {
      if (queue.find(number) !== undefined) return true;
    }
    return false;
  }

  /** What is live on a page stands in no segment. */
  #takeAllOf(page: DurablePage): void {
    for (let entry = 0; entry < page.span; entry++) {
      if (!isSettled(page.settled, entry)) this.#take(page.queueId, page.firstSequence + entry);
    }
  }

  /** Takes a message off the segments. @returns false when it does not stand in one */
  #take(queueId: number, sequence: number): boolean {
    const queue = this.#queue(queueId);
    if (queue === undefined) return false;
    const number = Math.floor(sequence / CHUNK_ENTRIES);
    const chunk = queue.find(number);
    if (chunk === undefined) return false;
    const entry = sequence & CHUNK_MASK;
    const slot = chunk.slot(entry);
    if (slot === NOT_LIVE) return false;
    chunk.set(entry, NOT_LIVE);
    this.counts[slot]!--;
    this.length--;
    if (--chunk.count === 0) this.#dropChunk(queue, number, chunk);
    return true;
  }

  #takeRun(queueId: number, first: number, count: number): void {
    const queue = this.#queue(queueId);
    const end = first + count;
    for (let sequence = first; queue !== undefined && sequence < end; ) {
      const number = Math.floor(sequence / CHUNK_ENTRIES);
      const chunkEnd = Math.min(end, (number + 1) * CHUNK_ENTRIES);
      if (queue.find(number) !== undefined) {
        for (let at = sequence; at < chunkEnd; at++) this.#take(queueId, at);
      }
      sequence = chunkEnd;
    }
  }

  /** Where a message stands; 0 when it is not live. */
  slotOf(queueId: number, sequence: number): number {
    const chunk = this.#queue(queueId)?.find(Math.floor(sequence / CHUNK_ENTRIES));
    return chunk === undefined ? NOT_LIVE : chunk.slot(sequence & CHUNK_MASK);
  }

  /** It stands in a segment or on a page. */
  isLive(queueId: number, sequence: number): boolean {
    return this.slotOf(queueId, sequence) !== NOT_LIVE || this.pages.isLive(queueId, sequence);
  }

  /** The segment that had this slot is free. */
  forgetSlot(slot: number): void {
    assert(this.counts[slot] === 0, 'a segment with live messages was given up');
    this.totals[slot] = 0;
  }

  /** A queue is gone. Its messages are counted until `settleDropped` has come to them. */
  dropQueue(queueId: number): void {
    this.pages.dropQueue(queueId);
    this.side.dropQueue(queueId);
    const queue = this.#queues.get(queueId);
    if (queue === undefined) return;
    this.#queues.delete(queueId);
    if (this.#last === queue) this.#last = undefined;
    this.#dropped.push(queue);
  }

  /** Takes messages of deleted queues off the counts, some chunks at a time. @returns true when none is left. */
  settleDropped(chunksMax: number): boolean {
    for (let left = chunksMax; left > 0; left--) {
      const queue = this.#dropped.at(-1);
      if (queue === undefined) return true;
      const [first] = queue.chunks;
      if (first === undefined) this.#dropped.pop();
      else this.#settleChunk(queue, ...first);
    }
    return this.#dropped.length === 0;
  }

  /** Sequences of a queue's live messages, rising. */
  *sequencesOf(queueId: number): Iterable<number> {
    const queue = this.#queues.get(queueId);
    for (const number of [...(queue?.chunks.keys() ?? [])].sort((a, b) => a - b)) {
      const chunk = queue?.chunks.get(number);
      for (let entry = 0; entry < CHUNK_ENTRIES; entry++) {
        if (chunk !== undefined && chunk.slot(entry) !== NOT_LIVE) yield number * CHUNK_ENTRIES + entry;
      }
    }
  }

  /** Queues of which the log holds anything, or ever did. */
  queues(): Iterable<QueueMarks> {
    return this.#queues.values();
  }

  marksOf(queueId: number): QueueMarks | undefined {
    return this.#queues.get(queueId);
  }

  /** How many messages of a queue stand in segments, of so many sequences from `first` on: both multiples of 256. */
  countIn(queueId: number, first: number, count: number): number {
    const chunks = this.#queues.get(queueId)?.chunks;
    let found = 0;
    for (let number = first / CHUNK_ENTRIES; number < (first + count) / CHUNK_ENTRIES; number++) {
      found += chunks?.get(number)?.count ?? 0;
    }
    return found;
  }

  /** How many messages of a queue there are, in segments and on pages. */
  countOf(queueId: number): number {
    let found = 0;
    for (const chunk of this.#queues.get(queueId)?.chunks.values() ?? []) found += chunk.count;
    for (const page of this.pages.pagesOf(queueId)) found += page.live;
    return found;
  }

  #queue(id: number): LiveQueue | undefined {
    if (this.#last !== undefined && this.#last.id === id) return this.#last;
    const queue = this.#queues.get(id);
    if (queue !== undefined) this.#last = queue;
    return queue;
  }

  #open(id: number): LiveQueue {
    const queue = new LiveQueue(id);
    this.#queues.set(id, queue);
    this.#last = queue;
    return queue;
  }

  #addChunk(queue: LiveQueue, number: number): LiveChunk {
    const chunk = new LiveChunk();
    queue.chunks.set(number, chunk);
    queue.chunk = chunk;
    queue.chunkNumber = number;
    return chunk;
  }

  #dropChunk(queue: LiveQueue, number: number, chunk: LiveChunk): void {
    chunk.giveBack();
    queue.chunks.delete(number);
    queue.chunk = undefined;
    queue.chunkNumber = -1;
  }

  #settleChunk(queue: LiveQueue, number: number, chunk: LiveChunk): void {
    for (let entry = 0; entry < CHUNK_ENTRIES; entry++) {
      const slot = chunk.slot(entry);
      if (slot === NOT_LIVE) continue;
      assert(this.counts[slot]! > 0, 'a segment holds fewer messages than are settled in it');
      this.counts[slot]!--;
      this.length--;
      chunk.set(entry, NOT_LIVE);
    }
    this.#dropChunk(queue, number, chunk);
  }
}
