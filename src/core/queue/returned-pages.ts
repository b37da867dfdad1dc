/**
 * Takes messages that came back to their queue to pages: for a broker that stops, whose log shall not keep them.
 *
 * hot path
 */

import { HOLE, type PagedQueue, type Residency } from '../ports.ts';
import type { Returned } from './returned.ts';
import { CHUNK_ENTRIES } from './ring-chunk.ts';
import type { PageSpan } from './ring-restoration.ts';

/** @returns the pages in the order of their sequences; what the residency does not take is still in `returned` */
export function pageOutReturned(queue: PagedQueue, residency: Residency, returned: Returned): PageSpan[] {
  const pages: PageSpan[] = [];
  const handles = new Uint32Array(CHUNK_ENTRIES);
  while (returned.length > 0) {
    const first = returned.firstSequence;
    const span = takeSpan(returned, first, handles);
    const taken = residency.pageOut(queue, first, handles.subarray(0, span));
    const count = taken?.count ?? 0;
    let entries = 0;
    for (let at = 0; at < span; at++) {
      const handle = handles[at] ?? HOLE;
      if (handle === HOLE) continue;
      if (at < count) entries++;
      else returned.push(first + at, handle);
    }
    if (taken === undefined) break;
    pages.push({ page: taken.page, firstSequence: first, span: count, entries });
  }
  return pages;
}

/** Takes all that is within a chunk's length from `first` on. @returns how many sequences that are */
function takeSpan(returned: Returned, first: number, handles: Uint32Array): number {
  handles.fill(HOLE);
  let span = 0;
  while (returned.firstSequence < first + CHUNK_ENTRIES) {
    const entry = returned.firstSequence - first;
    handles[entry] = returned.shift();
    span = entry + 1;
  }
  return span;
}
