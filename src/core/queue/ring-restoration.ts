/**
 * Builds the ready ring of a queue from what a log kept of it: messages come in any order, there are holes where others are
 * gone, and stretches of sequences may lie on pages already.
 *
 * What comes into memory may leave it at once: as soon as all messages of a chunk are here, it is offered to the residency,
 * so that a long backlog never stands in memory as a whole.
 *
 * hot path
 */

import { assert } from '../../base/assert.ts';
import { HOLE, type MessageHandle, type PagedQueue, type Residency } from '../ports.ts';
import { ReadyRing } from './ready-ring.ts';
import { CHUNK_ENTRIES } from './ring-chunk.ts';

interface Chunk {
  readonly handles: Uint32Array;
  entries: number;
}

/** A stretch of sequences on a page. */
export interface PageSpan {
  readonly page: number;
  readonly firstSequence: number;
  readonly span: number;
  /** How many of them are no holes, at least one. */
  readonly entries: number;
}

export interface RestorationOptions {
  readonly queue: PagedQueue;
  readonly residency: Residency;
  /** How many messages will be added with sequences from here on, `CHUNK_ENTRIES` of them. */
  readonly expected: (firstSequence: number) => number;
}

export class RingRestoration {
  /** By number: chunk n holds the sequences from n × `CHUNK_ENTRIES` on. */
  readonly #chunks = new Map<number, Chunk>();
  /** In order of their sequences up to `#sortedPages`. */
  readonly #pages: PageSpan[] = [];
  #isSorted = true;
  readonly #options: RestorationOptions | undefined;

  /** @param options where chunks may go; they stay in memory unless given */
  constructor(options?: RestorationOptions) {
    this.#options = options;
  }

  /** Sequences that are on a page. All such come before the first message. */
  addPage(page: PageSpan): void {
    const last = this.#pages.at(-1);
    if (last !== undefined && last.firstSequence > page.firstSequence) this.#isSorted = false;
    this.#pages.push(page);
  }

  /** A message, with a reference of its own, comes back to its place. */
  add(sequence: number, message: MessageHandle): void {
    const number = Math.floor(sequence / CHUNK_ENTRIES);
    const chunk = this.#chunks.get(number) ?? this.#addChunk(number);
    const entry = sequence % CHUNK_ENTRIES;
    assert(chunk.handles[entry] === HOLE, 'two messages of a queue have one sequence');
    chunk.handles[entry] = message;
    chunk.entries++;
    if (this.#options?.expected(number * CHUNK_ENTRIES) === chunk.entries) this.#offer(number, chunk);
  }

  /** @param nextSequence the one that the next message of the queue gets, above all that were added */
  build(nextSequence: number): ReadyRing {
    const pages = this.#sortedPages();
    const numbers = [...this.#chunks.keys()].sort((a, b) => a - b);
    const ring = new ReadyRing(this.#firstSequence(numbers, pages) ?? nextSequence);
    let page = 0;
    for (const number of numbers) {
      const first = number * CHUNK_ENTRIES;
      const handles = this.#chunks.get(number)?.handles;
      for (const { from, to } of this.#unpaged(first)) {
        page = appendPages(ring, pages, page, from);
        if (handles !== undefined) appendHandles(ring, from, handles.subarray(from - first, to - first));
      }
    }
    appendPages(ring, pages, page, Number.POSITIVE_INFINITY);
    ring.restored(nextSequence);
    assert(ring.length === this.#length, 'a message lies between those of a page');
    this.#chunks.clear();
    return ring;
  }

  /** Of all pages and chunks. */
  get #length(): number {
    let length = 0;
    for (const { entries } of this.#pages) length += entries;
    for (const { entries } of this.#chunks.values()) length += entries;
    return length;
  }

  /** Where the ring begins: sequences before that are gone. */
  #firstSequence(numbers: readonly number[], pages: readonly PageSpan[]): number | undefined {
    const chunk = numbers[0];
    const page = pages[0]?.firstSequence;
    if (chunk === undefined) return page;
    const entry = this.#chunks.get(chunk)?.handles.findIndex((handle) => handle !== HOLE) ?? 0;
    return Math.min(chunk * CHUNK_ENTRIES + entry, page ?? Number.POSITIVE_INFINITY);
  }

  /** All messages of a chunk are here: what the residency takes of it need not stay. */
  #offer(number: number, chunk: Chunk): void {
    const first = number * CHUNK_ENTRIES;
    for (const { from, to } of this.#unpaged(first)) this.#pageOut(chunk, first, from, to);
    if (chunk.entries === 0) this.#chunks.delete(number);
  }

  /** The sequences from `first` on, `CHUNK_ENTRIES` of them, that are on no page yet. */
  #unpaged(first: number): { readonly from: number; readonly to: number }[] {
    const pages = this.#sortedPages();
    const end = first + CHUNK_ENTRIES;
    const spans: { from: number; to: number }[] = [];
    let from = first;
    for (let index = firstBehind(pages, first); from < end; index++) {
      const page = pages[index];
      const to = Math.min(end, page?.firstSequence ?? end);
      if (from < to) spans.push({ from, to });
      from = page === undefined ? end : page.firstSequence + page.span;
    }
    return spans;
  }

  #pageOut(chunk: Chunk, first: number, from: number, to: number): void {
    const options = this.#options;
    let start = skipHoles(chunk.handles, from - first, to - first);
    const end = skipHolesBack(chunk.handles, start, to - first);
    while (options !== undefined && start < end) {
      const handles = chunk.handles.subarray(start, end);
      const taken = options.residency.pageOut(options.queue, first + start, handles);
      if (taken === undefined) return;
      const { page, count } = taken;
      let entries = 0;
      for (let index = 0; index < count; index++) if (handles[index] !== HOLE) entries++;
      this.addPage({ page, firstSequence: first + start, span: count, entries });
      handles.fill(HOLE, 0, count);
      chunk.entries -= entries;
      start += count;
    }
  }

  #sortedPages(): readonly PageSpan[] {
    if (!this.#isSorted) this.#pages.sort((a, b) => a.firstSequence - b.firstSequence);
    this.#isSorted = true;
    return this.#pages;
  }

  #addChunk(number: number): Chunk {
    const chunk = { handles: new Uint32Array(CHUNK_ENTRIES).fill(HOLE), entries: 0 };
    this.#chunks.set(number, chunk);
    return chunk;
  }
}

/** The first page that ends behind a sequence. */
function firstBehind(pages: readonly PageSpan[], sequence: number): number {
  let low = 0;
  let high = pages.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const page = pages[middle];
    if (page !== undefined && page.firstSequence + page.span > sequence) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Appends all pages that begin before `end`. @returns the first page that is left */
function appendPages(ring: ReadyRing, pages: readonly PageSpan[], first: number, end: number): number {
  let at = first;
  for (let page = pages[at]; page !== undefined && page.firstSequence < end; page = pages[++at]) {
    assert(at === 0 || page.firstSequence >= ring.nextSequence, 'a sequence is on two pages');
    appendGap(ring, page.firstSequence);
    ring.restorePage(page.page, page.span, page.entries);
  }
  return at;
}

/** @param sequence of the first handle */
function appendHandles(ring: ReadyRing, sequence: number, handles: Uint32Array): void {
  const start = skipHoles(handles, 0, handles.length);
  const end = skipHolesBack(handles, start, handles.length);
  if (start === end) return;
  let entries = 0;
  for (let at = start; at < end; at++) if (handles[at] !== HOLE) entries++;
  appendGap(ring, sequence + start);
  ring.restoreChunk(handles.subarray(start, end), entries);
}

function appendGap(ring: ReadyRing, upTo: number): void {
  if (upTo > ring.nextSequence) ring.restoreGap(upTo - ring.nextSequence);
}

function skipHoles(handles: Uint32Array, from: number, to: number): number {
  let at = from;
  while (at < to && handles[at] === HOLE) at++;
  return at;
}

function skipHolesBack(handles: Uint32Array, from: number, to: number): number {
  let end = to;
  while (end > from && handles[end - 1] === HOLE) end--;
  return end;
}
