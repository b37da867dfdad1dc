/**
 * Takes messages that came back to their queue to pages: for a broker that stops, whose log shall not keep them.
 *
 * hot path
 */

import { HOLE, type PagedQueue, type Residency } from '../ports.ts';
import type { Returned } from './returned.ts';
import { CHUNK_ENTRIES } from './ring-chunk.ts';
import type { PageSpan } from './ring-restoration.ts';

export interface ReturnedPages {
  /** In the order of their sequences. */
  readonly pages: readonly PageSpan[];
  /** Nothing is left that could have gone. */
  readonly isDone: boolean;
}

export interface ReturnedPagesOptions {
  readonly queue: PagedQueue;
  readonly residency: Residency;
  /** What is not taken stays here. */
  readonly returned: Returned;
  /** Sequences from here on stay, too. */
  readonly end: number;
  /** Knows what is on pages already: none of that lies within a new one. */
  readonly onPages: { nextOnPage(sequence: number): number } | undefined;
}

export function pageOutReturned(options: ReturnedPagesOptions): ReturnedPages {
  const { queue, residency, returned, end, onPages } = options;
  const pages: PageSpan[] = [];
  const handles = new Uint32Array(CHUNK_ENTRIES);
  while (returned.firstSequence < end) {
    const first = returned.firstSequence;
    const next = onPages?.nextOnPage(first) ?? end;
    const span = takeSpan(returned, first, Math.min(first + CHUNK_ENTRIES, next, end), handles);
    const taken = residency.pageOut(queue, first, handles.subarray(0, span));
    const count = taken?.count ?? 0;
    let entries = 0;
    for (let at = 0; at < span; at++) {
      const handle = handles[at] ?? HOLE;
      if (handle === HOLE) continue;
      if (at < count) entries++;
      else returned.push(first + at, handle);
    }
    if (taken === undefined) return { pages, isDone: false };
    pages.push({ page: taken.page, firstSequence: first, span: count, entries });
  }
  return { pages, isDone: true };
}

/** Takes all from `first` up to before `end`. @returns how many sequences that are */
function takeSpan(returned: Returned, first: number, end: number, handles: Uint32Array): number {
  handles.fill(HOLE);
  let span = 0;
  while (returned.firstSequence < end) {
    const entry = returned.firstSequence - first;
    handles[entry] = returned.shift();
    span = entry + 1;
  }
  return span;
}
