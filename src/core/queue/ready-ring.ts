/**
 * The messages of a queue that wait for a consumer, first in first out: handles in chunks of flat memory.
 *
 * Entries are numbered by the queue's sequence, dense from head to tail. A full chunk between the first and the last may
 * be paged out: then it holds a page number instead of handles, and the head stops there until the page is back. An
 * empty ring holds nothing.
 *
 * hot path: flat memory
 */

import { assert } from '../../base/assert.ts';
import type { MessageHandle } from '../ports.ts';

/** The chunk that a ring begins with, and all later ones: entries of 4 bytes. */
const FIRST_ENTRIES = 16;
export const CHUNK_ENTRIES = 1024;
const FIRST_CHUNKS_KEPT = 1024;
const CHUNKS_KEPT = 64;

const RESIDENT = -1;
const NO_HANDLES = new Uint32Array(0);

export interface RingChunk {
  /** Empty while paged out. */
  handles: Uint32Array;
  /** Where the handles are, or `RESIDENT`. */
  page: number;
  next: RingChunk | undefined;
}

/** Stands for the first and the last chunk of an empty ring. */
const NO_CHUNK: RingChunk = { handles: NO_HANDLES, page: RESIDENT, next: undefined };

const firstChunks: Uint32Array[] = [];
const fullChunks: Uint32Array[] = [];

function takeHandles(entries: number): Uint32Array {
  const kept = entries === FIRST_ENTRIES ? firstChunks.pop() : fullChunks.pop();
  return kept ?? new Uint32Array(entries);
}

function keepHandles(handles: Uint32Array): void {
  if (handles.length === FIRST_ENTRIES) {
    if (firstChunks.length < FIRST_CHUNKS_KEPT) firstChunks.push(handles);
  } else if (fullChunks.length < CHUNKS_KEPT) fullChunks.push(handles);
}

export class ReadyRing {
  /** The sequence of the oldest entry; of the next one, when the ring is empty. */
  headSequence: number;
  length = 0;
  /** The chunk that became full with the last `push`, when it may be paged out. */
  filled: RingChunk | undefined;

  #head = NO_CHUNK;
  #tail = NO_CHUNK;
  #headIndex = 0;
  #tailIndex = 0;
  #pagedChunks = 0;

  constructor(firstSequence: number) {
    this.headSequence = firstSequence;
  }

  /** Appends. @returns the entry's sequence. */
  push(handle: MessageHandle): number {
    let tail = this.#tail;
    if (this.#tailIndex === tail.handles.length) tail = this.#addChunk();
    tail.handles[this.#tailIndex++] = handle;
    return this.headSequence + this.length++;
  }

  /** True when the oldest entry can be taken now. */
  get isHeadResident(): boolean {
    return this.length > 0 && this.#head.page === RESIDENT;
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
    const handle = head.handles[this.#headIndex++]!;
    this.headSequence++;
    this.length--;
    if (this.length === 0) this.#clear();
    else if (this.#headIndex === head.handles.length) this.#dropHead(head);
    return handle;
  }

  /** Marks a chunk that `filled` offered as paged out. */
  pagedOut(chunk: RingChunk, page: number): void {
    assert(chunk !== this.#head && chunk !== this.#tail, 'the first and the last chunk stay in memory');
    keepHandles(chunk.handles);
    chunk.handles = NO_HANDLES;
    chunk.page = page;
    this.#pagedChunks++;
  }

  /** Puts a page back. @returns false when the ring no longer has it. */
  pagedIn(page: number, handles: Uint32Array): boolean {
    assert(handles.length === CHUNK_ENTRIES, 'a page holds one chunk');
    for (let chunk: RingChunk | undefined = this.#head; chunk !== undefined; chunk = chunk.next) {
      if (chunk.page !== page) continue;
      chunk.handles = handles;
      chunk.page = RESIDENT;
      this.#pagedChunks--;
      return true;
    }
    return false;
  }

  /** Moves everything into a new ring that nobody else has, and leaves this one empty; for resumable mass removal. */
  detach(): ReadyRing {
    const ring = new ReadyRing(this.headSequence);
    ring.length = this.length;
    ring.#head = this.#head;
    ring.#tail = this.#tail;
    ring.#headIndex = this.#headIndex;
    ring.#tailIndex = this.#tailIndex;
    ring.#pagedChunks = this.#pagedChunks;
    this.headSequence += this.length;
    this.length = 0;
    this.#pagedChunks = 0;
    this.#forget();
    return ring;
  }

  /** Drops a paged head chunk whole; for a detached ring. @returns its page. */
  dropHeadPage(): number {
    const head = this.#head;
    assert(head.page !== RESIDENT, 'the head chunk is in memory');
    this.headSequence += CHUNK_ENTRIES;
    this.length -= CHUNK_ENTRIES;
    this.#head = head.next ?? NO_CHUNK;
    this.#headIndex = 0;
    this.#pagedChunks--;
    return head.page;
  }

  #addChunk(): RingChunk {
    const full = this.#tail;
    const isFirst = full === NO_CHUNK;
    const chunk: RingChunk = {
      handles: takeHandles(isFirst ? FIRST_ENTRIES : CHUNK_ENTRIES),
      page: RESIDENT,
      next: undefined,
    };
    if (isFirst) {
      this.#head = chunk;
      this.#headIndex = 0;
    } else {
      full.next = chunk;
      this.filled = full !== this.#head && full.handles.length === CHUNK_ENTRIES ? full : undefined;
    }
    this.#tail = chunk;
    this.#tailIndex = 0;
    return chunk;
  }

  #dropHead(head: RingChunk): void {
    if (this.filled === head.next) this.filled = undefined;
    keepHandles(head.handles);
    this.#head = head.next ?? NO_CHUNK;
    this.#headIndex = 0;
  }

  #clear(): void {
    keepHandles(this.#head.handles);
    this.#forget();
  }

  #forget(): void {
    this.filled = undefined;
    this.#head = NO_CHUNK;
    this.#tail = NO_CHUNK;
    this.#headIndex = 0;
    this.#tailIndex = 0;
  }
}
