/**
 * Finds the batches of a segment, and what is wrong between them.
 *
 * A batch that is not whole, with any trace of a higher number after it, is damage: it is named, with the queues whose
 * records are lost, and the search goes on behind it. The last one of all is a torn tail: the power went while it was
 * written, nobody was told that it is durable, and it is cut.
 */

import {
  assertKnown,
  BATCH_ALIGNMENT,
  batchBytes,
  checksum,
  type FoundHead,
  findMagic,
  headBytes,
  MAGIC_BYTES,
  neededBytes,
  readHead,
} from './batch-format.ts';
import { FileWindow } from './file-window.ts';
import type { Segment } from './segments.ts';

/** Bytes of a segment whose records cannot be read. */
export interface Damage {
  readonly file: string;
  readonly from: number;
  readonly to: number;
  /** The queues whose records were there; undefined when it could be any. */
  readonly queueIds: readonly number[] | undefined;
  /** Definitions were among them. */
  readonly hasDefinitions: boolean;
}

/** Where the scan stands: what the next batch must say of itself. */
export interface ScanPosition {
  /** Of the last batch that was read. */
  number: number;
  crc: number;
}

/** A batch that was found whole. */
export interface FoundBatch {
  readonly head: FoundHead;
  /** In the file. */
  readonly at: number;
  readonly view: DataView;
  /** In `view`. */
  readonly payloadAt: number;
  readonly payloadEnd: number;
}

/** What is left when no whole batch follows. */
export interface Rest {
  /** Where the last whole batch ends. */
  readonly end: number;
  /** The remains of the next batch, if it can be told. */
  readonly torn: Damage | undefined;
}

export interface SegmentScanOptions {
  readonly segment: Pick<Segment, 'number' | 'file'>;
  /** Moves on with each batch. */
  readonly position: ScanPosition;
  /** See `FileWindow`. */
  readonly buffers: { bytes: Uint8Array };
  /** What is found damaged is added here. */
  readonly damages: Damage[];
  /** The remains at the end of the segment before. */
  readonly before?: Damage | undefined;
}

export class SegmentScan {
  readonly #damages: Damage[];
  readonly #segment: Pick<Segment, 'number' | 'file'>;
  readonly #window: FileWindow;
  readonly #position: ScanPosition;
  /** What the segment before this one left, which is damage if a batch is missing. */
  readonly #before: Damage | undefined;
  #at = 0;
  /** Heads and feet behind the last whole batch, with numbers above its own. */
  #left: readonly FoundHead[] = [];
  /** All of a segment's batches have the same. What a client put into a body cannot know it. */
  #epoch: number | undefined;

  constructor(options: SegmentScanOptions) {
    this.#segment = options.segment;
    this.#position = options.position;
    this.#before = options.before;
    this.#damages = options.damages;
    this.#window = new FileWindow(options.segment.file, options.buffers);
  }

  /**
   * The next batch, valid until the one after it is asked for; undefined at the end: then `rest` tells more.
   * @throws Error when a newer program wrote it
   */
  next(): FoundBatch | undefined {
    for (;;) {
      const head = this.#headAt(this.#at);
      const isNext = head !== undefined && !head.isFoot && this.#isOfSegment(head);
      const batch = isNext ? this.#batchAt(this.#at, head) : undefined;
      if (batch === undefined) {
        if (!this.#skipDamage(isNext ? head : undefined)) return undefined;
        continue;
      }
      this.#epoch = batch.head.epoch;
      this.#at += batchBytes(batch.head);
      // Written again to another segment after a fault: it was read there, or will be.
      if (batch.head.number <= this.#position.number) continue;
      const missing = batch.head.number - this.#position.number - 1;
      if (missing > 0) this.#noteGap(batch.at, missing);
      this.#position.number = batch.head.number;
      this.#position.crc = batch.head.crc;
      return batch;
    }
  }

  /** What stands behind the last whole batch. One batch at a time is not durable: more than one of them are damage. */
  rest(): Rest {
    const last = Math.max(0, ...this.#left.map(({ number }) => number));
    const missing = last - this.#position.number;
    if (missing <= 0) return { end: this.#at, torn: undefined };
    const remains = this.#damage(this.#at, this.#segment.file.size, this.#left, last + 1);
    if (missing === 1) return { end: this.#at, torn: remains };
    this.#damages.push(remains);
    return { end: this.#at, torn: undefined };
  }

  /** Goes on behind bytes that cannot be read. @returns false when no whole batch follows. */
  #skipDamage(head: FoundHead | undefined): boolean {
    const heads: FoundHead[] = head === undefined || head.number <= this.#position.number ? [] : [head];
    const from = this.#at;
    let search = from + BATCH_ALIGNMENT;
    for (;;) {
      const found = this.#findHead(search, ({ number }) => number > this.#position.number);
      if (found === undefined) {
        this.#left = heads;
        return false;
      }
      if (!found.head.isFoot && this.#batchAt(found.at, found.head) !== undefined) {
        this.#damages.push(this.#damage(from, found.at, heads, found.head.number));
        this.#at = found.at;
        // What lies between is accounted for.
        this.#position.number = found.head.number - 1;
        return true;
      }
      heads.push(found.head);
      search = found.at + BATCH_ALIGNMENT;
    }
  }

  /** @param next every batch before this one must have been named, by its head, its foot or the segment before */
  #damage(from: number, to: number, heads: readonly FoundHead[], next: number): Damage {
    const missing = next - this.#position.number - 1;
    const numbers = new Set(heads.map(({ number }) => number));
    const parts: Pick<Damage, 'queueIds' | 'hasDefinitions'>[] = [...heads];
    if (this.#before !== undefined && numbers.size === missing - 1 && !numbers.has(this.#position.number + 1)) {
      parts.push(this.#before);
      numbers.add(this.#position.number + 1);
    }
    const isNamed = numbers.size >= missing && parts.every(({ queueIds }) => queueIds !== undefined);
    const queueIds = isNamed ? [...new Set(parts.flatMap((part) => part.queueIds ?? []))] : undefined;
    const hasDefinitions = !isNamed || parts.some((part) => part.hasDefinitions);
    return { file: this.#segment.file.name, from, to, queueIds, hasDefinitions };
  }

  /** Batches are missing before this one, and it is not said which. */
  #noteGap(at: number, missing: number): void {
    const file = this.#segment.file.name;
    if (this.#before !== undefined && missing === 1) this.#damages.push(this.#before);
    else this.#damages.push({ file, from: at, to: at, queueIds: undefined, hasDefinitions: true });
  }

  #isOfSegment(head: FoundHead): boolean {
    return head.segment === this.#segment.number && (this.#epoch ?? head.epoch) === head.epoch;
  }

  #headAt(at: number): FoundHead | undefined {
    const first = this.#window.have(at, headBytes({ queueIds: undefined }));
    if (first < 0) return undefined;
    const needed = neededBytes(this.#window.view, first);
    const place = needed === 0 ? -1 : this.#window.have(at, needed);
    const head = place < 0 ? undefined : readHead(this.#window.view, place);
    if (head !== undefined && this.#isOfSegment(head)) assertKnown(head, this.#segment.file.name);
    return head;
  }

  /** The batch whose head stands at `at`, when all of it is there and as it was written. */
  #batchAt(at: number, head: FoundHead): FoundBatch | undefined {
    const place = this.#window.have(at, batchBytes(head));
    if (place < 0) return undefined;
    const { view } = this.#window;
    const payloadAt = place + headBytes(head);
    const payloadEnd = payloadAt + head.payloadBytes;
    if (checksum(view, payloadAt, payloadEnd) !== head.payloadCrc) return undefined;
    return { head, at, view, payloadAt, payloadEnd };
  }

  #findHead(from: number, isWanted: (head: FoundHead) => boolean): { head: FoundHead; at: number } | undefined {
    for (let at = this.#nextMagic(from); at >= 0; at = this.#nextMagic(at + BATCH_ALIGNMENT)) {
      const head = this.#headAt(at);
      if (head !== undefined && this.#isOfSegment(head) && isWanted(head)) return { head, at };
    }
    return undefined;
  }

  /** Where the next bytes stand that may begin a head, -1 when there are none. */
  #nextMagic(from: number): number {
    const window = this.#window;
    for (let at = from; window.have(at, MAGIC_BYTES) >= 0; ) {
      const found = findMagic(window.view, at - window.start);
      if (found >= 0) return window.start + found;
      at = window.start + Math.ceil((window.view.byteLength - MAGIC_BYTES + 1) / BATCH_ALIGNMENT) * BATCH_ALIGNMENT;
    }
    return -1;
  }
}
