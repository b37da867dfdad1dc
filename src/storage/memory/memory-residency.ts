/**
 * Where messages go that are not to stay in the arena, kept on the JavaScript heap: it pages out when its options say so
 * and answers turns later. A broker in memory never pages; the simulator always does, so that every path that meets a
 * paged head is walked.
 */

import type { Messages, StoredMessage } from '../../core/messages.ts';
import { HOLE, type PagedOut, type PagedQueue, type Residency } from '../../core/ports.ts';
import type { Pump, Task } from '../../core/pump.ts';

export interface MemoryResidencyOptions {
  readonly shouldPageOut: () => boolean;
  /** How many turns a read takes, at least 1. */
  readonly turnsLate: () => number;
  /** How many of so many entries go on one page, at least 1; all unless given. */
  readonly pageEntries?: (entries: number) => number;
  /** Whether what clients hold is wanted; never unless given. */
  readonly wantsUnacked?: () => boolean;
}

export class MemoryResidency implements Residency {
  readonly pagesAhead = 1;
  readonly #messages: Messages;
  readonly #pump: Pump;
  readonly #options: MemoryResidencyOptions;
  readonly #pages = new Map<number, readonly (StoredMessage | undefined)[]>();
  #nextPage = 1;

  constructor(messages: Messages, pump: Pump, options: MemoryResidencyOptions) {
    this.#messages = messages;
    this.#pump = pump;
    this.#options = options;
  }

  get pageCount(): number {
    return this.#pages.size;
  }

  /** What it holds stays in memory. */
  readonly isBehind = false;

  get wantsUnacked(): boolean {
    return this.#options.wantsUnacked?.() ?? false;
  }

  pageOut(_queue: PagedQueue, _firstSequence: number, handles: Uint32Array): PagedOut | undefined {
    if (!this.#options.shouldPageOut()) return undefined;
    const page = this.#nextPage++;
    let count = this.#options.pageEntries?.(handles.length) ?? handles.length;
    while (handles[count] === HOLE) count++;
    const taken = Array.from(handles.subarray(0, count));
    this.#pages.set(
      page,
      taken.map((handle) => (handle === HOLE ? undefined : this.#messages.copyOut(handle))),
    );
    for (const handle of taken) if (handle !== HOLE) this.#messages.release(handle);
    return { page, count };
  }

  readAhead(queue: PagedQueue, page: number): void {
    this.#read(() => {
      const handles = this.#copy(page);
      this.#pages.delete(page);
      if (handles !== undefined) queue.pagedIn(page, handles);
    });
  }

  copyAhead(queue: PagedQueue, page: number): void {
    this.#read(() => {
      const handles = this.#copy(page);
      if (handles !== undefined) queue.pagedIn(page, handles);
    });
  }

  discard(page: number): void {
    this.#pages.delete(page);
  }

  #read(deliver: () => void): void {
    this.#pump.addTask(new ReadTask(this.#options.turnsLate(), deliver));
  }

  /** @returns the messages of a page under new handles; undefined when nobody wants it any more */
  #copy(page: number): Uint32Array | undefined {
    const stored = this.#pages.get(page);
    if (stored === undefined) return undefined;
    return Uint32Array.from(stored, (message) => (message === undefined ? HOLE : this.#messages.copyIn(message)));
  }
}

/** Waits a number of turns, then delivers. */
class ReadTask implements Task {
  #turnsLeft: number;
  readonly #deliver: () => void;

  constructor(turns: number, deliver: () => void) {
    this.#turnsLeft = turns;
    this.#deliver = deliver;
  }

  step(): boolean {
    if (--this.#turnsLeft > 0) return false;
    this.#deliver();
    return true;
  }
}
