/**
 * Reads the directory of a log: what is defined, which messages are live and where they stand, what is damaged, what was
 * cut. A second reading hands out the messages.
 *
 * Both go in steps, so that whoever starts the broker can show how far they are. Neither changes anything on the disk.
 */

import { unreachable } from '../../base/assert.ts';
import type { DefinitionRecord } from '../../core/records.ts';
import type { SideFact } from '../../core/side-fact.ts';
import { decodeDefinition } from '../definition-codec.ts';
import { DefinitionState } from '../definition-state.ts';
import { type Checkpoint, readNewestCheckpoint } from './checkpoint.ts';
import type { Disk, DiskFile } from './disk.ts';
import { LiveMessages } from './live-messages.ts';
import { DurablePage, type SettledBits } from './pages/durable-page.ts';
import { findPageFiles } from './pages/page-files-found.ts';
import type { PagePlace } from './pages/page-format.ts';
import { type RecordReader, readRecords, targetQueue, targetSequence } from './record-codec.ts';
import type { SafeNames } from './safe-names.ts';
import { type Damage, type FoundBatch, type ScanPosition, SegmentScan } from './segment-scan.ts';
import { SEGMENT_BYTES, type Segment, Segments, segmentName, segmentNumber } from './segments.ts';
import { copyBatch, type StoredBatch } from './stored-batch.ts';

/** How far a reading has come. */
export interface RecoveryProgress {
  readonly bytes: number;
  readonly of: number;
  /** It goes on when the disk has done something: nothing is gained by asking again at once. */
  readonly isWaiting?: boolean;
}

/** What a log holds. */
export interface RecoveredLog {
  readonly definitions: DefinitionState;
  readonly live: LiveMessages;
  readonly segments: Segments;
  /** Of the last batch. */
  readonly lastNumber: number;
  readonly lastCrc: number;
  /** The newest checkpoint that is whole; 0 when there is none. */
  readonly lastCheckpoint: number;
  /** The highest number that a checkpoint has, whole or not: the next one has to be newer than all. */
  readonly highestCheckpoint: number;
  /** Segments that the checkpoint has made free. */
  readonly spares: readonly DiskFile[];
  /** Records that cannot be read, though somebody may have been told that they are durable. */
  readonly damages: readonly Damage[];
  /** Queues of which there are records but, because of damage, no declaration. */
  readonly lostQueues: ReadonlySet<number>;
  /** A batch that was being written when the broker ended; nobody was told that it is durable. */
  readonly torn: Damage | undefined;
  /** The last batch, when the broker may have ended before it was synced. */
  readonly last: StoredBatch | undefined;
  /** Page files of which nothing counts. */
  readonly unusedPageFiles: readonly string[];
  /** The highest number that a page file ever had. */
  readonly lastPageFile: number;
  /** Where the batches with live messages stand, by segment. */
  readonly batches: ReadonlyMap<Segment, readonly number[]>;
  /** How many whole batches there are, by segment. */
  readonly batchCounts: ReadonlyMap<Segment, number>;
}

export class Recovery {
  readonly #disk: Disk;
  readonly #names: SafeNames;
  readonly #segmentBytes: number;
  readonly #buffers = { bytes: new Uint8Array(0) };
  readonly #live = new LiveMessages();
  readonly #definitions = new DefinitionState((id) => this.#queueGone(id));
  readonly #damages: Damage[] = [];
  readonly #lostQueues = new Set<number>();
  readonly #batches = new Map<Segment, number[]>();
  readonly #batchCounts = new Map<Segment, number>();
  readonly #position: ScanPosition = { number: 0, crc: 0 };
  #torn: Damage | undefined;
  #isTornBeforeHole = false;
  #checkpoint: Checkpoint | undefined;
  #last: { readonly file: DiskFile; readonly at: number } | undefined;

  /** Told of queues that go, once the recovery is done. */
  onQueueGone: ((id: number) => void) | undefined;

  /** @param segmentBytes when a segment that is written from now on is full */
  constructor(disk: Disk, names: SafeNames, segmentBytes: number = SEGMENT_BYTES) {
    this.#disk = disk;
    this.#names = names;
    this.#segmentBytes = segmentBytes;
  }

  /** @throws Error when something was written by a newer program, or the disk cannot be read */
  *read(): Generator<RecoveryProgress, RecoveredLog> {
    const { checkpoint, damaged, highestNumber } = readNewestCheckpoint(this.#disk);
    this.#checkpoint = checkpoint;
    this.#applyCheckpoint();
    const before = this.#position.number;
    const { counting, spare } = this.#segmentNumbers();
    // Of those that the checkpoint has made free, the last may be gone already.
    const lastNumber = Math.max((this.#checkpoint?.headSegment ?? 1) - 1, ...counting, ...spare);
    const segments = new Segments(this.#disk, this.#names, lastNumber, this.#segmentBytes);
    yield* this.#readSegments(segments, counting);
    this.#noteMissing();
    // The batches from the older checkpoint on say all that it said. A missing one has been noticed, unless it is the last.
    const beforeHole = this.#segmentBeforeHole(segments);
    if (damaged !== undefined && (this.#position.number === before || beforeHole !== undefined)) {
      this.#damages.push(damaged);
      // As what is missing before a checkpoint: see `#noteMissing`.
      if (beforeHole !== undefined) this.#damages.push(unknownIn(beforeHole.file));
      // What is written from now on must not look as if it were what is missing.
      this.#position.number++;
    }
    // A checkpoint may have listed a part of what a torn batch says.
    if (this.#isDefinitionMissing || this.#torn?.hasDefinitions === true) this.#definitions.dropOvertaken();
    for (const segment of segments) segment.isDamaged = this.#damages.some(({ file }) => file === segment.file.name);
    this.#live.untangle();
    const pages = findPageFiles({ disk: this.#disk, live: this.#live, definitions: this.#definitions });
    this.#damages.push(...pages.damages);
    return {
      definitions: this.#definitions,
      live: this.#live,
      segments,
      lastNumber: this.#position.number,
      lastCrc: this.#position.crc,
      lastCheckpoint: this.#checkpoint?.number ?? 0,
      highestCheckpoint: highestNumber,
      spares: spare.map((number) => this.#disk.open(segmentName(number))),
      damages: this.#damages,
      lostQueues: this.#lostQueues,
      torn: this.#torn,
      last: this.#readLast(),
      // With damage, what seems to be of no use may be what is missing.
      unusedPageFiles: this.#damages.length === 0 ? pages.unused : [],
      lastPageFile: pages.lastFile,
      batches: this.#batches,
      batchCounts: this.#batchCounts,
    };
  }

  *#readSegments(segments: Segments, numbers: readonly number[]): Generator<RecoveryProgress> {
    const files = numbers.map((number) => this.#disk.open(segmentName(number)));
    const of = files.reduce((sum, { size }) => sum + size, 0);
    let before = 0;
    for (const [index, file] of files.entries()) {
      const number = numbers[index] ?? 0;
      if (number !== (numbers[index - 1] ?? number) + 1) this.#isTornBeforeHole = true;
      const segment = segments.adopt(number, file, this.#position.number + 1);
      const scan = new SegmentScan({
        segment,
        damages: this.#damages,
        position: this.#position,
        buffers: this.#buffers,
        before: this.#lastTorn,
      });
      for (let batch = scan.next(); batch !== undefined; batch = scan.next()) {
        if (batch.at === 0) this.#beginSegment(segment, batch.head.number);
        this.#apply(segment, batch);
        this.#batchCounts.set(segment, (this.#batchCounts.get(segment) ?? 0) + 1);
        this.#last = { file, at: batch.at };
        yield { bytes: before + batch.at, of };
      }
      const { end, torn } = scan.rest();
      segment.bytes = end;
      // An empty segment says nothing about the end of the one before.
      if (end > 0 || torn !== undefined) this.#setTorn(torn);
      before += file.size;
    }
  }

  /**
   * Batches that are missing before the first one stood in the segment before, as far as anybody can tell. If not, the
   * segment counts from the first of them on: whoever begins to read there must find that they are missing.
   */
  #beginSegment(segment: Segment, firstBatch: number): void {
    const isBehindGap = this.#damages.at(-1)?.file === segment.file.name;
    if (!isBehindGap) segment.firstBatch = firstBatch;
  }

  /**
   * What is torn at the end of the segment before, when that is the batch which the next one lacks. Where a segment is
   * missing it may have been cut by then, and its number used again in that segment.
   */
  get #lastTorn(): Damage | undefined {
    return this.#isTornBeforeHole ? undefined : this.#torn;
  }

  #setTorn(torn: Damage | undefined): void {
    this.#torn = torn;
    this.#isTornBeforeHole = false;
  }

  /**
   * A checkpoint counts only once all batches before it are durable: none of them can have been torn. What is missing stood
   * behind all that was read: a repair has to leave all of it, or the next start finds that something is missing again.
   */
  #noteMissing(): void {
    const before = (this.#checkpoint?.batch ?? 0) - 1;
    const missing = before - this.#position.number;
    if (missing <= 0) return;
    const head = { name: segmentName(this.#checkpoint?.headSegment ?? 0), size: 0 };
    const torn = missing === 1 ? this.#lastTorn : undefined;
    this.#damages.push(torn ?? unknownIn(this.#last?.file ?? head));
    this.#setTorn(undefined);
    this.#position.number = before;
  }

  /** The last segment with batches, when the one behind it is missing. */
  #segmentBeforeHole(segments: Iterable<Segment>): Segment | undefined {
    const all = [...segments];
    const last = all.findIndex(({ file }) => file === this.#last?.file);
    const next = all[last + 1];
    return next === undefined || next.number === (all[last]?.number ?? 0) + 1 ? undefined : all[last];
  }

  /** A checkpoint counts only once all batches before it are durable. */
  #readLast(): StoredBatch | undefined {
    if (this.#last === undefined || this.#position.number < (this.#checkpoint?.batch ?? 0)) return undefined;
    return copyBatch(this.#last.file, this.#last.at);
  }

  #apply(segment: Segment, batch: FoundBatch): void {
    // Between the checkpoint's head and its position, what it says of definitions and messages is newer than the log.
    const isNewer = batch.head.number >= (this.#checkpoint?.batch ?? 0);
    const reader = new RecordsApplied(batch.view, segment.slot, this.#live, this.#definitions, isNewer);
    readRecords(batch.view, batch.payloadAt, batch.payloadEnd, reader);
    for (const id of reader.unknownQueues) if (this.#isDefinitionMissing) this.#lostQueues.add(id);
    if (!reader.hasMessages) return;
    const batches = this.#batches.get(segment);
    if (batches === undefined) this.#batches.set(segment, [batch.at]);
    else batches.push(batch.at);
  }

  get #isDefinitionMissing(): boolean {
    return this.#damages.some(({ hasDefinitions }) => hasDefinitions);
  }

  #applyCheckpoint(): void {
    if (this.#checkpoint === undefined) return;
    this.#position.number = this.#checkpoint.headBatch - 1;
    for (const definition of this.#checkpoint.definitions) this.#definitions.fold(definition);
    for (const { id, highest, watermark } of this.#checkpoint.marks) {
      // Declared while the checkpoint was written, and read from the log then, or deleted.
      if (this.#definitions.findQueue(id) === undefined) continue;
      this.#live.used(id, highest);
      this.#live.raiseWatermark(id, watermark);
    }
    this.#live.side.takeOver(this.#checkpoint.side, (id) => this.#definitions.findQueue(id) !== undefined);
    for (const page of this.#checkpoint.pages) {
      if (this.#definitions.findQueue(page.queueId) !== undefined) this.#live.pages.add(page);
    }
  }

  #segmentNumbers(): { counting: number[]; spare: number[] } {
    const numbers = this.#disk
      .list()
      .map(segmentNumber)
      .filter((number) => number !== undefined);
    numbers.sort((a, b) => a - b);
    const head = this.#checkpoint?.headSegment ?? 0;
    return { counting: numbers.filter((number) => number >= head), spare: numbers.filter((number) => number < head) };
  }

  #queueGone(id: number): void {
    if (this.onQueueGone === undefined) this.#live.dropQueue(id);
    else this.onQueueGone(id);
  }
}

/** Nobody knows what is missing at the end of a file. */
function unknownIn({ name, size }: Pick<DiskFile, 'name' | 'size'>): Damage {
  return { file: name, from: size, to: size, queueIds: undefined, hasDefinitions: true };
}

/** Applies the records of a batch. */
class RecordsApplied implements RecordReader {
  hasMessages = false;
  readonly unknownQueues: number[] = [];
  readonly #view: DataView;
  readonly #slot: number;
  readonly #live: LiveMessages;
  readonly #definitions: DefinitionState;
  readonly #isNewer: boolean;

  constructor(view: DataView, slot: number, live: LiveMessages, definitions: DefinitionState, isNewer: boolean) {
    this.#view = view;
    this.#slot = slot;
    this.#live = live;
    this.#definitions = definitions;
    this.#isNewer = isNewer;
  }

  content(targetsAt: number, targets: number): void {
    for (let index = 0; index < targets; index++) {
      const queueId = targetQueue(this.#view, targetsAt, index);
      // Of a queue that was deleted, before or since.
      if (this.#definitions.findQueue(queueId) === undefined) this.unknownQueues.push(queueId);
      else {
        this.#live.add(queueId, targetSequence(this.#view, targetsAt, index), this.#slot);
        this.hasMessages = true;
      }
    }
  }

  settle(queueId: number, sequence: number, count: number): void {
    this.#live.removeEverywhere(queueId, sequence, count);
    // The checkpoint may have facts of another message with this sequence, which was free again after a crash.
    if (this.#isNewer) this.#live.side.removeRun(queueId, sequence, count);
  }

  watermark(queueId: number, sequence: number): void {
    // A checkpoint at the end of a clean stop says exactly how far deliveries came.
    if (!this.#isNewer) return;
    if (this.#definitions.findQueue(queueId) !== undefined) this.#live.raiseWatermark(queueId, sequence);
  }

  used(): void {
    unreachable('a segment holds a record of checkpoints' as never);
  }

  paged(place: PagePlace, settled: SettledBits): void {
    if (this.#definitions.findQueue(place.queueId) === undefined) this.unknownQueues.push(place.queueId);
    else this.#live.restorePage(new DurablePage(place, settled));
  }

  sideFact(fact: SideFact): void {
    if (!this.#isNewer) return;
    if (this.#definitions.findQueue(fact.queueId) === undefined) this.unknownQueues.push(fact.queueId);
    else this.#live.side.apply(fact);
  }

  definition(at: number, bytes: number): void {
    if (!this.#isNewer) return;
    const record: DefinitionRecord = decodeDefinition(
      new Uint8Array(this.#view.buffer, this.#view.byteOffset + at, bytes),
    );
    this.#definitions.fold(record);
  }
}
