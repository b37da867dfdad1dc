/**
 * All durable pages, found by queue and sequence: which of them a settle concerns, and which have no live message left.
 *
 * Pages of a queue may overlap, when a part of one came back into memory and was paged out anew: a message is live on one
 * of them at most. After damage one page may be here in several parts, with some of its live messages each.
 *
 * hot path: flat memory
 */

import type { DurablePage } from './durable-page.ts';
import type { PagePlace } from './page-format.ts';

/** No page stands for more sequences: a chunk of the ready ring. */
export const PAGE_SPAN_MAX = 1024;
/** Pages that are done with are taken out when there are more than so many, and more than are left. */
const DONE_MAX = 64;

const NO_PAGES: readonly DurablePage[] = [];

/** Pages of one queue in the order of their first sequences, those that are done with among them. */
interface QueuePages {
  pages: DurablePage[];
  done: number;
}

export class PageIndex {
  readonly #queues = new Map<number, QueuePages>();
  /** Settles come in order most of the time. */
  #last: DurablePage | undefined;
  /** Pages with live messages. */
  length = 0;

  /** A page with at least one live message. */
  add(page: DurablePage): void {
    const queue = this.#queues.get(page.queueId) ?? this.#open(page.queueId);
    queue.pages.splice(lastUpTo(queue.pages, page.firstSequence) + 1, 0, page);
    this.length++;
  }

  /** Forgets a page that is here, without a word to its owner. */
  remove(page: DurablePage): void {
    page.live = 0;
    page.owner = undefined;
    this.#emptied(page);
  }

  /** Forgets what is here of the page at a place. */
  removeAt(place: PagePlace): void {
    for (let page = this.findAt(place); page !== undefined; page = this.findAt(place)) this.remove(page);
  }

  isLive(queueId: number, sequence: number): boolean {
    return this.#find(queueId, sequence) !== undefined;
  }

  /** A message has left its queue. @returns false when it is not here */
  settle(queueId: number, sequence: number): boolean {
    const page = this.#find(queueId, sequence);
    if (page === undefined) return false;
    page.settle(sequence);
    if (page.live === 0) this.#emptied(page);
    return true;
  }

  /** All messages of so many sequences have left their queue. */
  settleRun(queueId: number, first: number, count: number): void {
    for (const page of this.#touched(queueId, first, first + count)) {
      page.settleRun(first, first + count);
      if (page.live === 0) this.#emptied(page);
    }
  }

  /** What is live on a page that is not here is live on no other. */
  takeOver(page: DurablePage): void {
    const { queueId, firstSequence } = page;
    for (const other of this.#touched(queueId, firstSequence, firstSequence + page.span)) {
      for (let entry = 0; entry < page.span; entry++) {
        const sequence = firstSequence + entry;
        if (page.isLive(sequence) && other.isLive(sequence)) other.settle(sequence);
      }
      if (other.live === 0) this.#emptied(other);
    }
  }

  /** A queue is gone, and all its messages. */
  dropQueue(queueId: number): void {
    const queue = this.#queues.get(queueId);
    if (queue === undefined) return;
    this.#queues.delete(queueId);
    this.#last = undefined;
    for (const page of queue.pages) {
      if (page.live === 0) continue;
      page.live = 0;
      this.length--;
      page.owner?.emptied();
    }
  }

  /** Pages between whose live messages another page has some, or the other way round. */
  overlapping(): ReadonlySet<DurablePage> {
    const found = new Set<DurablePage>();
    for (const queueId of this.queueIds) {
      const ranges = this.pagesOf(queueId).map(liveSequences);
      let furthest: LiveSequences | undefined;
      for (const range of ranges.sort((a, b) => a.first - b.first)) {
        if (furthest !== undefined && range.first < furthest.end) found.add(furthest.page).add(range.page);
        if (furthest === undefined || range.end > furthest.end) furthest = range;
      }
    }
    return found;
  }

  /** A page, or a part of one, that stands at a place; undefined when it is not here, or has no live message. */
  findAt({ queueId, firstSequence, file, offset }: PagePlace): DurablePage | undefined {
    const pages = this.#queues.get(queueId)?.pages ?? NO_PAGES;
    for (let at = lastUpTo(pages, firstSequence); at >= 0; at--) {
      const page = pages[at]!;
      if (page.firstSequence !== firstSequence) return undefined;
      if (page.file === file && page.offset === offset && page.live > 0) return page;
    }
    return undefined;
  }

  /** Those with live messages, in the order of their sequences. */
  pagesOf(queueId: number): readonly DurablePage[] {
    return (this.#queues.get(queueId)?.pages ?? NO_PAGES).filter(({ live }) => live > 0);
  }

  get queueIds(): readonly number[] {
    return [...this.#queues.keys()];
  }

  /** All with live messages, as they are now: a list that does not change when they do. */
  all(): readonly DurablePage[] {
    const pages: DurablePage[] = [];
    for (const queue of this.#queues.values()) for (const page of queue.pages) if (page.live > 0) pages.push(page);
    return pages;
  }

  /** Pages with live messages that have any sequences from `first` up to before `end`. */
  #touched(queueId: number, first: number, end: number): readonly DurablePage[] {
    const pages = this.#queues.get(queueId)?.pages;
    if (pages === undefined) return NO_PAGES;
    const touched: DurablePage[] = [];
    for (let at = lastUpTo(pages, first - PAGE_SPAN_MAX) + 1; at < pages.length; at++) {
      const page = pages[at]!;
      if (page.firstSequence >= end) break;
      if (page.live > 0 && page.firstSequence + page.span > first) touched.push(page);
    }
    return touched;
  }

  #find(queueId: number, sequence: number): DurablePage | undefined {
    const last = this.#last;
    if (last !== undefined && last.queueId === queueId && last.isLive(sequence)) return last;
    const pages = this.#queues.get(queueId)?.pages;
    if (pages === undefined) return undefined;
    for (let at = lastUpTo(pages, sequence); at >= 0; at--) {
      const page = pages[at]!;
      if (page.firstSequence <= sequence - PAGE_SPAN_MAX) return undefined;
      if (page.live === 0 || !page.isLive(sequence)) continue;
      this.#last = page;
      return page;
    }
    return undefined;
  }

  #emptied(page: DurablePage): void {
    this.length--;
    if (this.#last === page) this.#last = undefined;
    const queue = this.#queues.get(page.queueId);
    if (queue !== undefined) this.#takeOut(queue, page.queueId);
    page.owner?.emptied();
  }

  #takeOut(queue: QueuePages, queueId: number): void {
    queue.done++;
    if (queue.done === queue.pages.length) this.#queues.delete(queueId);
    else if (queue.done > DONE_MAX && 2 * queue.done > queue.pages.length) {
      queue.pages = queue.pages.filter(({ live }) => live > 0);
      queue.done = 0;
    }
  }

  #open(queueId: number): QueuePages {
    const queue = { pages: [], done: 0 };
    this.#queues.set(queueId, queue);
    return queue;
  }
}

/** Each stored page once, in however many parts it is here. @param pages of one file */
export function storedOnce(pages: readonly DurablePage[]): readonly DurablePage[] {
  return [...new Map(pages.map((page) => [page.offset, page])).values()];
}

/** From the first live message of a page up to behind its last. */
interface LiveSequences {
  readonly page: DurablePage;
  readonly first: number;
  readonly end: number;
}

function liveSequences(page: DurablePage): LiveSequences {
  const { from, to } = page.liveRange();
  return { page, first: page.firstSequence + from, end: page.firstSequence + to };
}

/** The place of the last page that begins at a sequence or before it, -1 when none does. */
function lastUpTo(pages: readonly DurablePage[], sequence: number): number {
  let low = 0;
  let high = pages.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (pages[middle]!.firstSequence <= sequence) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
