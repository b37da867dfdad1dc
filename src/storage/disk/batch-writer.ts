/**
 * Makes a batch of a bundle: copies its messages and facts into one buffer, in order, and notes in the index of live
 * messages what the log holds from now on.
 *
 * hot path: flat memory
 */

import { copyBytes, type Region, regionOf } from '../../base/bytes.ts';
import type { Messages } from '../../core/messages.ts';
import { FIRST_RECORD_VERSION, RECORD_KINDS, SIDE_FACTS_VERSION } from '../../core/records.ts';
import type { MessageFact } from '../../core/side-fact.ts';
import { type BatchHead, checksum, headBytes, NAMED_QUEUES_MAX, paddedBytes, writeHead } from './batch-format.ts';
import type { Bundle, MovedSource, PagedContent } from './bundle.ts';
import type { FactColumns } from './fact-columns.ts';
import type { LiveMessages } from './live-messages.ts';
import {
  CONTENT_RECORD_BYTES,
  contentLargeBytes,
  contentRunBytes,
  contentTargets,
  DEFINITION_RECORD_BYTES,
  PAIR_RECORD_BYTES,
  putContentHead,
  putDefinitionHead,
  putPaged,
  putSettle,
  putTarget,
  putWatermark,
  type RecordReader,
  readRecords,
  TARGET_BYTES,
  targetQueue,
  targetSequence,
} from './record-codec.ts';
import { putSideFact } from './side-record-codec.ts';
import type { SideState } from './side-state.ts';
import type { StoredBatch } from './stored-batch.ts';

/** A buffer up to here is kept for the next batch. */
const KEPT_BYTES_MAX = 8 * 1024 * 1024;
const FIRST_BYTES = 64 * 1024;

/** Where a batch goes, and what comes before it. */
export interface BatchPlace {
  readonly segment: number;
  readonly slot: number;
  readonly epoch: number;
  readonly number: number;
  readonly previousCrc: number;
}

export interface Batch {
  /** Valid until the next batch is made. */
  readonly bytes: Uint8Array;
  readonly head: BatchHead;
  /** Of its head. */
  readonly crc: number;
  /** Of the segment it was made for. */
  readonly slot: number;
}

/** What of a bundle is written: all, or first what need not wait for room on the disk, and the rest when there is some. */
export type BundlePart = 'all' | 'unheld' | 'held';

export class BatchWriter {
  readonly #messages: Messages;
  readonly #live: LiveMessages;
  #buffer: Region = regionOf(new Uint8Array(FIRST_BYTES));
  #at = 0;
  #records = 0;

  constructor(messages: Messages, live: LiveMessages) {
    this.#messages = messages;
    this.#live = live;
  }

  /** @returns undefined when everything in the bundle has been taken out again */
  write(bundle: Bundle, place: BatchPlace, part: BundlePart = 'all'): Batch | undefined {
    const queueIds = queuesOf(bundle);
    const start = headBytes({ queueIds });
    this.#reserve(2 * start + paddedBytes(bundle.bytes));
    this.#at = start;
    this.#records = 0;
    for (let fact = 0; fact < bundle.facts.length; fact++) {
      if (part !== 'all' && bundle.isHoldable(fact) !== (part === 'held')) continue;
      this.#writeFact(bundle, fact, place.slot);
    }
    const version = this.#writeSideFacts(bundle, part) ? SIDE_FACTS_VERSION : FIRST_RECORD_VERSION;
    for (const id of bundle.deletedQueues) this.#live.dropQueue(id);
    if (this.#records === 0) return undefined;
    const { segment, epoch, number, previousCrc, slot } = place;
    const payloadBytes = this.#at - start;
    this.#buffer.bytes.fill(0, this.#at, start + paddedBytes(payloadBytes));
    const payloadCrc = checksum(this.#buffer.view, start, this.#at);
    const hasDefinitions = bundle.definitions.length > 0 && part !== 'held';
    const records = this.#records;
    const origin = { version, segment, epoch, number, previousCrc };
    return this.#seal({ ...origin, queueIds, payloadBytes, payloadCrc, records, hasDefinitions }, slot);
  }

  /** The same batch in another segment, because the one that it was made for is not to be believed. */
  repeat(batch: Batch, place: BatchPlace): Batch {
    const { segment, previousCrc, slot } = place;
    const { view } = this.#buffer;
    const start = headBytes(batch.head);
    const end = start + batch.head.payloadBytes;
    readRecords(view, start, end, new SlotChange(view, this.#live, batch.slot, slot));
    return this.#seal({ ...batch.head, segment, previousCrc }, slot);
  }

  /** A batch of an earlier start once more. Its messages stand where they were found. */
  copy({ head, payload }: StoredBatch, place: BatchPlace): Batch {
    const { segment, epoch, slot } = place;
    const start = headBytes(head);
    this.#reserve(2 * start + paddedBytes(payload.length));
    this.#buffer.bytes.set(payload, start);
    this.#buffer.bytes.fill(0, start + payload.length, start + paddedBytes(payload.length));
    return this.#seal({ ...head, segment, epoch }, slot);
  }

  #seal(head: BatchHead, slot: number): Batch {
    const { bytes, view } = this.#buffer;
    const start = headBytes(head);
    const foot = start + paddedBytes(head.payloadBytes);
    const crc = writeHead(view, 0, head, false);
    writeHead(view, foot, head, true);
    return { bytes: bytes.subarray(0, foot + start), head, crc, slot };
  }

  #writeFact(bundle: Bundle, fact: number, slot: number): void {
    const { facts } = bundle;
    const subject = facts.subjects[fact]!;
    const place = facts.places[fact]!;
    switch (facts.kinds[fact]) {
      case RECORD_KINDS.publish:
        return this.#writePublish(bundle, fact, slot);
      case RECORD_KINDS.settle:
        putSettle(this.#buffer.view, this.#at, subject, place, facts.counts[fact]!, facts.reasons[fact]!);
        this.#live.removeRun(subject, place, facts.counts[fact]!);
        return this.#end(PAIR_RECORD_BYTES);
      case RECORD_KINDS.deliveryWatermark:
        putWatermark(this.#buffer.view, this.#at, subject, place);
        this.#live.raiseWatermark(subject, place);
        return this.#end(PAIR_RECORD_BYTES);
      case RECORD_KINDS.definition:
        return this.#writeDefinition(bundle.definitions[subject]!);
      case RECORD_KINDS.paged:
        return this.#writePaged(bundle.paged[subject]!);
      default:
        return this.#writeMoved(bundle.sources[subject]!, place, slot);
    }
  }

  /** Behind all else, when it is known which messages are live. @returns whether there is any fact */
  #writeSideFacts(bundle: Bundle, part: BundlePart): boolean {
    const { side } = this.#live;
    if (!side.isEmpty && part !== 'held') settleSideState(side, bundle.facts);
    if (bundle.side.length === 0) return false;
    const mayWait = part === 'unheld';
    const fateOf = ({ queueId, sequence }: MessageFact) => {
      if (this.#live.isLive(queueId, sequence)) return 'written';
      return mayWait && bundle.mayHold(queueId, sequence) ? 'waiting' : 'gone';
    };
    const facts = bundle.side.take(fateOf, mayWait);
    for (const fact of facts) {
      side.apply(fact);
      this.#end(putSideFact(this.#buffer.view, this.#at, fact));
    }
    return facts.length > 0;
  }

  #writePublish(bundle: Bundle, fact: number, slot: number): void {
    const { facts, targets } = bundle;
    const open = facts.left[fact]!;
    if (open === 0) return;
    const { view } = this.#buffer;
    const message = facts.subjects[fact]!;
    const first = facts.places[fact]!;
    const end = first + facts.counts[fact]!;
    let at = this.#at + CONTENT_RECORD_BYTES;
    for (let place = first; place < end; place++) {
      if (targets.isOpen[place]! === 0) continue;
      const queueId = targets.queueIds[place]!;
      const sequence = targets.sequences[place]!;
      putTarget(view, at, queueId, sequence);
      this.#live.add(queueId, sequence, slot);
      at += TARGET_BYTES;
    }
    const from = this.#messages.regionOf(message);
    const start = this.#messages.offsetOf(message);
    const runBytes = this.#messages.runBytes(message);
    copyBytes(this.#buffer, at, from, start, runBytes);
    const largeBytes = this.#copyLarge(message, at + runBytes);
    putContentHead(view, this.#at, RECORD_KINDS.publish, open, runBytes, largeBytes);
    this.#end(at + runBytes + largeBytes - this.#at);
  }

  #copyLarge(message: number, at: number): number {
    const pieces = this.#messages.largeBody(message);
    if (pieces === undefined) return 0;
    let place = at;
    for (const piece of pieces) {
      this.#buffer.bytes.set(piece, place);
      place += piece.length;
    }
    return place - at;
  }

  #writeDefinition(definition: Uint8Array): void {
    putDefinitionHead(this.#buffer.view, this.#at, definition.length);
    this.#buffer.bytes.set(definition, this.#at + DEFINITION_RECORD_BYTES);
    this.#end(DEFINITION_RECORD_BYTES + definition.length);
  }

  /** What is still where it was found goes on standing here. */
  #writeMoved(source: MovedSource, record: number, slot: number): void {
    const { view } = this.#buffer;
    const { view: from, slot: fromSlot } = source;
    const targetsAt = record + CONTENT_RECORD_BYTES;
    const targets = contentTargets(from, record);
    let at = this.#at + CONTENT_RECORD_BYTES;
    for (let index = 0; index < targets; index++) {
      const queueId = targetQueue(from, targetsAt, index);
      const sequence = targetSequence(from, targetsAt, index);
      if (this.#live.slotOf(queueId, sequence) !== fromSlot) continue;
      putTarget(view, at, queueId, sequence);
      this.#live.add(queueId, sequence, slot);
      at += TARGET_BYTES;
    }
    const open = (at - this.#at - CONTENT_RECORD_BYTES) / TARGET_BYTES;
    if (open === 0) return;
    const runBytes = contentRunBytes(from, record);
    const largeBytes = contentLargeBytes(from, record);
    const contentAt = targetsAt + targets * TARGET_BYTES;
    copyBytes(this.#buffer, at, source, contentAt, runBytes + largeBytes);
    putContentHead(view, this.#at, RECORD_KINDS.moved, open, runBytes, largeBytes);
    this.#end(at + runBytes + largeBytes - this.#at);
  }

  #writePaged(content: PagedContent): void {
    const page = this.#live.toPage(content.place, content.holes);
    content.sealed(page);
    if (page !== undefined) this.#end(putPaged(this.#buffer.view, this.#at, page, page.settled));
  }

  #end(recordBytes: number): void {
    this.#at += recordBytes;
    this.#records++;
  }

  #reserve(bytes: number): void {
    const present = this.#buffer.bytes.length;
    if (bytes <= present && present <= KEPT_BYTES_MAX) return;
    const wanted = Math.max(FIRST_BYTES, 2 ** Math.ceil(Math.log2(bytes)));
    if (wanted !== present) this.#buffer = regionOf(new Uint8Array(wanted));
  }
}

/** Messages that were to stand in one segment stand in another. */
class SlotChange implements RecordReader {
  readonly #view: DataView;
  readonly #live: LiveMessages;
  readonly #from: number;
  readonly #to: number;

  constructor(view: DataView, live: LiveMessages, from: number, to: number) {
    this.#view = view;
    this.#live = live;
    this.#from = from;
    this.#to = to;
  }

  content(targetsAt: number, targets: number): void {
    for (let index = 0; index < targets; index++) {
      const queueId = targetQueue(this.#view, targetsAt, index);
      const sequence = targetSequence(this.#view, targetsAt, index);
      if (this.#live.slotOf(queueId, sequence) === this.#from) this.#live.add(queueId, sequence, this.#to);
    }
  }

  settle(): void {}
  watermark(): void {}
  used(): void {}
  paged(): void {}
  definition(): void {}
  sideFact(): void {}
}

/** What is known of messages goes with them. */
function settleSideState(side: SideState, facts: FactColumns): void {
  for (let fact = 0; fact < facts.length; fact++) {
    if (facts.kinds[fact] !== RECORD_KINDS.settle) continue;
    side.removeRun(facts.subjects[fact]!, facts.places[fact]!, facts.counts[fact]!);
  }
}

/** The queues whose messages a bundle has something to say about, undefined when they are very many. */
function queuesOf(bundle: Bundle): readonly number[] | undefined {
  const ids = new Set<number>(bundle.definedQueues);
  const { facts, targets } = bundle;
  let last = -1;
  for (let place = 0; place < targets.length; place++) {
    const id = targets.queueIds[place]!;
    if (id === last || targets.isOpen[place]! === 0) continue;
    ids.add(id);
    last = id;
  }
  for (let fact = 0; fact < facts.length; fact++) {
    const kind = facts.kinds[fact]!;
    if (kind === RECORD_KINDS.moved) addTargets(ids, bundle.sources[facts.subjects[fact]!]!.view, facts.places[fact]!);
    if (kind !== RECORD_KINDS.settle && kind !== RECORD_KINDS.deliveryWatermark) continue;
    const id = facts.subjects[fact]!;
    if (id === last) continue;
    ids.add(id);
    last = id;
  }
  for (const { place } of bundle.paged) ids.add(place.queueId);
  for (const id of bundle.side.queueIds()) ids.add(id);
  return ids.size > NAMED_QUEUES_MAX ? undefined : [...ids];
}

/** Those that a record of a message names, whether it is still in them or not. */
function addTargets(ids: Set<number>, view: DataView, record: number): void {
  const targets = contentTargets(view, record);
  for (let index = 0; index < targets; index++) ids.add(targetQueue(view, record + CONTENT_RECORD_BYTES, index));
}
