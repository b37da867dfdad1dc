/**
 * Makes segments free again, oldest first: what is still live in one is written to the end of the log, a checkpoint
 * takes over the definitions, and when both are durable the file is used for new records.
 *
 * Works in steps, a few each turn. One stuck message costs its own bytes once in a while, not the disk of all that came
 * after it.
 */

import type { Ticket } from '../../core/ports.ts';
import type { DefinitionState } from '../definition-state.ts';
import type { BatchSaver } from './batch-saver.ts';
import { type CheckpointPosition, checkpointName } from './checkpoint.ts';
import { CheckpointWriter } from './checkpoint-writer.ts';
import type { Disk, DiskFault } from './disk.ts';
import type { DiskLog } from './disk-log.ts';
import type { LiveMessages } from './live-messages.ts';
import { SegmentMover } from './segment-mover.ts';
import type { Segment, Segments } from './segments.ts';

/** A log with fewer full segments than these is not worth making smaller. */
const SEGMENTS_MIN = 4;
/** Live messages are moved when they are a smaller share than this: then no byte is copied more than once on average. */
const LIVE_SHARE_MAX = 0.5;

export interface ReclaimerOptions {
  readonly disk: Disk;
  readonly log: DiskLog;
  readonly segments: Segments;
  readonly saver: BatchSaver;
  readonly live: LiveMessages;
  readonly definitions: DefinitionState;
  /** Of the newest checkpoint; 0 when there is none. */
  readonly lastCheckpoint: number;
}

export class Reclaimer {
  readonly metrics = { movedBytes: 0, checkpoints: 0, retired: 0 };
  readonly #options: ReclaimerOptions;
  #mover: SegmentMover | undefined;
  #writer: CheckpointWriter | undefined;
  #position: CheckpointPosition | undefined;
  /** What must be durable before segments are reused. */
  #ticket: Ticket = 0;
  #lastCheckpoint: number;
  #isCheckpointWanted = false;
  #onCheckpoint: ((fault: DiskFault | undefined) => void)[] = [];

  constructor(options: ReclaimerOptions) {
    this.#options = options;
    this.#lastCheckpoint = options.lastCheckpoint;
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
  checkpoint(done: (fault: DiskFault | undefined) => void): void {
    this.#onCheckpoint.push(done);
    this.#isCheckpointWanted = true;
    this.step();
  }

  /** Does a little. Called at the end of turns, and now and then. */
  step(): void {
    this.#options.live.settleDropped(64);
    if (this.#writer !== undefined) return this.#writer.step();
    if (this.#position !== undefined) return this.#retire(this.#position);
    if (this.#isCheckpointWanted || this.#isOldestDead) return this.#beginCheckpoint();
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
    this.#mover = new SegmentMover(oldest, live, log, (movedBytes) => {
      this.metrics.movedBytes += movedBytes;
      this.#mover = undefined;
    });
  }

  /** All segments before the first one that holds something are not needed once the checkpoint counts. */
  #beginCheckpoint(): void {
    const { disk, definitions, live, log, saver, segments } = this.#options;
    const needed = [...segments].find(({ slot, isDamaged }) => isDamaged || live.counts[slot] !== 0);
    const headSegment = needed?.number ?? segments.upcomingNumber;
    const headBatch = (needed ?? segments.current)?.firstBatch ?? saver.nextBatch;
    const position = { headSegment, headBatch, batch: saver.nextBatch };
    this.#isCheckpointWanted = false;
    this.#ticket = log.appended;
    const number = this.#lastCheckpoint + 1;
    try {
      this.#writer = new CheckpointWriter({
        disk,
        number,
        position,
        definitions,
        live,
        done: (fault) => this.#checkpointed(number, position, fault),
      });
    } catch (error) {
      this.#checkpointed(number, position, { code: 'EIO', message: String(error) });
    }
  }

  #checkpointed(number: number, position: CheckpointPosition, fault: DiskFault | undefined): void {
    this.#writer = undefined;
    const waiting = this.#onCheckpoint;
    this.#onCheckpoint = [];
    if (fault === undefined) this.#count(number, position);
    for (const done of waiting) done(fault);
  }

  #count(number: number, position: CheckpointPosition): void {
    this.metrics.checkpoints++;
    this.#options.disk.remove(checkpointName(number - 2), () => undefined);
    this.#lastCheckpoint = number;
    this.#position = position;
  }

  #retire(position: CheckpointPosition): void {
    const { segments, log } = this.#options;
    if (log.durable < this.#ticket) return;
    this.#position = undefined;
    while (segments.length > 1 && (segments.oldest?.number ?? Infinity) < position.headSegment) {
      this.#options.live.forgetSlot(segments.oldest?.slot ?? 0);
      segments.retireOldest();
      this.metrics.retired++;
    }
  }
}
