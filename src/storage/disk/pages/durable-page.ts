/**
 * A page that is the home of persistent messages: where it is, and which of its messages are still live.
 *
 * The log has said so in a `paged` record; from then on nothing of these messages stands in its segments.
 *
 * hot path: flat memory
 */

import type { PagePlace } from './page-format.ts';

/** A bit for each sequence of a page, 1 where nothing is live; undefined when all are. */
export type SettledBits = Uint8Array | undefined;

/** Eight bits of what is settled. */
export const ALL_SETTLED = 0xff;

export function isSettled(bits: SettledBits, entry: number): boolean {
  return bits !== undefined && (bits[entry >>> 3]! & (1 << (entry & 7))) !== 0;
}

/** Bytes of the bits of so many sequences, a multiple of eight. */
export function settledBytes(span: number): number {
  return Math.ceil(span / 64) * 8;
}

/** Who keeps the page's file. */
export interface PageOwner {
  /** No message of it is live any more. */
  emptied(): void;
}

export class DurablePage implements PagePlace {
  readonly queueId: number;
  readonly firstSequence: number;
  readonly span: number;
  readonly file: number;
  readonly offset: number;
  readonly bytes: number;
  /** May come to be known later than the page. */
  earliestExpiryMs: number;
  /** How many messages are live. */
  live: number;
  settled: SettledBits;
  owner: PageOwner | undefined;

  /** @param settled of `settledBytes`, belongs to the page from now on */
  constructor(place: PagePlace, settled: SettledBits) {
    this.queueId = place.queueId;
    this.firstSequence = place.firstSequence;
    this.span = place.span;
    this.file = place.file;
    this.offset = place.offset;
    this.bytes = place.bytes;
    this.earliestExpiryMs = place.earliestExpiryMs;
    this.settled = settled;
    this.live = 0;
    for (let entry = 0; entry < this.span; entry++) if (!isSettled(settled, entry)) this.live++;
    if (this.live === this.span) this.settled = undefined;
  }

  isLive(sequence: number): boolean {
    const entry = sequence - this.firstSequence;
    return entry >= 0 && entry < this.span && !isSettled(this.settled, entry);
  }

  /** From the first live message up to behind the last, as entries of the page. Only when there is one. */
  liveRange(): { readonly from: number; readonly to: number } {
    let from = 0;
    let to = this.span;
    while (isSettled(this.settled, from)) from++;
    while (isSettled(this.settled, to - 1)) to--;
    return { from, to };
  }

  /**
   * The page as several, each with some of its live messages, so that none of them stands on both sides of a message of
   * elsewhere: a ring shows a page as one stretch.
   * @param isTaken whether anything of elsewhere is live from a sequence up to before another
   */
  partsAround(isTaken: (first: number, end: number) => boolean): readonly DurablePage[] {
    const parts: Uint8Array[] = [];
    let part: Uint8Array | undefined;
    let behind = 0;
    for (let entry = 0; entry < this.span; entry++) {
      if (isSettled(this.settled, entry)) continue;
      const isApart = entry > behind && isTaken(this.firstSequence + behind, this.firstSequence + entry);
      if (part === undefined || isApart) {
        part = new Uint8Array(settledBytes(this.span)).fill(ALL_SETTLED);
        parts.push(part);
      }
      part[entry >>> 3] = part[entry >>> 3]! & ~(1 << (entry & 7));
      behind = entry + 1;
    }
    return parts.map((settled) => new DurablePage(this, settled));
  }

  /** A message, which `isLive`, has left its queue. */
  settle(sequence: number): void {
    const entry = sequence - this.firstSequence;
    this.settled ??= new Uint8Array(settledBytes(this.span));
    this.settled[entry >>> 3] = this.settled[entry >>> 3]! | (1 << (entry & 7));
    this.live--;
  }

  /** All messages with sequences from `first` up to before `end` have left their queue. */
  settleRun(first: number, end: number): void {
    const from = Math.max(first, this.firstSequence);
    const to = Math.min(end, this.firstSequence + this.span);
    if (to - from === this.span) this.live = 0;
    else for (let sequence = from; sequence < to; sequence++) if (this.isLive(sequence)) this.settle(sequence);
  }
}
