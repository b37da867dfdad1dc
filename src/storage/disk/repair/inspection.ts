/**
 * Looks through everything in a log's directory, and changes nothing: what is there, what is wrong, which queues that
 * concerns, and how many messages each queue has that can be read.
 */

import { type CheckedCheckpoint, checkCheckpoints } from '../checkpoint.ts';
import type { Disk } from '../disk.ts';
import { parsePageFileName } from '../pages/page-format.ts';
import { storedOnce } from '../pages/page-index.ts';
import { type RecoveredLog, Recovery, type RecoveryProgress } from '../recovery.ts';
import { SafeNames } from '../safe-names.ts';
import type { Damage } from '../segment-scan.ts';
import type { Segment } from '../segments.ts';
import { inspectPages, type PageFileFound } from './page-inspection.ts';

export interface SegmentFound {
  readonly file: string;
  /** Of the whole file, with what is left over in it from before. */
  readonly bytes: number;
  /** Batches that are whole, and messages in them that are live. */
  readonly batches: number;
  readonly messages: number;
}

export interface QueueFound {
  readonly id: number;
  readonly name: string;
  readonly vhost: string;
  /** Those that can be read. */
  readonly messages: number;
}

/**
 * What is lost with the damaged bytes: records of the log; messages on a page; nothing, because a checkpoint that cannot be
 * read is not needed.
 */
export type LossKind = 'records' | 'messages' | 'nothing';

export interface DamageFound extends Damage {
  readonly loss: LossKind;
}

export interface Inspection {
  /** Files that hold the log, oldest first. */
  readonly segments: readonly SegmentFound[];
  readonly checkpoints: readonly CheckedCheckpoint[];
  readonly pageFiles: readonly PageFileFound[];
  /** Files that nothing needs: free segments, and what was not finished. */
  readonly unused: readonly string[];
  readonly queues: readonly QueueFound[];
  readonly damages: readonly DamageFound[];
  /** See `RecoveredLog`. */
  readonly torn: Damage | undefined;
  readonly lostQueues: ReadonlySet<number>;
}

/** @throws Error when a file cannot be read, or a newer program wrote it */
export function* inspectLog(disk: Disk): Generator<RecoveryProgress, Inspection> {
  const found = yield* new Recovery(disk, new SafeNames(disk)).read();
  const pageFiles = yield* inspectPages(disk, found.live.pages);
  const segments = [...found.segments].map((segment) => segmentFound(segment, found));
  const unused = [...found.spares.map(({ name }) => name), ...found.unusedPageFiles, ...unfinishedOf(disk)];
  const checkpoints = checkCheckpoints(disk);
  found.segments.close();
  for (const file of found.spares) file.close();
  return {
    segments,
    checkpoints,
    pageFiles,
    unused,
    queues: queuesOf(found, pageFiles),
    damages: damagesOf(found, checkpoints, pageFiles),
    torn: found.torn,
    lostQueues: found.lostQueues,
  };
}

/** The queues whose records or messages are lost by damage; undefined when it could be any. */
export function concernedBy(damages: readonly Damage[]): ReadonlySet<number> | undefined {
  if (damages.some(({ queueIds }) => queueIds === undefined)) return undefined;
  return new Set(damages.flatMap(({ queueIds }) => queueIds ?? []));
}

function segmentFound(segment: Segment, { live, batchCounts }: RecoveredLog): SegmentFound {
  const { name: file, size: bytes } = segment.file;
  return { file, bytes, batches: batchCounts.get(segment) ?? 0, messages: live.counts[segment.slot] ?? 0 };
}

function queuesOf({ definitions, live }: RecoveredLog, pageFiles: readonly PageFileFound[]): QueueFound[] {
  const lost = new Map<number, number>();
  for (const { queueId, live: messages } of pageFiles.flatMap(({ damaged }) => damaged)) {
    lost.set(queueId, (lost.get(queueId) ?? 0) + messages);
  }
  const queues: QueueFound[] = [];
  for (const record of definitions.records()) {
    if (record.kind !== 'queue.declared') continue;
    const { id, name, vhost } = record;
    queues.push({ id, name, vhost, messages: live.countOf(id) - (lost.get(id) ?? 0) });
  }
  return queues;
}

function damagesOf(
  { damages, definitions }: RecoveredLog,
  checkpoints: readonly CheckedCheckpoint[],
  pageFiles: readonly PageFileFound[],
): DamageFound[] {
  const records = damages.filter(({ file }) => parsePageFileName(file) === undefined);
  const needed = new Set(records.map(({ file }) => file));
  const unneeded = checkpoints.filter(({ file, isWhole }) => !isWhole && !needed.has(file));
  const pages = pageFiles.flatMap(({ file, damaged }) => storedOnce(damaged).map((page) => ({ file, page })));
  return [
    ...records.map((damage): DamageFound => {
      // Queues that are gone have nothing to lose.
      const queueIds = damage.queueIds?.filter((id) => definitions.findQueue(id) !== undefined);
      return { ...damage, queueIds, loss: 'records' };
    }),
    ...pages.map(({ file, page: { offset, bytes, queueId } }): DamageFound => {
      return { file, from: offset, to: offset + bytes, queueIds: [queueId], hasDefinitions: false, loss: 'messages' };
    }),
    ...unneeded.map(({ file, bytes }): DamageFound => {
      return { file, from: 0, to: bytes, queueIds: [], hasDefinitions: false, loss: 'nothing' };
    }),
  ];
}

function unfinishedOf(disk: Disk): string[] {
  return disk.list().filter((name) => name.endsWith('.unfinished'));
}
