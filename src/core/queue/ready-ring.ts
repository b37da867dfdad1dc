/**
 * The messages of a queue that wait for a consumer, first in first out: handles in chunks of flat memory.
 *
 * Entries are numbered by the queue's sequence, dense from head to tail, but for holes: places of messages that were gone
 * before the ring was restored from a log. A full chunk between the first and the last may be paged out: then it holds a
 * page number instead of handles, and the head stops there until the page is back. An empty ring holds nothing.
 *
 * hot path: flat memory
 */

import { assert } from '../../base/assert.ts';
import { type Piece, SlabPool } from '../../base/slab-pool.ts';
import type { MessageHandle } from '../ports.ts';

/** Entries of a small chunk, with which a ring begins and to which it shrinks, and of all others: 4 bytes each. */
const SMALL_ENTRIES = 16;
export const CHUNK_ENTRIES = 1024;
/** A last chunk with so few entries left is exchanged for a small one. */
const SHRUNK_ENTRIES = SMALL_ENTRIES / 2;

const allocate = (entries: number): Uint32Array => new Uint32Array(entries);
const smallPool = new SlabPool(SMALL_ENTRIES, 1024, allocate);
const chunkPool = new SlabPool(CHUNK_ENTRIES, 64, allocate);

const RESIDENT = -1;
/** Stands for a message that is gone. No handle is as high. */
export const HOLE = 0xffff_ffff;
const NO_HANDLES: Uint32Array = new Uint32Array(0);

/** A run of handles, `start` up to `end` of `memory`; or the number of the page where they are; or nothing but holes. */
export class RingChunk {
  memory = NO_HANDLES;
  start = 0;
  end = 0;
  page = RESIDENT;
  /** Of a page: how many of its entries are no holes. */
  pagedEntries = 0;
  /** So many sequences without a message, and without memory for them. */
  gap = 0;
  next: RingChunk | undefined;
  #piece: Piece<Uint32Array> | undefined;

  /** Takes memory for `entries`: `SMALL_ENTRIES` or `CHUNK_ENTRIES`. */
  take(entries: number): this {
    const piece = (entries === SMALL_ENTRIES ? smallPool : chunkPool).take();
    this.#piece = piece;
    this.memory = piece.memory;
    this.start = piece.start;
    this.end = piece.start + entries;
    return this;
  }

  /** The handles of a full chunk, valid until it is given back or paged out. */
  get handles(): Uint32Array {
    return this.memory.subarray(this.start, this.end);
  }

  get entries(): number {
    return this.end - this.start;
  }

  giveBack(): void {
    if (this.#piece === undefined) return;
    (this.entries === SMALL_ENTRIES ? smallPool : chunkPool).giveBack(this.#piece);
    this.#piece = undefined;
    this.memory = NO_HANDLES;
    this.start = 0;
    this.end = 0;
  }
}

/** Stands for the first and the last chunk of an empty ring. */
const NO_CHUNK = new RingChunk();

export class ReadyRing {
  /** The sequence of the oldest entry; of the next one, when the ring is empty. */
  headSequence: number;
  /** The sequence of the next entry. */
  nextSequence: number;
  /** Entries, holes not counted. */
  length = 0;
  /** The chunk that became full with the last `push`, when it may be paged out. */
  filled: RingChunk | undefined;

  #head = NO_CHUNK;
  #tail = NO_CHUNK;
  /** Where the oldest entry stands, and where the next one goes, in the memory of their chunks. */
  #headAt = 0;
  #tailAt = 0;
  #pagedChunks = 0;
  /** There may be holes. */
  #hasHoles = false;

  constructor(firstSequence: number) {
    this.headSequence = firstSequence;
    this.nextSequence = firstSequence;
  }

  /** Appends. @returns the entry's sequence. */
  push(handle: MessageHandle): number {
    let tail = this.#tail;
    if (this.#tailAt === tail.end) tail = this.#addChunk();
    tail.memory[this.#tailAt++] = handle;
    this.length++;
    return this.nextSequence++;
  }

  /**
   * Appends what was there before: a chunk of entries, `HOLE` where there is none.
   * @param handles `CHUNK_ENTRIES` of them, the first and the last part of a restored ring included
   * @param entries how many of them are no holes, at least one
   * @returns the chunk, which may be paged out unless it is the first or the last
   */
  restoreChunk(handles: Uint32Array, entries: number): RingChunk {
    const chunk = new RingChunk().take(CHUNK_ENTRIES);
    chunk.handles.set(handles);
    this.#append(chunk);
    this.#tailAt = chunk.end;
    this.length += entries;
    this.nextSequence += CHUNK_ENTRIES;
    this.#hasHoles = true;
    return chunk;
  }

  /** Appends so many sequences without an entry. Not the first. */
  restoreGap(sequences: number): void {
    const chunk = new RingChunk();
    chunk.gap = sequences;
    this.#append(chunk);
    this.#tailAt = chunk.end;
    this.nextSequence += sequences;
  }

  /** After the last `restoreChunk`: the head goes to the first entry, and the next one gets `nextSequence` at least. */
  restored(nextSequence: number): void {
    if (nextSequence > this.nextSequence) this.restoreGap(nextSequence - this.nextSequence);
    this.#skipHoles();
  }

  /** True when the oldest entry can be taken now. */
  get isHeadResident(): boolean {
    return this.length > 0 && this.#head.page === RESIDENT;
  }

  /** The oldest entry. Only when `isHeadResident`. */
  get headHandle(): MessageHandle {
    return this.#head.memory[this.#headAt]!;
  }

  /** The page that must come back before the head can be taken. */
  get headPage(): number | undefined {
    return this.#head.page === RESIDENT ? undefined : this.#head.page;
  }

  /** The page behind the head's chunk, to be asked for before it is needed. */
  get nextPage(): number | undefined {
    const next = this.#head.next;
    return next === undefined || next.page === RESIDENT ? undefined : next.page;
  }

  get hasPages(): boolean {
    return this.#pagedChunks > 0;
  }

  /** Takes the oldest entry, whose sequence was `headSequence`. Only when `isHeadResident`. */
  shift(): MessageHandle {
    const head = this.#head;
    const handle = head.memory[this.#headAt++]!;
    this.headSequence++;
    this.length--;
    if (this.length === 0) this.#clear();
    else if (this.#headAt === head.end) this.#dropHead(head);
    else if (this.length === SHRUNK_ENTRIES && head === this.#tail && this.#mayShrink(head)) this.#shrink(head);
    if (this.#hasHoles) this.#skipHoles();
    return handle;
  }

  /**
   * Marks a chunk that `filled` or `restoreChunk` gave as paged out.
   * @param entries how many of its entries are no holes
   */
  pagedOut(chunk: RingChunk, page: number, entries: number = CHUNK_ENTRIES): void {
    assert(chunk !== this.#head && chunk !== this.#tail, 'the first and the last chunk stay in memory');
    chunk.giveBack();
    chunk.page = page;
    chunk.pagedEntries = entries;
    this.#pagedChunks++;
  }

  /** Puts a page back. @returns false when the ring no longer has it. */
  pagedIn(page: number, handles: Uint32Array): boolean {
    assert(handles.length === CHUNK_ENTRIES, 'a page holds one chunk');
    for (let chunk: RingChunk | undefined = this.#head; chunk !== undefined; chunk = chunk.next) {
      if (chunk.page !== page) continue;
      chunk.take(CHUNK_ENTRIES).handles.set(handles);
      chunk.page = RESIDENT;
      if (chunk === this.#head) this.#headAt = chunk.start;
      this.#pagedChunks--;
      if (this.#hasHoles) this.#skipHoles();
      return true;
    }
    return false;
  }

  /** Moves everything into a new ring that nobody else has, and leaves this one empty; for resumable mass removal. */
  detach(): ReadyRing {
    const ring = new ReadyRing(this.headSequence);
    ring.nextSequence = this.nextSequence;
    ring.length = this.length;
    ring.#hasHoles = this.#hasHoles;
    ring.#head = this.#head;
    ring.#tail = this.#tail;
    ring.#headAt = this.#headAt;
    ring.#tailAt = this.#tailAt;
    ring.#pagedChunks = this.#pagedChunks;
    this.headSequence = this.nextSequence;
    this.length = 0;
    this.#pagedChunks = 0;
    this.#forget();
    return ring;
  }

  /** Drops a paged head chunk whole, `CHUNK_ENTRIES` sequences; for a detached ring. @returns its page. */
  dropHeadPage(): number {
    const head = this.#head;
    assert(head.page !== RESIDENT, 'the head chunk is in memory');
    this.headSequence += CHUNK_ENTRIES;
    this.length -= head.pagedEntries;
    this.#goTo(head.next);
    this.#pagedChunks--;
    if (this.#hasHoles) this.#skipHoles();
    return head.page;
  }

  #addChunk(): RingChunk {
    const full = this.#tail;
    const isFirst = full === NO_CHUNK;
    const chunk = new RingChunk().take(isFirst ? SMALL_ENTRIES : CHUNK_ENTRIES);
    this.#append(chunk);
    if (!isFirst) this.filled = full !== this.#head && full.entries === CHUNK_ENTRIES ? full : undefined;
    return chunk;
  }

  #append(chunk: RingChunk): void {
    if (this.#tail === NO_CHUNK) {
      this.#head = chunk;
      this.#headAt = chunk.start;
    } else this.#tail.next = chunk;
    this.#tail = chunk;
    this.#tailAt = chunk.start;
  }

  /** The head goes on to the next entry, or to a page that must come back first. */
  #skipHoles(): void {
    while (this.length > 0 && this.#head.page === RESIDENT) {
      const head = this.#head;
      if (head.gap > 0) this.headSequence += head.gap;
      else {
        while (this.#headAt < this.#endOf(head) && head.memory[this.#headAt]! === HOLE) {
          this.#headAt++;
          this.headSequence++;
        }
        if (this.#headAt < head.end) return;
      }
      this.#dropHead(head);
    }
    if (this.length === 0) this.#hasHoles = false;
  }

  #endOf(chunk: RingChunk): number {
    return chunk === this.#tail ? this.#tailAt : chunk.end;
  }

  #mayShrink(head: RingChunk): boolean {
    return head.entries > SMALL_ENTRIES && this.#tailAt - this.#headAt === SHRUNK_ENTRIES;
  }

  #dropHead(head: RingChunk): void {
    if (this.filled === head.next) this.filled = undefined;
    head.giveBack();
    this.#goTo(head.next);
  }

  #goTo(chunk: RingChunk | undefined): void {
    this.#head = chunk ?? NO_CHUNK;
    this.#headAt = this.#head.start;
  }

  /** Few entries are left: they need not hold a large chunk. */
  #shrink(large: RingChunk): void {
    const small = new RingChunk().take(SMALL_ENTRIES);
    small.memory.set(large.memory.subarray(this.#headAt, this.#tailAt), small.start);
    large.giveBack();
    this.#head = small;
    this.#tail = small;
    this.#headAt = small.start;
    this.#tailAt = small.start + SHRUNK_ENTRIES;
  }

  /** The last entry is gone; behind it there may be holes. */
  #clear(): void {
    for (let chunk: RingChunk | undefined = this.#head; chunk !== undefined; chunk = chunk.next) chunk.giveBack();
    this.headSequence = this.nextSequence;
    this.#forget();
  }

  #forget(): void {
    this.filled = undefined;
    this.#head = NO_CHUNK;
    this.#tail = NO_CHUNK;
    this.#headAt = 0;
    this.#tailAt = 0;
  }
}
