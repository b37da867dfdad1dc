/**
 * Unacknowledged messages of a queue that are on pages: in the place of such a message's handle stands the mark of its page.
 *
 * An acknowledgement needs no more than the mark. What comes back to the queue is read when its turn comes, and until then
 * the queue delivers nothing that is newer. The page stays until all its messages are gone, whoever has read it in between.
 *
 * hot path: flat memory
 */

import { assert } from '../../base/assert.ts';
import type { Messages } from '../messages.ts';
import { HOLE, type Log, type MessageHandle, type PagedQueue, type Residency } from '../ports.ts';
import { SETTLE_REASONS, type SettleReason } from '../records.ts';

/** In the place of a handle, from here on: the message is on a page, whose slot is in the other bits. */
export const PAGE_MARK = 0x8000_0000;

/** What has become of a message of a page. */
const GONE = 0;
const HELD = 1;
const RETURNING = 2;
/** Added to these. */
const PERSISTENT = 4;

/** So many pages are kept in memory for messages that clients still have, because more of those may come back. */
const COPIED_PAGES_MAX = 4;

/** What its queue does for it. */
export interface UnackedPagesQueue extends Pick<PagedQueue, 'id' | 'options'> {
  readonly log: Log;
  readonly isDeleted: boolean;
  /** A message is in memory again, and ready. */
  backInMemory(message: MessageHandle, sequence: number): void;
  /** It may go on with deliveries. */
  resume(): void;
}

export interface UnackedPagesWorld {
  readonly messages: Messages;
  readonly residency: Residency;
  /** Is told when copies are there. */
  readonly unackedPaging: { copied(pages: UnackedPages): void };
}

/** Messages with dense sequences that clients had, when they left memory. */
export interface UnackedPage {
  readonly slot: number;
  readonly number: number;
  readonly firstSequence: number;
  readonly states: Uint8Array;
  /** Messages that are not gone, and those of them that came back to the queue. */
  left: number;
  returning: number;
  /** It is being read. */
  isAsked: boolean;
  /** What came back is purged, and will be settled. */
  isPurged: boolean;
  /** Of messages that clients have still, when the page was read a moment ago. */
  copies: Uint32Array | undefined;
}

export class UnackedPages implements PagedQueue {
  readonly isDraining = false;
  /** Messages that came back, and are to be read. */
  returningCount = 0;
  readonly #queue: UnackedPagesQueue;
  readonly #world: UnackedPagesWorld;
  readonly #slots: (UnackedPage | undefined)[] = [];
  readonly #freeSlots: number[] = [];
  /** Those with messages that came back, in the order of their sequences. */
  #returning: UnackedPage[] = [];
  /** By number: those that are being read. */
  readonly #asked = new Map<number, UnackedPage>();
  readonly #copied = new Set<UnackedPage>();

  constructor(queue: UnackedPagesQueue, world: UnackedPagesWorld) {
    this.#queue = queue;
    this.#world = world;
  }

  get id(): number {
    return this.#queue.id;
  }

  get options(): PagedQueue['options'] {
    return this.#queue.options;
  }

  /**
   * Offers messages with dense sequences to the residency.
   * @param handles of those that it takes the marks stand here then
   * @returns how many of the first it took
   */
  pageOut(firstSequence: number, handles: Uint32Array): number {
    const { messages, residency } = this.#world;
    const states = new Uint8Array(handles.length);
    for (let entry = 0; entry < handles.length; entry++) {
      states[entry] = messages.isPersistent(handles[entry]!) ? HELD | PERSISTENT : HELD;
    }
    const taken = residency.pageOut(this, firstSequence, handles);
    if (taken === undefined) return 0;
    const { page: number, count } = taken;
    const slot = this.#freeSlots.pop() ?? this.#slots.length;
    const shape = { slot, number, firstSequence, states: states.slice(0, count), left: count, returning: 0 };
    this.#slots[slot] = { ...shape, isAsked: false, isPurged: false, copies: undefined };
    handles.fill(PAGE_MARK + slot, 0, count);
    return count;
  }

  /** The message under a mark is done with, for good. */
  settle(mark: number, sequence: number, reason: SettleReason): void {
    const page = this.#pageOf(mark);
    const entry = sequence - page.firstSequence;
    const copy = takeCopy(page, entry);
    if (copy !== HOLE) this.#world.messages.release(copy);
    this.#finish(page, entry, reason);
    if (page.left === 0) this.#drop(page);
  }

  /** The message under a mark comes back to its place. */
  requeue(mark: number, sequence: number): void {
    const page = this.#pageOf(mark);
    if (page.isPurged) this.finishPurged(page);
    const entry = sequence - page.firstSequence;
    const copy = takeCopy(page, entry);
    if (copy === HOLE) return this.#return(page, entry);
    this.#forget(page, entry);
    this.#queue.backInMemory(copy, sequence);
    if (page.left === 0) this.#drop(page);
  }

  /**
   * Something came back that is older than a sequence: it has to be in memory before that is delivered. Asks for it.
   * @param sequence of what would be delivered now
   */
  comesBefore(sequence: number): boolean {
    const first = this.#returning[0];
    if (first === undefined || first.firstSequence > sequence) return false;
    const { residency } = this.#world;
    for (let index = 0; index <= residency.pagesAhead; index++) {
      const page = this.#returning[index];
      if (page === undefined) break;
      if (page.isAsked) continue;
      page.isAsked = true;
      this.#asked.set(page.number, page);
      residency.copyAhead(this, page.number);
    }
    return true;
  }

  pagedIn(number: number, handles: Uint32Array): void {
    const page = this.#asked.get(number);
    assert(page !== undefined, 'a page with unacknowledged messages came without having been asked for');
    assert(handles.length === page.states.length, 'a page came back with another number of entries');
    this.#asked.delete(number);
    page.isAsked = false;
    if (page.returning > 0 && !page.isPurged) {
      this.#returning.splice(this.#returning.indexOf(page), 1);
      this.returningCount -= page.returning;
    }
    page.copies = handles;
    if (page.isPurged) this.finishPurged(page);
    else this.#takeBack(page);
    if (page.left === 0) this.#drop(page);
    else this.#keepCopies(page);
    this.#queue.resume();
  }

  /** Messages that clients still have need not stay in memory because their page was read. */
  dropCopies(): void {
    for (const page of this.#copied) this.#dropCopies(page);
    this.#copied.clear();
  }

  /** All that came back is ready no more: each page is given to `finishPurged`, or back here by what happens first. */
  purge(): readonly UnackedPage[] {
    const purged = this.#returning;
    for (const page of purged) page.isPurged = true;
    this.#returning = [];
    this.returningCount = 0;
    return purged;
  }

  /** What had come back when its queue was purged is done with. */
  finishPurged(page: UnackedPage): void {
    if (!page.isPurged) return;
    page.isPurged = false;
    page.returning = 0;
    for (let entry = 0; entry < page.states.length; entry++) {
      if ((page.states[entry]! & RETURNING) === 0) continue;
      const copy = takeCopy(page, entry);
      if (copy !== HOLE) this.#world.messages.release(copy);
      this.#finish(page, entry, SETTLE_REASONS.purged);
    }
    if (page.left === 0) this.#drop(page);
  }

  /** The first sequence from `sequence` on whose message is on a page; infinity when there is none. */
  nextOnPage(sequence: number): number {
    let next = Number.POSITIVE_INFINITY;
    for (const page of this.#slots) {
      if (page === undefined || page.firstSequence >= next) continue;
      const { firstSequence, states } = page;
      let entry = Math.max(0, sequence - firstSequence);
      while (entry < states.length && states[entry] === GONE) entry++;
      if (entry < states.length) next = Math.min(next, firstSequence + entry);
    }
    return next;
  }

  #pageOf(mark: number): UnackedPage {
    const page = this.#slots[mark - PAGE_MARK];
    assert(page !== undefined, 'a mark stands for a page that is gone');
    return page;
  }

  #return(page: UnackedPage, entry: number): void {
    const state = page.states[entry]!;
    assert((state & HELD) !== 0, 'a message came back that no client had');
    page.states[entry] = (state & PERSISTENT) | RETURNING;
    this.returningCount++;
    if (page.returning++ > 0) return;
    const returning = this.#returning;
    let at = returning.length;
    while (at > 0 && returning[at - 1]!.firstSequence > page.firstSequence) at--;
    returning.splice(at, 0, page);
  }

  /** What came back goes to the queue; what is gone is not kept. */
  #takeBack(page: UnackedPage): void {
    page.returning = 0;
    for (let entry = 0; entry < page.states.length; entry++) {
      const state = page.states[entry]!;
      if ((state & HELD) !== 0) continue;
      const message = takeCopy(page, entry);
      if (message === HOLE) continue;
      if (state === GONE) this.#world.messages.release(message);
      else {
        this.#forget(page, entry);
        this.#queue.backInMemory(message, page.firstSequence + entry);
      }
    }
  }

  #keepCopies(page: UnackedPage): void {
    const [oldest] = this.#copied;
    if (oldest !== undefined && this.#copied.size === COPIED_PAGES_MAX) {
      this.#copied.delete(oldest);
      this.#dropCopies(oldest);
    }
    this.#copied.add(page);
    this.#world.unackedPaging.copied(this);
  }

  #finish(page: UnackedPage, entry: number, reason: SettleReason): void {
    const isLogged = (page.states[entry]! & PERSISTENT) !== 0 && this.options.durable && !this.#queue.isDeleted;
    this.#forget(page, entry);
    if (isLogged) this.#queue.log.settle(this.id, page.firstSequence + entry, reason);
  }

  #forget(page: UnackedPage, entry: number): void {
    assert(page.states[entry] !== GONE, 'a message of a page is gone already');
    page.states[entry] = GONE;
    page.left--;
  }

  /** Nothing of the page is needed any more. */
  #drop(page: UnackedPage): void {
    if (this.#slots[page.slot] !== page) return;
    this.#slots[page.slot] = undefined;
    this.#freeSlots.push(page.slot);
    this.#asked.delete(page.number);
    this.#copied.delete(page);
    this.#dropCopies(page);
    this.#world.residency.discard(page.number);
  }

  #dropCopies(page: UnackedPage): void {
    const { copies } = page;
    page.copies = undefined;
    if (copies === undefined) return;
    for (const copy of copies) if (copy !== HOLE) this.#world.messages.release(copy);
  }
}

/** @returns the message in memory; `HOLE` when it is not there */
function takeCopy(page: UnackedPage, entry: number): MessageHandle {
  const { copies } = page;
  if (copies === undefined) return HOLE;
  const copy = copies[entry]!;
  copies[entry] = HOLE;
  return copy;
}
