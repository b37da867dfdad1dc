/**
 * Makes segments free again, oldest first: what is still live in one is written to the end of the log, a checkpoint
 * takes over the definitions, and when that counts, and with it all that the log held by then, the file is used for new
 * records.
 *
 * Works in steps, a few each turn. One stuck message costs its own bytes once in a while, not the disk of all that came
 * after it.
 */

import type { DefinitionState } from '../definition-state.ts';
import type { BatchSaver } from './batch-saver.ts';
import { type CheckpointPosition, checkpointNumber } from './checkpoint.ts';
import { CheckpointWriter, unfinishedName } from './checkpoint-writer.ts';
import type { Disk, Done } from './disk.ts';
import type { DiskLog } from './disk-log.ts';
import type { LiveMessages } from './live-messages.ts';
import type { SafeNames } from './safe-names.ts';
import { SegmentMover } from './segment-mover.ts';
import type { Segment, Segments } from './segments.ts';

/** A log with fewer full segments than these is not worth making smaller. */
const SEGMENTS_MIN = 4;
/** Live messages are moved when they are a smaller share than this: then no byte is copied more than once on average. */
const LIVE_SHARE_MAX = 0.5;
/** On a full disk, when they are a smaller share than this of a file of the reserve. */
const FULL_LIVE_SHARE_MAX = 0.125;

export interface ReclaimerOptions {
  readonly disk: Disk;
  readonly names: SafeNames;
  readonly log: DiskLog;
  readonly segments: Segments;
  readonly saver: BatchSaver;
  readonly live: LiveMessages;
  readonly definitions: DefinitionState;
  /** The number of the newest checkpoint that is whole. */
  readonly lastCheckpoint: number;
  /** The highest number that any has. */
  readonly highestCheckpoint: number;
  /** See `CheckpointWriterOptions.recordsPerStep`. */
  readonly checkpointRecords?: number | undefined;
  /** See `Reclaimer.isHeld`. */
  readonly isHeld?: boolean;
}

export class Reclaimer {
  readonly metrics = { movedBytes: 0, checkpoints: 0, retired: 0 };
  /** There is damage that no segment stands for: with the next checkpoint, nobody would know of it any more. */
  isHeld: boolean;
  readonly #options: ReclaimerOptions;
  /** The last batch of earlier starts. */
  readonly #foundBatch: number;
  #mover: SegmentMover | undefined;
  #writer: CheckpointWriter | undefined;
  /** Of the newest checkpoint, and of the newest one that was tried. */
  #lastCheckpoint: number;
  #lastNumber: number;
  #isCheckpointWanted = false;
  /** A file of the reserve is on its way to become the next one. */
  #isTakingReserve = false;
  /** The last one could not be had, and no time has gone by since. */
  #isResting = false;
  /** Those who want the next checkpoint that is begun. */
  #waiting: Done[] = [];

  constructor(options: ReclaimerOptions) {
    this.#options = options;
    this.#foundBatch = options.saver.nextBatch - 1;
    this.#lastCheckpoint = options.lastCheckpoint;
    this.#lastNumber = options.highestCheckpoint;
    this.isHeld = options.isHeld ?? false;
  }

  /** Bytes of all segments, and about how many of them belong to messages that are live. */
  get sizes(): { readonly bytes: number; readonly liveBytes: number } {
    let bytes = 0;
    let liveBytes = 0;
    for (const segment of this.#options.segments) {
      bytes += segment.bytes;
      liveBytes += this.#liveBytesOf(segment);
    }
    return { bytes, liveBytes };
  }

  /** Writes a checkpoint whatever there is to reclaim. @param done called when it counts, or cannot be had */
  checkpoint(done: Done): void {
    if (this.isHeld) return done({ code: 'EDAMAGED', message: 'the log is damaged' });
    this.#waiting.push(done);
    this.#isCheckpointWanted = true;
    this.step();
  }

  /** Time goes by: what failed may be tried again. */
  tick(): void {
    this.#isResting = false;
  }

  /** Does a little. Called at the end of turns, and now and then. */
  step(): void {
    this.#options.live.settleDropped(64);
    if (this.#isTakingReserve) return;
    if (this.#writer !== undefined) return this.#writer.step();
    const mayBegin = !this.#isResting && !this.isHeld;
    if (mayBegin && (this.#isCheckpointWanted || this.#isOldestDead)) return this.#beginCheckpoint();
    if (this.#mover !== undefined) return this.#mover.step();
    if (this.#isSparse) this.#beginMove();
  }

  get #isOldestDead(): boolean {
    const { segments, live } = this.#options;
    const { oldest } = segments;
    return segments.length > 1 && oldest !== undefined && !oldest.isDamaged && live.counts[oldest.slot] === 0;
  }

  get #isSparse(): boolean {
    const { oldest, current, bytesMax } = this.#options.segments;
    if (oldest === undefined || oldest === current || oldest.isDamaged) return false;
    // Not next to the copy of the last batch of the start before: a message would stand in one segment twice.
    if (current === undefined || current.firstBatch <= this.#foundBatch) return false;
    if (this.#options.saver.isOutOfSpace) {
      // The little that keeps a whole segment from being free.
      return this.#liveBytesOf(oldest) < FULL_LIVE_SHARE_MAX * this.#options.segments.reserve.fileBytes;
    }
    const { bytes, liveBytes } = this.sizes;
    return bytes > SEGMENTS_MIN * bytesMax && liveBytes < LIVE_SHARE_MAX * bytes;
  }

  #liveBytesOf({ slot, bytes }: Segment): number {
    const { counts, totals } = this.#options.live;
    const total = totals[slot] ?? 0;
    return total === 0 ? 0 : (bytes * (counts[slot] ?? 0)) / total;
  }

  #beginMove(): void {
    const { segments, live, log } = this.#options;
    const { oldest } = segments;
    if (oldest === undefined) return;
    this.#mover = new SegmentMover(oldest, live, log, () => this.#endMove());
  }

  #beginCheckpoint(): void {
    const number = ++this.#lastNumber;
    const { saver, segments } = this.#options;
    if (!saver.isOutOfSpace || !segments.reserve.hasCheckpoint) return this.#writeCheckpoint(number);
    this.#isTakingReserve = true;
    segments.reserve.take(unfinishedName(number), () => {
      this.#isTakingReserve = false;
      // After a fault too: there may be room by now.
      this.#writeCheckpoint(number);
    });
  }

  /** All segments before the first one that holds something are not needed once the checkpoint counts. */
  #writeCheckpoint(number: number): void {
    const { disk, names, definitions, live, log, saver, segments, checkpointRecords } = this.#options;
    const needed = [...segments].find(({ slot, isDamaged }) => isDamaged || live.counts[slot] !== 0);
    const headSegment = needed?.number ?? segments.upcomingNumber;
    const headBatch = (needed ?? segments.current)?.firstBatch ?? saver.nextBatch;
    const position = { headSegment, headBatch, batch: saver.nextBatch };
    this.#isCheckpointWanted = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    const done: Done = (fault) => {
      this.#writer = undefined;
      this.#isResting = fault !== undefined;
      if (fault === undefined) this.#count(number, position);
      for (const wanted of waiting) wanted(fault);
    };
    try {
      this.#writer = new CheckpointWriter({
        disk,
        names,
        number,
        position,
        definitions,
        live,
        log,
        durableBatch: () => saver.durableBatch,
        recordsPerStep: checkpointRecords,
        done,
      });
    } catch (error) {
      done({ code: 'EIO', message: String(error) });
    }
  }

  #count(number: number, position: CheckpointPosition): void {
    this.metrics.checkpoints++;
    this.#removeBefore(this.#lastCheckpoint);
    this.#lastCheckpoint = number;
    this.#retire(position);
  }

  /** The one before the newest stays, for when that cannot be read. */
  #removeBefore(checkpoint: number): void {
    const { disk } = this.#options;
    for (const name of disk.list()) {
      if ((checkpointNumber(name) ?? Infinity) < checkpoint) disk.remove(name, () => undefined);
    }
  }

  #retire(position: CheckpointPosition): void {
    const { segments } = this.#options;
    while (segments.length > 1 && (segments.oldest?.number ?? Infinity) < position.headSegment) {
      if (this.#mover?.segment === segments.oldest) this.#endMove();
      this.#options.live.forgetSlot(segments.oldest?.slot ?? 0);
      segments.retireOldest();
      this.metrics.retired++;
    }
  }

  #endMove(): void {
    if (this.#mover === undefined) return;
    this.#mover.stop();
    this.metrics.movedBytes += this.#mover.movedBytes;
    this.#mover = undefined;
  }
}
