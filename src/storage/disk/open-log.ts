/**
 * Opens the log of a directory: reads what is there, and makes a log that goes on behind it.
 */

import type { DurationStats } from '../../base/durations.ts';
import type { Messages } from '../../core/messages.ts';
import type { DeliverAt } from '../../core/ports.ts';
import type { QueueSideState } from '../../core/side-fact.ts';
import type { DefinitionState } from '../definition-state.ts';
import { BatchSaver, type SaverFaults } from './batch-saver.ts';
import { BatchWriter } from './batch-writer.ts';
import { checkpointName, checkpointNumber } from './checkpoint.ts';
import type { Disk, DiskFault } from './disk.ts';
import { BATCH_BYTES_MAX, DiskLog } from './disk-log.ts';
import type { QueueMarks } from './live-messages.ts';
import { parsePageFileName } from './pages/page-format.ts';
import { Reclaimer } from './reclaimer.ts';
import { type RecoveredLog, Recovery, type RecoveryProgress } from './recovery.ts';
import { SafeNames } from './safe-names.ts';
import { type RestoreMessage, readMessages } from './stored-messages.ts';

export interface OpenLogOptions {
  readonly disk: Disk;
  readonly messages: Messages;
  /** A number that no other start of the broker has had, as far as that goes: 32 random bits. */
  readonly epoch: number;
  readonly faults: SaverFaults;
  /** Records became durable between turns. */
  readonly onDurable: () => void;
  /** When a segment is full; 64 MB unless given. */
  readonly segmentBytes?: number;
  /** About how much goes into one batch; 4 MB unless given. */
  readonly batchBytes?: number;
  /** Milliseconds that never go back: without it no time is measured. */
  readonly elapsedMs?: () => number;
  /** In each of the files that are kept for a full disk; 0 for none; see `reserveBytesOf` unless given. */
  readonly reserveBytes?: number;
  /** Records that go into a checkpoint in one step; 500 unless given. */
  readonly checkpointRecords?: number;
  /** 'append' unless given. */
  readonly deliverAt?: DeliverAt;
}

/** What the log reports of itself. Bytes with everything that stands on the disk; times in milliseconds. */
export interface LogMetrics {
  readonly bytes: number;
  readonly liveBytes: number;
  readonly deadBytes: number;
  readonly pendingBytes: number;
  readonly segments: number;
  readonly batches: number;
  readonly records: number;
  readonly writtenBytes: number;
  /** Of the segments; also those that failed. */
  readonly syncs: DurationStats;
  readonly published: number;
  /** Each message once, whatever number of queues it reached: `writtenBytes` and `movedBytes` are to be compared with it. */
  readonly publishedBytes: number;
  readonly elided: number;
  /** Batches whose publishes had to wait for room on the disk. */
  readonly held: number;
  readonly movedBytes: number;
  readonly checkpoints: number;
  readonly retired: number;
}

/** A log that was opened, with what it found. */
export class OpenedLog {
  readonly log: DiskLog;
  readonly found: RecoveredLog;
  readonly #saver: BatchSaver;
  readonly #reclaimer: Reclaimer;
  readonly #messages: Messages;
  readonly #disk: Disk;
  /** For all who make files in the log's directory. */
  readonly names: SafeNames;

  constructor(found: RecoveredLog, names: SafeNames, options: OpenLogOptions) {
    const { disk, messages, epoch, faults, onDurable, batchBytes, checkpointRecords, elapsedMs = () => 0 } = options;
    const { deliverAt } = options;
    const { live, segments, definitions, lastNumber, lastCrc, lastCheckpoint, highestCheckpoint, damages } = found;
    // With damage, a checkpoint that cannot be read stays as it is, and so do files that may say more.
    const spares = damages.length === 0 ? found.spares : [];
    this.found = found;
    this.#messages = messages;
    this.#disk = disk;
    this.names = names;
    const writer = new BatchWriter(messages, live);
    this.#saver = new BatchSaver({ segments, writer, epoch, lastNumber, lastCrc, faults, elapsedMs });
    const step = () => this.#reclaimer.step();
    const { side } = live;
    this.log = new DiskLog({
      messages,
      definitions,
      side,
      saver: this.#saver,
      onDurable,
      onFlush: step,
      batchBytes,
      deliverAt,
    });
    const log = this.log;
    this.#reclaimer = new Reclaimer({
      disk,
      names,
      log,
      segments,
      saver: this.#saver,
      live,
      definitions,
      lastCheckpoint: spares.length === 0 ? lastCheckpoint : highestCheckpoint + 1,
      highestCheckpoint: spares.length === 0 ? highestCheckpoint : highestCheckpoint + 1,
      checkpointRecords,
      isHeld: hasUnheldDamage(found),
    });
    segments.reserve.open(options.reserveBytes ?? reserveBytesOf(segments.bytesMax, batchBytes));
    // What was torn is not written over: a new segment is easier to tell apart than a new end of an old one.
    segments.seal();
    // What a checkpoint has freed is free once it is certain that the checkpoint has its name.
    if (spares.length === 0) segments.begin([]);
    else {
      const [from, to] = [checkpointName(lastCheckpoint), checkpointName(highestCheckpoint + 1)];
      names.rename(from, to, (fault) => segments.begin(fault === undefined ? spares : []));
    }
    if (found.last !== undefined) log.resume(found.last);
    this.#removePageFiles();
    if (damages.length === 0) removeOldCheckpoints(disk, lastCheckpoint);
  }

  get definitions(): DefinitionState {
    return this.found.definitions;
  }

  /** Marks of a queue; nothing of it was ever logged when undefined. */
  marksOf(queueId: number): QueueMarks | undefined {
    return this.found.live.marksOf(queueId);
  }

  /**
   * What else is known of a queue and its messages; undefined when that is nothing. It changes as the log goes on: to be
   * read before that. Where something is damaged, it may speak of messages that are not there.
   */
  sideStateOf(queueId: number): QueueSideState | undefined {
    return this.found.live.side.of(queueId);
  }

  /** Hands out the messages that are live. */
  readMessages(restore: RestoreMessage): Generator<RecoveryProgress> {
    return readMessages(this.found, this.#messages, restore);
  }

  /** Those of which nothing counts. The last batch may have said so, and is not certain before it is written again. */
  #removePageFiles(): void {
    const { log } = this;
    const remove = () => {
      for (const name of this.found.unusedPageFiles) this.#disk.remove(name, () => undefined);
    };
    if (log.durable === log.appended) remove();
    else log.whenDurable(log.appended, { durabilityReached: remove });
  }

  /** Some time has gone by: about twice a second. */
  tick(): void {
    this.#reclaimer.tick();
    this.found.segments.tick(this.#reclaimer.sizes.bytes);
    this.#saver.tick();
    this.log.tick();
    this.log.flush();
  }

  /** Messages of a queue have been delivered up to here and no further: for the checkpoint of a clean stop. */
  deliveredUpTo(queueId: number, sequence: number): void {
    this.found.live.setWatermark(queueId, sequence);
  }

  /** Writes a checkpoint, once all that is appended is durable. @param done called when it counts, or cannot be had */
  checkpoint(done: (fault: DiskFault | undefined) => void): void {
    this.#reclaimer.checkpoint(done);
  }

  /** What is damaged is not needed any more: the next checkpoint goes on without it, and it is gone with that. */
  leaveDamage(): void {
    for (const segment of this.found.segments) segment.isDamaged = false;
    this.#reclaimer.isHeld = false;
  }

  /** Nothing more is written. Whoever wants everything on disk waits for `log.durable` first. */
  close(): void {
    this.#saver.close();
    this.found.segments.close();
    for (const file of this.found.spares) file.close();
  }

  get metrics(): LogMetrics {
    const { bytes, liveBytes } = this.#reclaimer.sizes;
    const { batches, bytes: writtenBytes, records, syncs } = this.#saver.metrics;
    return {
      bytes,
      liveBytes,
      deadBytes: bytes - liveBytes,
      pendingBytes: this.log.pendingBytes,
      segments: this.found.segments.length,
      batches,
      records,
      writtenBytes,
      syncs: syncs.stats,
      ...this.log.metrics,
      ...this.#reclaimer.metrics,
    };
  }
}

/**
 * Enough for settles of as many messages as a segment holds, and for a few batches: of these one may be under way when the
 * disk is found to be full.
 */
function reserveBytesOf(segmentBytes: number, batchBytes: number = BATCH_BYTES_MAX): number {
  return Math.max(segmentBytes / 8, 2 * batchBytes);
}

/** @throws Error when something was written by a newer program, or the disk cannot be read */
export function* openLog(options: OpenLogOptions): Generator<RecoveryProgress, OpenedLog> {
  const names = new SafeNames(options.disk);
  removeUnfinished(options.disk);
  const recovery = new Recovery(options.disk, names, options.segmentBytes);
  const found = yield* recovery.read();
  const opened = new OpenedLog(found, names, options);
  recovery.onQueueGone = (id) => opened.log.queueGone(id);
  return opened;
}

/** Records are missing that stood in no segment that is still there. */
function hasUnheldDamage({ damages, segments }: RecoveredLog): boolean {
  const files = new Set([...segments].map(({ file }) => file.name));
  return damages.some(({ file }) => !files.has(file) && parsePageFileName(file) === undefined);
}

/**
 * Those that the broker before had no time to remove, or that a power cut has brought back. The one before the newest that is
 * whole stays, for when that cannot be read.
 */
function removeOldCheckpoints(disk: Disk, newest: number): void {
  const numbers = disk.list().map((name) => checkpointNumber(name) ?? Number.POSITIVE_INFINITY);
  const before = numbers.filter((number) => number < newest);
  const kept = Math.max(...before);
  for (const number of before) if (number < kept) disk.remove(checkpointName(number), () => undefined);
}

/** A checkpoint that was being written when the broker ended. */
function removeUnfinished(disk: Disk): void {
  for (const name of disk.list()) {
    if (checkpointNumber(name) === undefined && name.startsWith('checkpoint-')) disk.remove(name, () => undefined);
  }
}
