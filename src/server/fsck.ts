/**
 * Looks through a data directory that no broker uses, and goes on without what is damaged when that is asked for. What is
 * found is told in plain values, for whoever prints it.
 */

import { randomInt } from 'node:crypto';
import { Messages } from '../core/messages.ts';
import { NewerFormatError } from '../storage/disk/newer-format.ts';
import { storedOnce } from '../storage/disk/pages/page-index.ts';
import type { RecoveryProgress } from '../storage/disk/recovery.ts';
import { type DamageFound, type Inspection, inspectLog } from '../storage/disk/repair/inspection.ts';
import { RepairError, repairLog } from '../storage/disk/repair/repair.ts';
import { DataDirectory, DataDirectoryError } from './data-directory.ts';
import { assertCheckable } from './directory-check.ts';
import { KeptFiles } from './kept-files.ts';
import { ReadOnlyDisk } from './read-only-disk.ts';
import { percent, runSteps } from './steps.ts';
import { errorCode } from './system-error.ts';

export interface FoundQueue {
  readonly vhost: string;
  readonly name: string;
}

/** Bytes `from` up to `to` of a file that are not as they were written. */
export interface FoundDamage {
  readonly file: string;
  readonly from: number;
  readonly to: number;
  /** `records` of the log, `messages` on a page; `nothing` of a checkpoint that is not needed. */
  readonly loss: DamageFound['loss'];
  /** The queues that may have lost something, which a broker stops. */
  readonly queues: readonly FoundQueue[];
  /** It may be any queue. */
  readonly allQueues: boolean;
  /** Declarations may be lost too: of queues, exchanges, bindings, users. */
  readonly definitions: boolean;
}

/** What was found, as `leveret fsck --json` prints it. Sizes are bytes. */
export interface DirectoryReport {
  /** Absolute. */
  readonly directory: string;
  readonly isDamaged: boolean;
  readonly segments: Inspection['segments'];
  readonly checkpoints: Inspection['checkpoints'];
  readonly pageFiles: readonly {
    readonly file: string;
    /** Undefined when it is not there. */
    readonly bytes: number | undefined;
    /** Those that the log relies on, and how many of them cannot be read. */
    readonly pages: number;
    readonly damagedPages: number;
    readonly messages: number;
  }[];
  /** Files that the next start removes or uses again. */
  readonly unused: readonly string[];
  /** A batch that was being written at the end. The next start cuts it; nobody was told that it is durable. */
  readonly torn: { readonly file: string; readonly from: number } | undefined;
  readonly damages: readonly FoundDamage[];
  /** With so many messages that can be read. */
  readonly queues: readonly (FoundQueue & { readonly messages: number; readonly isStopped: boolean })[];
  /** Ids of queues of which there are messages and no declaration. */
  readonly lostQueues: readonly number[];
}

export interface RepairReport {
  /** What was found before. */
  readonly before: DirectoryReport;
  /** What is there now; the same when nothing was damaged. */
  readonly after: DirectoryReport;
  /** The folder with copies of the damaged files, if there are any. */
  readonly kept: { readonly folder: string; readonly files: readonly string[] } | undefined;
}

/** Told how far it is, when it takes long. */
export type ReportProgress = (text: string) => void;

/**
 * Changes nothing.
 *
 * @throws DataDirectoryError when there is no such directory, a broker uses it, a newer program wrote it, or it cannot be
 * read
 */
export async function checkDirectory(path: string, progress: ReportProgress): Promise<DirectoryReport> {
  const directory = await assertCheckable(path);
  const report = await explained(directory, () => inspect(directory, progress));
  // One that was started meanwhile has changed what was looked at.
  await assertCheckable(path);
  return report;
}

/**
 * Goes on without what is damaged.
 *
 * @throws DataDirectoryError as `checkDirectory`, and when the disk does not take what is to be written; then nothing is lost
 */
export async function repairDirectory(path: string, progress: ReportProgress): Promise<RepairReport> {
  const absolute = await assertCheckable(path);
  const directory = await DataDirectory.claim(absolute);
  try {
    return await explained(absolute, () => repair(directory, progress));
  } finally {
    await directory.release();
  }
}

async function repair(directory: DataDirectory, progress: ReportProgress): Promise<RepairReport> {
  const { path, disk } = directory;
  const before = await inspect(path, progress);
  if (!before.isDamaged) return { before, after: before, kept: undefined };
  const kept = new KeptFiles(path, new Date());
  const keep = kept.keep.bind(kept);
  const repairing = repairLog({ disk, messages: new Messages(), epoch: randomInt(2 ** 32), keep });
  await runSteps(repairing, said(`repairing ${path}`, progress));
  // What was asked for at last is done before anybody looks.
  await disk.close();
  const after = await inspect(path, progress);
  const { folder, files } = kept;
  return { before, after, kept: files.length === 0 ? undefined : { folder, files } };
}

async function inspect(path: string, progress: ReportProgress): Promise<DirectoryReport> {
  const disk = new ReadOnlyDisk(path);
  try {
    return reportOf(path, await runSteps(inspectLog(disk), said(`reading ${path}`, progress)));
  } finally {
    disk.close();
  }
}

function said(what: string, progress: ReportProgress): (step: RecoveryProgress) => void {
  return (step) => progress(step.isWaiting === true ? `${what}: waiting for the disk` : `${what}: ${percent(step)}`);
}

/** What the user can do something about is a clear line. */
async function explained<Result>(directory: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error) || error instanceof DataDirectoryError) throw error;
    const isKnown = error instanceof NewerFormatError || error instanceof RepairError;
    if (!isKnown && errorCode(error.cause) === undefined) throw error;
    const rest = error instanceof RepairError ? '. Nothing is lost: put that right, and repair it again.' : '';
    throw new DataDirectoryError(`the data directory ${directory}: ${error.message}${rest}`, { cause: error });
  }
}

function reportOf(directory: string, inspection: Inspection): DirectoryReport {
  const { segments, checkpoints, pageFiles, unused, queues, damages, torn, lostQueues } = inspection;
  const stopped = damages.filter(({ loss }) => loss !== 'nothing');
  const isStopped = (id: number) => stopped.some(({ queueIds }) => queueIds?.includes(id) ?? true);
  return {
    directory,
    isDamaged: damages.length > 0,
    segments,
    checkpoints,
    pageFiles: pageFiles.map(({ file, bytes, counting, damaged, messages }) => {
      return { file, bytes, pages: counting, damagedPages: storedOnce(damaged).length, messages };
    }),
    unused,
    torn: torn === undefined ? undefined : { file: torn.file, from: torn.from },
    damages: damages.map(({ file, from, to, loss, queueIds, hasDefinitions }) => {
      const concerned = queueIds === undefined ? queues : queues.filter(({ id }) => queueIds.includes(id));
      const named = concerned.map(({ vhost, name }) => ({ vhost, name }));
      const isAny = queueIds === undefined;
      return { file, from, to, loss, queues: named, allQueues: isAny, definitions: hasDefinitions };
    }),
    queues: queues.map(({ id, vhost, name, messages }) => ({ vhost, name, messages, isStopped: isStopped(id) })),
    lostQueues: [...lostQueues].sort((a, b) => a - b),
  };
}
