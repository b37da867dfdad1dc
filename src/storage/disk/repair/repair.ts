/**
 * Goes on without what is damaged: everything in a log's directory that can be read is kept, and the next start finds
 * nothing wrong.
 *
 * First the damaged files are copied to where they can be examined. Then what is lost of pages is settled, and what is live
 * in segments up to the last damaged one is written again, at the end of the log. At last a checkpoint behind all that
 * takes over definitions, marks, pages and what else is known of messages. With its name the damage is gone; until then every start finds it as before, and
 * whoever was interrupted begins again.
 */

import { assert } from '../../../base/assert.ts';
import type { Messages } from '../../../core/messages.ts';
import type { Ticket } from '../../../core/ports.ts';
import { SETTLE_REASONS } from '../../../core/records.ts';
import { checkCheckpoints } from '../checkpoint.ts';
import type { Disk, DiskFault, Done } from '../disk.ts';
import { type OpenedLog, openLog } from '../open-log.ts';
import type { DurablePage } from '../pages/durable-page.ts';
import { type PagePlace, pageFileName } from '../pages/page-format.ts';
import type { RecoveredLog, RecoveryProgress } from '../recovery.ts';
import type { Damage } from '../segment-scan.ts';
import type { Segment } from '../segments.ts';
import { concernedBy, type Inspection, inspectLog } from './inspection.ts';
import { findOrphanPages } from './orphan-pages.ts';
import { moveBatches } from './salvage.ts';

/** Written again before the disk is waited for. */
const MOVED_BYTES_MAX = 4 * 1024 * 1024;
/**
 * Sequences of a queue, and ids, that may have been used in what is lost: none of them is used again. So many records take
 * more than a gigabyte of damaged log; and numbers stay below 2^31 for long, where they cost least.
 */
const SEQUENCES_SKIPPED = 2 ** 24;
const IDS_SKIPPED = 2 ** 20;

export interface RepairOptions {
  readonly disk: Disk;
  readonly messages: Messages;
  /** See `OpenLogOptions`. */
  readonly epoch: number;
  readonly segmentBytes?: number;
  /** Copies a file to where it can be examined. @param done called when the copy survives a power cut */
  readonly keep: (file: string, done: Done) => void;
}

/** The disk did not do what was asked. Nothing is lost by it: the damage is found as before. */
export class RepairError extends Error {
  override readonly name = 'RepairError';
}

/**
 * Goes on when the disk has done something, wherever it says that it is waiting.
 *
 * @returns what was found before
 * @throws RepairError
 * @throws Error when a file cannot be read, or a newer program wrote it
 */
export function* repairLog(options: RepairOptions): Generator<RecoveryProgress, Inspection> {
  const inspection = yield* inspectLog(options.disk);
  if (inspection.damages.length === 0) return inspection;
  yield* new Repair(options, inspection).run();
  return inspection;
}

class Repair {
  readonly #options: RepairOptions;
  readonly #inspection: Inspection;
  /** By queue: up to where its messages count as delivered. */
  readonly #marks = new Map<number, number>();
  #fault: DiskFault | undefined;

  constructor(options: RepairOptions, inspection: Inspection) {
    this.#options = options;
    this.#inspection = inspection;
  }

  *run(): Generator<RecoveryProgress> {
    for (const file of this.#filesToKeep()) yield* this.#done((done) => this.#options.keep(file, done));
    const { disk, messages, epoch, segmentBytes } = this.#options;
    const note = (fault: DiskFault | undefined) => {
      this.#fault ??= fault;
    };
    const faults = {
      outOfSpace: (_isOut: boolean, fault: DiskFault | undefined) => note(fault),
      distrusted: () => undefined,
      lost: note,
    };
    const sizes = segmentBytes === undefined ? {} : { segmentBytes };
    const opened = yield* openLog({ disk, messages, epoch, faults, onDurable: () => undefined, ...sizes });
    try {
      yield* this.#repair(opened);
    } finally {
      opened.close();
    }
  }

  *#repair(opened: OpenedLog): Generator<RecoveryProgress> {
    const { log, found } = opened;
    this.#markMissing(opened);
    for (const page of this.#lostPages(opened)) settleAll(page, opened);
    const left = segmentsToLeave(found.segments);
    // A checkpoint that was not finished is about to be removed, and the next one has its name at first.
    yield* this.#done((done) => opened.names.sync(done), opened);
    // The last batch is written again before all else. Where it stands, no message of it must come to stand twice.
    yield* this.#durable(opened, log.appended);
    found.segments.seal();
    for (const moved of moveBatches(left, opened)) {
      if (log.pendingBytes > MOVED_BYTES_MAX) yield* this.#durable(opened, log.appended);
      yield moved;
    }
    this.#skipIds(opened);
    yield* this.#durable(opened, log.appended);
    yield* this.#takeOverOrphans(opened);
    found.live.side.prune((queueId, sequence) => found.live.isLive(queueId, sequence));
    this.#raiseMarks(opened);
    // Messages of deleted queues are still counted, a few less in each turn.
    found.live.settleDropped(Number.POSITIVE_INFINITY);
    for (const { slot } of left)
      assert(found.live.counts[slot] === 0, 'a message was left behind in a damaged segment');
    opened.leaveDamage();
    yield* this.#done((done) => opened.checkpoint(done), opened);
    // Below the new one, or of no use before: nothing asks for them.
    const damaged = checkCheckpoints(this.#options.disk).filter(({ isWhole }) => !isWhole);
    for (const { file } of damaged) yield* this.#done((done) => this.#options.disk.remove(file, done), opened);
    yield* this.#done((done) => opened.names.sync(done), opened);
  }

  /** All that is damaged; when messages lack their queue, also the files that they stand in, which nothing will need. */
  #filesToKeep(): string[] {
    const { damages, segments, pageFiles, queues, lostQueues } = this.#inspection;
    const present = new Set(this.#options.disk.list());
    const wanted = new Set(damages.map(({ file }) => file));
    if (lostQueues.size > 0) {
      const ids = new Set(queues.map(({ id }) => id));
      for (const { file } of segments) wanted.add(file);
      for (const { file, queueId } of pageFiles) if (!ids.has(queueId)) wanted.add(file);
    }
    return [...wanted].filter((file) => present.has(file));
  }

  /** As the log that was opened knows them. */
  #lostPages({ found }: OpenedLog): DurablePage[] {
    const lost = new Set(this.#inspection.pageFiles.flatMap(({ damaged }) => damaged).map(placeOf));
    return found.live.pages.all().filter((page) => lost.has(placeOf(page)));
  }

  *#takeOverOrphans({ found }: OpenedLog): Generator<RecoveryProgress> {
    const concerned = concernedBy(this.#lostRecords);
    if (concerned?.size === 0) return;
    const { disk, messages } = this.#options;
    const whole = this.#inspection.pageFiles.flatMap((file) => file.whole);
    for (const page of yield* findOrphanPages({ disk, found, whole, concerned, messages })) {
      found.live.used(page.queueId, page.firstSequence + page.span - 1);
      found.live.restorePage(page);
    }
  }

  /** Before the settles of what was on a page that is missing are durable: nobody would know of it any more. */
  #markMissing({ log, found }: OpenedLog): void {
    for (const id of this.#queuesOf(this.#missingPages, found)) log.watermark(id, 0, this.#markOf(id, found));
  }

  /** What may have been delivered says so, and what may have been used is not used again. */
  #raiseMarks({ found }: OpenedLog): void {
    for (const id of this.#queuesOf([...this.#lostRecords, ...this.#missingPages], found)) {
      const upTo = this.#markOf(id, found);
      found.live.used(id, upTo);
      found.live.raiseWatermark(id, upTo);
    }
  }

  *#queuesOf(damages: readonly Damage[], found: RecoveredLog): Iterable<number> {
    const concerned = concernedBy(damages);
    for (const { id } of this.#inspection.queues) {
      if (concerned?.has(id) !== false && found.definitions.findQueue(id) !== undefined) yield id;
    }
  }

  #markOf(id: number, { live }: RecoveredLog): number {
    const { highest = 0, watermark = 0 } = live.marksOf(id) ?? {};
    const upTo = this.#marks.get(id) ?? Math.max(highest, watermark) + SEQUENCES_SKIPPED;
    this.#marks.set(id, upTo);
    return upTo;
  }

  #skipIds({ log, found }: OpenedLog): void {
    if (!this.#lostRecords.some(({ hasDefinitions }) => hasDefinitions)) return;
    const highest = Math.max(found.definitions.highestId, ...found.lostQueues) + IDS_SKIPPED;
    log.define({ kind: 'ids.used', highest });
  }

  get #lostRecords() {
    return this.#inspection.damages.filter(({ loss }) => loss === 'records');
  }

  /**
   * A file goes once it is durable that nothing on its pages counts. When it is not there, records of that may be lost, and
   * others with them: a last batch that cannot be read looks as if it had never been durable.
   */
  get #missingPages() {
    const { damages, pageFiles } = this.#inspection;
    const missing = new Set(pageFiles.filter(({ bytes }) => bytes === undefined).map(({ file }) => file));
    return damages.filter(({ file }) => missing.has(file));
  }

  *#durable(opened: OpenedLog, ticket: Ticket): Generator<RecoveryProgress> {
    opened.log.flush();
    while (opened.log.durable < ticket) yield* this.#wait(opened);
  }

  /** Waits for a change. @throws RepairError when it cannot be made */
  *#done(ask: (done: Done) => void, opened?: OpenedLog): Generator<RecoveryProgress> {
    let isDone = false;
    ask((fault) => {
      isDone = true;
      this.#fault ??= fault;
    });
    while (!isDone) yield* this.#wait(opened);
    this.#check();
  }

  *#wait(opened: OpenedLog | undefined): Generator<RecoveryProgress> {
    this.#check();
    yield { bytes: 0, of: 0, isWaiting: true };
    opened?.tick();
  }

  #check(): void {
    if (this.#fault !== undefined) throw new RepairError(this.#fault.message);
  }
}

/** All up to the last one that is damaged: the log is to begin behind it. */
function segmentsToLeave(segments: Iterable<Segment>): Segment[] {
  const all = [...segments];
  return all.slice(0, all.findLastIndex(({ isDamaged }) => isDamaged) + 1);
}

function placeOf({ queueId, file, offset }: PagePlace): string {
  return `${pageFileName(queueId, file)} ${offset}`;
}

/** Settles what is live on a page. */
function settleAll(page: DurablePage, { log }: OpenedLog): void {
  const { queueId, firstSequence, span } = page;
  for (let entry = 0; entry < span; ) {
    const first = entry;
    while (entry < span && page.isLive(firstSequence + entry)) entry++;
    if (entry > first) log.settleRun(queueId, firstSequence + first, entry - first, SETTLE_REASONS.lost);
    else entry++;
  }
}
