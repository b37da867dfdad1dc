/**
 * What is collected for one batch: facts in their order, as columns of numbers. Messages stay in memory, retained, until
 * the batch is written from them.
 *
 * A message that has left all its queues before then is taken out again together with its settles (elision): most
 * messages of a queue with a fast consumer never reach the disk. What is published in an atomic group stays in.
 *
 * hot path: flat memory
 */

import { assert } from '../../base/assert.ts';
import type { Region } from '../../base/bytes.ts';
import type { Messages } from '../../core/messages.ts';
import type { MessageHandle, Ticket } from '../../core/ports.ts';
import { RECORD_KINDS, type SettleReason } from '../../core/records.ts';
import type { SideFact } from '../../core/side-fact.ts';
import { FactColumns } from './fact-columns.ts';
import { type DurablePage, type SettledBits, settledBytes } from './pages/durable-page.ts';
import type { PagePlace } from './pages/page-format.ts';
import {
  CONTENT_RECORD_BYTES,
  contentBytes,
  DEFINITION_RECORD_BYTES,
  PAGED_RECORD_BYTES,
  PAIR_RECORD_BYTES,
  TARGET_BYTES,
} from './record-codec.ts';
import type { SequenceRanges } from './sequence-ranges.ts';
import { SideFacts } from './side-facts.ts';
import { sideFactBytes } from './side-record-codec.ts';
import { TargetTable } from './target-table.ts';

/** In the column of reasons: a publish that stays in, whatever becomes of its message. */
const OF_GROUP = 1;
/** And of pages: one that waits for publishes that are held, and one that was taken out again. */
const HELD_PAGE = 1;
const TAKEN_PAGE = 2;

/** A part of an older segment as it was read: the records of messages there are written again from it. */
export interface MovedSource extends Region {
  /** Of the segment: targets that have been settled or moved since are not written again. */
  readonly slot: number;
}

/** Messages of a queue stand on a page, whose file is synced: those that are live need not stand in the log any more. */
export interface PagedContent {
  readonly place: PagePlace;
  /** Holes of the page: what is live there is not on it. Of `settledBytes`. */
  readonly holes: SettledBits;
  /** The batch with the record is made. @param page undefined when none of its messages is live any more */
  sealed(page: DurablePage | undefined): void;
}

export class Bundle {
  readonly facts = new FactColumns();
  readonly targets = new TargetTable();
  readonly definitions: Uint8Array[] = [];
  readonly sources: MovedSource[] = [];
  readonly paged: PagedContent[] = [];
  readonly side = new SideFacts();
  /** Queues that are declared or deleted in this bundle. */
  readonly definedQueues: number[] = [];
  readonly deletedQueues: number[] = [];
  /** Everything up to here is in this bundle or in an earlier one. */
  lastTicket: Ticket = 0;
  /** About what the payload will take. */
  bytes = 0;
  /** Messages that were taken out again. */
  elided = 0;
  #isAtomic = false;
  readonly #messages: Messages;

  constructor(messages: Messages) {
    this.#messages = messages;
  }

  get isEmpty(): boolean {
    return this.facts.length === 0;
  }

  /** What is published from now on is never taken out again. */
  beginGroup(): void {
    this.#isAtomic = true;
  }

  endGroup(): void {
    this.#isAtomic = false;
  }

  get isInGroup(): boolean {
    return this.#isAtomic;
  }

  /** @returns how many bytes the message needs, without head and targets */
  publish(message: MessageHandle): number {
    this.#messages.retain(message);
    const fact = this.facts.add(RECORD_KINDS.publish, message, this.targets.length);
    this.facts.counts[fact] = 0;
    this.facts.left[fact] = 0;
    this.facts.reasons[fact] = this.#isAtomic ? OF_GROUP : 0;
    const stored = this.#messages.storedBytes(message);
    this.bytes += CONTENT_RECORD_BYTES + stored;
    return stored;
  }

  /** One more queue of the message that was published last. */
  reached(queueId: number, sequence: number): void {
    const fact = this.facts.length - 1;
    this.targets.add(fact, queueId, sequence);
    this.facts.counts[fact] = this.facts.counts[fact]! + 1;
    this.facts.left[fact] = this.facts.left[fact]! + 1;
    this.bytes += TARGET_BYTES;
  }

  /** The message is in this bundle, and has not left this queue. */
  holds(queueId: number, sequence: number): boolean {
    const place = this.targets.find(queueId, sequence);
    return place >= 0 && this.targets.isOpen[place]! === 1;
  }

  /** It is here and may wait for room, unlike what belongs to a group. */
  mayHold(queueId: number, sequence: number): boolean {
    const place = this.targets.find(queueId, sequence);
    return (
      place >= 0 && this.targets.isOpen[place]! === 1 && this.facts.reasons[this.targets.facts[place]!] !== OF_GROUP
    );
  }

  /** Takes a target out again. @returns false when it is not here, or has to stay. */
  elide(queueId: number, sequence: number): boolean {
    if (this.#isAtomic) return false;
    const place = this.targets.find(queueId, sequence);
    return place >= 0 && this.#elideAt(place);
  }

  /**
   * Settles and deletions of another bundle are written before the publishes of this one: what they are about must not be
   * written any more.
   * @returns whether there was any
   */
  overtakenBy({ facts, deletedQueues }: Bundle): boolean {
    let count = 0;
    for (let fact = 0; fact < facts.length; fact++) {
      if (facts.kinds[fact] !== RECORD_KINDS.settle) continue;
      count += this.#elideRun(facts.subjects[fact]!, facts.places[fact]!, facts.counts[fact]!);
    }
    for (const id of deletedQueues) {
      count += this.#elideRun(id, 0, Number.POSITIVE_INFINITY);
      this.side.dropQueue(id);
    }
    return count > 0;
  }

  /** A run may be far longer than the bundle. @returns how many targets were taken out */
  #elideRun(queueId: number, first: number, run: number): number {
    const { targets } = this;
    let count = 0;
    if (run < targets.length) {
      for (let sequence = first; sequence < first + run; sequence++) if (this.elide(queueId, sequence)) count++;
      return count;
    }
    for (let place = 0; place < targets.length; place++) {
      const sequence = targets.sequences[place]!;
      if (targets.queueIds[place] !== queueId || sequence < first || sequence >= first + run) continue;
      if (this.#elideAt(place)) count++;
    }
    return count;
  }

  #elideAt(place: number): boolean {
    if (this.targets.isOpen[place]! === 0) return false;
    const { facts, targets } = this;
    const fact = targets.facts[place]!;
    if (facts.reasons[fact] === OF_GROUP) return false;
    targets.isOpen[place] = 0;
    const left = facts.left[fact]! - 1;
    facts.left[fact] = left;
    if (left === 0) this.#drop(fact);
    return true;
  }

  settle(queueId: number, sequence: number, count: number, reason: SettleReason): void {
    if (this.facts.extendSettle(queueId, sequence, count, reason)) return;
    const fact = this.facts.add(RECORD_KINDS.settle, queueId, sequence);
    this.facts.counts[fact] = count;
    this.facts.reasons[fact] = reason;
    this.bytes += PAIR_RECORD_BYTES;
  }

  watermark(queueId: number, sequence: number): void {
    this.facts.add(RECORD_KINDS.deliveryWatermark, queueId, sequence);
    this.bytes += PAIR_RECORD_BYTES;
  }

  define(definition: Uint8Array): void {
    this.facts.add(RECORD_KINDS.definition, this.definitions.length, 0);
    this.definitions.push(definition);
    this.bytes += DEFINITION_RECORD_BYTES + definition.length;
  }

  /** A fact about a message, or a key that was seen. Whether it is still wanted is seen when the batch is written. */
  note(fact: SideFact): void {
    this.side.add(fact, this.#isAtomic);
    this.bytes += sideFactBytes(fact);
  }

  /** Facts about messages that wait for room in other bundles go there. @param find the one that holds a message */
  giveSideFacts(find: (queueId: number, sequence: number) => Bundle | undefined): void {
    if (this.side.length === 0) return;
    this.side.giveTo((fact) => {
      const other = find(fact.queueId, fact.sequence);
      if (other !== undefined) other.bytes += sideFactBytes(fact);
      return other;
    });
  }

  /**
   * Writes a message of an older segment again. Whether it is still wanted is seen when the batch is written.
   * @param source stays as it is until then
   * @param at where the record begins there
   */
  move(source: MovedSource, at: number): void {
    if (this.sources.at(-1) !== source) this.sources.push(source);
    this.facts.add(RECORD_KINDS.moved, this.sources.length - 1, at);
    this.bytes += contentBytes(source.view, at);
  }

  page(content: PagedContent): void {
    const fact = this.facts.add(RECORD_KINDS.paged, this.paged.length, 0);
    this.facts.reasons[fact] = 0;
    this.paged.push(content);
    this.bytes += PAGED_RECORD_BYTES + settledBytes(content.place.span);
  }

  /** A fact that waits for room when the disk is full, and that later ones may overtake. What is atomic is not torn. */
  isHoldable(fact: number): boolean {
    const { kinds, reasons, left } = this.facts;
    if (kinds[fact] === RECORD_KINDS.publish) return reasons[fact] !== OF_GROUP && left[fact]! > 0;
    return kinds[fact] === RECORD_KINDS.paged && reasons[fact] === HELD_PAGE;
  }

  /** Adds the messages that are held here. */
  addHeldTo(ranges: SequenceRanges): void {
    const { facts, targets } = this;
    for (let place = 0; place < targets.length; place++) {
      if (targets.isOpen[place]! === 0 || facts.reasons[targets.facts[place]!] === OF_GROUP) continue;
      ranges.add(targets.queueIds[place]!, targets.sequences[place]!);
    }
  }

  /** Pages of which messages may be held have to wait for these. */
  holdPages(held: SequenceRanges): void {
    const { kinds, reasons, subjects, length } = this.facts;
    for (let fact = 0; fact < length; fact++) {
      if (kinds[fact] !== RECORD_KINDS.paged) continue;
      if (held.meet(this.paged[subjects[fact]!]!.place)) reasons[fact] = HELD_PAGE;
    }
  }

  /** Takes out the pages that need not wait any more. */
  takePages(held: SequenceRanges): PagedContent[] {
    const taken: PagedContent[] = [];
    const { kinds, reasons, subjects, length } = this.facts;
    for (let fact = 0; fact < length; fact++) {
      if (kinds[fact] !== RECORD_KINDS.paged || reasons[fact] !== HELD_PAGE) continue;
      const content = this.paged[subjects[fact]!]!;
      if (held.meet(content.place)) continue;
      reasons[fact] = TAKEN_PAGE;
      taken.push(content);
    }
    return taken;
  }

  get hasHoldable(): boolean {
    for (let fact = 0; fact < this.facts.length; fact++) if (this.isHoldable(fact)) return true;
    return this.side.hasHeldKeys;
  }

  /** About what the payload will take of all that need not wait; 0 when there is nothing. */
  get unheldBytes(): number {
    const { facts } = this;
    let bytes = this.side.bytes;
    for (let fact = 0; fact < facts.length; fact++) {
      if (this.isHoldable(fact)) continue;
      const subject = facts.subjects[fact]!;
      switch (facts.kinds[fact]) {
        case RECORD_KINDS.publish:
          if (facts.left[fact] === 0) break;
          bytes += CONTENT_RECORD_BYTES + facts.counts[fact]! * TARGET_BYTES + this.#messages.storedBytes(subject);
          break;
        case RECORD_KINDS.definition:
          bytes += DEFINITION_RECORD_BYTES + this.definitions[subject]!.length;
          break;
        case RECORD_KINDS.moved:
          bytes += contentBytes(this.sources[subject]!.view, facts.places[fact]!);
          break;
        case RECORD_KINDS.paged:
          bytes += PAGED_RECORD_BYTES + settledBytes(this.paged[subject]!.place.span);
          break;
        default:
          bytes += PAIR_RECORD_BYTES;
      }
    }
    return bytes;
  }

  /** Lets go of all messages; to be used again. */
  clear(): void {
    assert(!this.#isAtomic, 'a bundle was emptied in the middle of a group');
    const { facts } = this;
    for (let fact = 0; fact < facts.length; fact++) {
      if (facts.kinds[fact] === RECORD_KINDS.publish && facts.left[fact]! > 0) {
        this.#messages.release(facts.subjects[fact]!);
      }
    }
    facts.clear();
    this.targets.clear();
    this.definitions.length = 0;
    this.sources.length = 0;
    this.paged.length = 0;
    this.side.clear();
    this.definedQueues.length = 0;
    this.deletedQueues.length = 0;
    this.bytes = 0;
    this.elided = 0;
  }

  #drop(fact: number): void {
    const message = this.facts.subjects[fact]!;
    this.bytes -= CONTENT_RECORD_BYTES + this.facts.counts[fact]! * TARGET_BYTES + this.#messages.storedBytes(message);
    this.#messages.release(message);
    this.elided++;
  }
}
