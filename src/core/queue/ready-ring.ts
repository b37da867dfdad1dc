/**
 * The messages of a queue that wait for a consumer, first in first out: handles in chunks of flat memory.
 *
 * Entries are numbered by the queue's sequence, dense from head to tail, but for holes: places of messages that were gone
 * before the ring was restored from a log. Chunks may be paged out, whole or in parts: then there is a page number instead
 * of handles, and the head stops there until the page is back. An empty ring holds nothing.
 *
 * hot path: flat memory
 */

import { assert } from '../../base/assert.ts';
import { HOLE, type MessageHandle } from '../ports.ts';
import { CHUNK_ENTRIES, RingChunk, SMALL_ENTRIES } from './ring-chunk.ts';

/** A last chunk with so few entries left is exchanged for a small one. */
const SHRUNK_ENTRIES = SMALL_ENTRIES / 2;

/** Stands for the first and the last chunk of an empty ring. */
const NO_CHUNK = new RingChunk();

export class ReadyRing {
  /** The sequence of the oldest entry; of the next one, when the ring is empty. */
  headSequence: number;
  /** The sequence of the next entry. */
  nextSequence: number;
  /** Entries, holes not counted. */
  length = 0;
  /** The chunk that became full with the last `push`, when it is not the first. */
  filled: RingChunk | undefined;
  /** There may be pages to ask for: see `nextWanted`. */
  wantsPages = false;

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
   * Appends what was there before: entries, `HOLE` where there is none.
   * @param handles up to `CHUNK_ENTRIES` of them
   * @param entries how many of them are no holes, at least one
   */
  restoreChunk(handles: Uint32Array, entries: number): void {
    const chunk = new RingChunk().take(handles.length);
    chunk.memory.set(handles, chunk.start);
    this.#append(chunk);
    this.#tailAt = chunk.end;
    this.length += entries;
    this.nextSequence += handles.length;
    this.#hasHoles = true;
  }

  /** Appends so many sequences that are on a page. @param entries how many of them are no holes, at least one */
  restorePage(page: number, sequences: number, entries: number): void {
    const chunk = new RingChunk();
    chunk.paged = { page, entries, isAsked: false };
    chunk.span = sequences;
    this.#append(chunk);
    this.length += entries;
    this.nextSequence += sequences;
    this.#pagedChunks++;
    this.wantsPages = true;
    this.#hasHoles = true;
  }

  /** Appends so many sequences without an entry. Not the first. */
  restoreGap(sequences: number): void {
    const chunk = new RingChunk();
    chunk.span = sequences;
    this.#append(chunk);
    this.nextSequence += sequences;
  }

  /** After all was appended: the head goes to the first entry, and the next one gets `nextSequence` at least. */
  restored(nextSequence: number): void {
    if (nextSequence > this.nextSequence) this.restoreGap(nextSequence - this.nextSequence);
    this.#skipHoles();
  }

  /** True when the oldest entry can be taken now. */
  get isHeadResident(): boolean {
    return this.length > 0 && this.#head.paged === undefined;
  }

  /** The oldest entry. Only when `isHeadResident`. */
  get headHandle(): MessageHandle {
    return this.#head.memory[this.#headAt]!;
  }

  /**
   * A page to ask for: each is named once, the one that is needed first before others.
   * @param ahead how many chunks behind the first may be asked for before they are needed
   */
  nextWanted(ahead: number): number | undefined {
    let chunk: RingChunk | undefined = this.#head;
    for (let left = ahead; left >= 0 && chunk !== undefined; left--) {
      const { paged } = chunk;
      if (paged !== undefined && !paged.isAsked) {
        paged.isAsked = true;
        return paged.page;
      }
      chunk = chunk.next;
    }
    this.wantsPages = false;
    return undefined;
  }

  get hasPages(): boolean {
    return this.#pagedChunks > 0;
  }

  /** The first chunk in memory, from the head on; undefined when there is none. */
  get firstResident(): RingChunk | undefined {
    for (let chunk: RingChunk | undefined = this.#head; chunk !== undefined; chunk = chunk.next) {
      if (this.#startOf(chunk) < this.#endOf(chunk)) return chunk;
    }
    return undefined;
  }

  /** The entries of a chunk, `HOLE` among them, valid until it changes. */
  handlesOf(chunk: RingChunk): Uint32Array {
    return chunk.memory.subarray(this.#startOf(chunk), this.#endOf(chunk));
  }

  /** The sequence of the first of `handlesOf`. */
  sequenceOf(chunk: RingChunk): number {
    return chunk.firstSequence + this.#startOf(chunk) - chunk.start;
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
   * The first entries of a chunk, as `handlesOf` gives them, are on a page from now on.
   * @returns what is left of the chunk in memory; undefined when nothing is
   */
  pagedOut(chunk: RingChunk, page: number, count: number): RingChunk | undefined {
    const start = this.#startOf(chunk);
    const rest = start + count < this.#endOf(chunk) ? new RingChunk() : undefined;
    const firstSequence = this.sequenceOf(chunk);
    const entries = this.#hasHoles ? countEntries(chunk.memory, start, start + count) : count;
    if (rest === undefined) this.#leave(chunk);
    else this.#split(chunk, rest, start + count);
    chunk.firstSequence = firstSequence;
    chunk.paged = { page, entries, isAsked: false };
    chunk.span = count;
    if (chunk === this.#head) this.#headAt = 0;
    if (chunk === this.filled) this.filled = undefined;
    this.#pagedChunks++;
    this.wantsPages = true;
    return rest;
  }

  /**
   * Puts a page before the head: sequences that left the ring and came back to its queue.
   * @param entries how many of them are no holes, at least one
   */
  prependPage(page: number, firstSequence: number, span: number, entries: number): void {
    const end = firstSequence + span;
    assert(end <= this.headSequence, 'a page comes before the head and reaches beyond it');
    const rest = this.#head === NO_CHUNK ? undefined : this.#head;
    const chunk = new RingChunk();
    chunk.paged = { page, entries, isAsked: false };
    chunk.firstSequence = firstSequence;
    chunk.span = span;
    chunk.next = rest;
    if (end < this.headSequence) chunk.next = gapBefore(rest, end, this.headSequence - end);
    if (rest === undefined) this.#setTail(chunk.next ?? chunk);
    else this.#cut(rest);
    this.#head = chunk;
    this.#headAt = 0;
    this.headSequence = firstSequence;
    this.length += entries;
    this.#pagedChunks++;
    this.wantsPages = true;
    this.#hasHoles = true;
  }

  /** Puts a page back. @returns false when the ring no longer has it. */
  pagedIn(page: number, handles: Uint32Array): boolean {
    for (let chunk: RingChunk | undefined = this.#head; chunk !== undefined; chunk = chunk.next) {
      if (chunk.paged?.page !== page) continue;
      assert(handles.length === chunk.span, 'a page came back with another number of entries');
      chunk.take(chunk.span);
      chunk.memory.set(handles, chunk.start);
      chunk.paged = undefined;
      if (chunk === this.#head) this.#headAt = chunk.start;
      if (chunk === this.#tail) this.#tailAt = chunk.end;
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
    this.wantsPages = false;
    this.headSequence = this.nextSequence;
    this.length = 0;
    this.#pagedChunks = 0;
    this.#forget();
    return ring;
  }

  /** How many sequences the page at the head stands for. Only when the head is not resident. */
  get headPageSpan(): number {
    return this.#head.span;
  }

  /** Drops the page at the head with all its sequences; for a detached ring. @returns the page. */
  dropHeadPage(): number {
    const head = this.#head;
    const { paged } = head;
    assert(paged !== undefined, 'the head chunk is in memory');
    this.headSequence += head.span;
    this.length -= paged.entries;
    this.#goTo(head.next);
    this.#pagedChunks--;
    if (this.#hasHoles) this.#skipHoles();
    return paged.page;
  }

  #addChunk(): RingChunk {
    const full = this.#tail;
    const isFirst = full === NO_CHUNK;
    const chunk = new RingChunk().take(isFirst ? SMALL_ENTRIES : CHUNK_ENTRIES);
    this.#append(chunk);
    if (!isFirst) this.filled = full !== this.#head && full.entries > SMALL_ENTRIES ? full : undefined;
    return chunk;
  }

  #append(chunk: RingChunk): void {
    chunk.firstSequence = this.nextSequence;
    if (this.#tail === NO_CHUNK) {
      this.#head = chunk;
      this.#headAt = chunk.start;
    } else this.#tail.next = chunk;
    this.#tail = chunk;
    this.#tailAt = chunk.start;
  }

  /** The head goes on to the next entry, or to a page that must come back first. */
  #skipHoles(): void {
    while (this.length > 0 && this.#head.paged === undefined) {
      const head = this.#head;
      if (head.span > 0 && head.entries === 0) this.headSequence += head.span;
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

  /** Before it, what the first chunk held has been taken. */
  #startOf(chunk: RingChunk): number {
    return chunk === this.#head ? this.#headAt : chunk.start;
  }

  #setTail(chunk: RingChunk): void {
    this.#tail = chunk;
    this.#tailAt = chunk.end;
  }

  /** What was taken of the head is not a part of it any more: it is not the head from now on. */
  #cut(head: RingChunk): void {
    if (head.paged !== undefined) return;
    head.firstSequence = this.headSequence;
    head.start = this.#headAt;
  }

  /** The chunk gives its memory back. */
  #leave(chunk: RingChunk): void {
    chunk.giveBack();
    if (chunk === this.#tail) this.#tailAt = chunk.end;
  }

  /** What a chunk holds from `at` on goes to another one behind it, with the memory. */
  #split(chunk: RingChunk, rest: RingChunk, at: number): void {
    rest.takeOver(chunk, at);
    rest.next = chunk.next;
    chunk.next = rest;
    if (chunk === this.#tail) this.#tail = rest;
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
    this.wantsPages = this.#pagedChunks > 0;
  }

  /** Few entries are left: they need not hold a large chunk. */
  #shrink(large: RingChunk): void {
    const small = new RingChunk().take(SMALL_ENTRIES);
    small.memory.set(large.memory.subarray(this.#headAt, this.#tailAt), small.start);
    small.firstSequence = this.headSequence;
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

function countEntries(memory: Uint32Array, from: number, to: number): number {
  let entries = 0;
  for (let at = from; at < to; at++) if (memory[at]! !== HOLE) entries++;
  return entries;
}

function gapBefore(next: RingChunk | undefined, firstSequence: number, span: number): RingChunk {
  const gap = new RingChunk();
  gap.firstSequence = firstSequence;
  gap.span = span;
  gap.next = next;
  return gap;
}
