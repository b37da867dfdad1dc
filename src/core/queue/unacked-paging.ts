/**
 * Takes messages that clients hold out of memory when that becomes short: those held for long, oldest first, a part of them
 * in each turn.
 *
 * Chunks of tags of all channels are looked at in turn, and what several of them hold of one queue is put in order, so that
 * a page has dense sequences: nothing that is somewhere else lies between them.
 */

import type { MessageHandle, Residency } from '../ports.ts';
import type { Pump, Task } from '../pump.ts';
import type { Queue } from './queue.ts';
import { CHUNK_ENTRIES } from './ring-chunk.ts';
import type { TagChunk } from './tag-chunk.ts';

/** Messages that are looked at in one step at most, and a chunk of tags more. */
const STEP_MAX = 2048;

/** After so many new chunks of tags it is looked whether memory is short, as well as at each tick. */
const CHUNKS_PER_LOOK = 64;

/** What is worth a page. */
export interface UnackedPagingLimits {
  /** Of one queue that clients hold altogether: a file for each of very many queues would cost more than it saves. */
  readonly queueMin: number;
  /** In a row. */
  readonly rowMin: number;
}

export const UNACKED_PAGING_LIMITS: UnackedPagingLimits = { queueMin: 1000, rowMin: 32 };

/** Of a channel: see unacked.ts. */
export interface UnackedSource {
  /** Half a second has gone by. @returns false when nothing is outstanding */
  age(): boolean;
  /** There may be something to gather. */
  readonly hasOld: boolean;
  /** Adds what is in memory of the next chunk that was held for long. @returns false when there is none */
  gather(into: GatheredUnacked): boolean;
  /** What is in memory is gathered anew. */
  gatherAgain(): void;
}

/** Of a queue: see unacked-pages.ts. */
interface Copies {
  dropCopies(): void;
}

interface Gathered {
  readonly sequence: number;
  readonly message: MessageHandle;
  readonly chunk: TagChunk;
  readonly entry: number;
}

/** Messages of some chunks, by queue. */
export class GatheredUnacked {
  length = 0;
  readonly byQueue = new Map<Queue, Gathered[]>();
  readonly #declined: ReadonlySet<Queue>;

  constructor(declined: ReadonlySet<Queue>) {
    this.#declined = declined;
  }

  /** False when the residency does not take the queue's messages just now. */
  wants(queue: Queue): boolean {
    return !this.#declined.has(queue);
  }

  add(queue: Queue, chunk: TagChunk, entry: number): void {
    const found = this.byQueue.get(queue) ?? this.#open(queue);
    found.push({ sequence: chunk.sequence(entry), message: chunk.handle(entry), chunk, entry });
    this.length++;
  }

  #open(queue: Queue): Gathered[] {
    const opened: Gathered[] = [];
    this.byQueue.set(queue, opened);
    return opened;
  }
}

export class UnackedPaging implements Task {
  readonly #residency: Residency;
  readonly #pump: Pump;
  readonly #limits: UnackedPagingLimits;
  /** Those that may have something outstanding. */
  readonly #sources = new Set<UnackedSource>();
  readonly #copies = new Set<Copies>();
  /** Of which there may be more to gather; the one whose turn is next first. */
  #round: UnackedSource[] = [];
  /** Of which something was not taken in this round. */
  readonly #declined = new Set<Queue>();
  #isTask = false;
  #newChunks = 0;

  constructor(residency: Residency, pump: Pump, limits: UnackedPagingLimits = UNACKED_PAGING_LIMITS) {
    this.#residency = residency;
    this.#pump = pump;
    this.#limits = limits;
  }

  /** It has a new chunk of tags. */
  add(source: UnackedSource): void {
    this.#sources.add(source);
    if (++this.#newChunks < CHUNKS_PER_LOOK) return;
    this.#begin();
  }

  /** It has nothing outstanding, and may never have again. */
  remove(source: UnackedSource): void {
    this.#sources.delete(source);
  }

  /** Pages of a queue were read, and what is still on them need not stay in memory for long. */
  copied(copies: Copies): void {
    this.#copies.add(copies);
  }

  /** About twice a second. */
  tick(): void {
    for (const copies of this.#copies) copies.dropCopies();
    this.#copies.clear();
    for (const source of this.#sources) if (!source.age()) this.#sources.delete(source);
    if (!this.#isTask && this.#declined.size > 0) this.#offerAgain();
    this.#begin();
  }

  /** What was not taken may be now. */
  #offerAgain(): void {
    for (const source of this.#sources) source.gatherAgain();
    this.#declined.clear();
  }

  #begin(): void {
    this.#newChunks = 0;
    if (this.#isTask || !this.#residency.wantsUnacked) return;
    this.#round = [...this.#sources].filter(({ hasOld }) => hasOld);
    if (this.#round.length === 0) return;
    this.#isTask = true;
    this.#pump.addTask(this);
  }

  step(budget: number): boolean {
    const gathered = new GatheredUnacked(this.#declined);
    const limit = Math.min(budget, STEP_MAX);
    while (gathered.length < limit && this.#round.length > 0) this.#gatherRound(gathered, limit);
    for (const [queue, found] of gathered.byQueue) if (!this.#pageOut(queue, found)) this.#declined.add(queue);
    this.#isTask = this.#round.length > 0 && this.#residency.wantsUnacked;
    return !this.#isTask;
  }

  /** One chunk of each, until there are enough. */
  #gatherRound(gathered: GatheredUnacked, limit: number): void {
    const round = this.#round;
    const goOn: UnackedSource[] = [];
    let next = 0;
    for (; next < round.length && gathered.length < limit; next++) {
      const source = round[next];
      if (source?.gather(gathered) === true) goOn.push(source);
    }
    this.#round = [...round.slice(next), ...goOn];
  }

  /** @returns false when something was not taken */
  #pageOut(queue: Queue, found: Gathered[]): boolean {
    if (queue.isDeleted || queue.unackedCount < this.#limits.queueMin) return true;
    if (!isInOrder(found)) found.sort((a, b) => a.sequence - b.sequence);
    let isTaken = true;
    for (let from = 0; from < found.length; ) {
      const to = endOfRow(found, from);
      if (to - from >= this.#limits.rowMin) isTaken = pageOutRow(queue, found.slice(from, to)) && isTaken;
      from = to;
    }
    return isTaken;
  }
}

/** Sequences without gaps. @returns false when some stay in memory */
function pageOutRow(queue: Queue, row: readonly Gathered[]): boolean {
  let from = 0;
  while (from < row.length) {
    const handles = Uint32Array.from(row.slice(from, from + CHUNK_ENTRIES), ({ message }) => message);
    const count = queue.pageOutUnacked(row[from]?.sequence ?? 0, handles);
    if (count === 0) return false;
    for (let index = 0; index < count; index++) {
      const place = row[from + index];
      place?.chunk.replace(place.entry, handles[index] ?? 0);
    }
    from += count;
  }
  return true;
}

/** Behind the last of the sequences that follow the one at `from` without gaps. */
function endOfRow(found: readonly Gathered[], from: number): number {
  let to = from + 1;
  while (to < found.length && found[to]?.sequence === (found[to - 1]?.sequence ?? 0) + 1) to++;
  return to;
}

function isInOrder(found: readonly Gathered[]): boolean {
  return found.every(({ sequence }, index) => index === 0 || sequence > (found[index - 1]?.sequence ?? 0));
}
