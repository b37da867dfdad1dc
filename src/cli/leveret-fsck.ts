/**
 * `leveret fsck`: looks through a data directory, prints what is there and what is wrong, and goes on without what is
 * damaged when told to.
 */

import { DataDirectoryError } from '../server/data-directory.ts';
import { checkDirectory, type DirectoryReport, type RepairReport, repairDirectory } from '../server/fsck.ts';
import { repairLines, reportLines } from './leveret-fsck-report.ts';
import type { FsckCommand } from './leveret-options.ts';

/** Nothing is damaged, or not any more; it could not be found out; something is. */
const EXIT_CLEAN = 0;
const EXIT_NOT_CHECKED = 1;
const EXIT_DAMAGED = 2;

export interface FsckIo {
  print(text: string): void;
  printError(text: string): void;
}

/** @returns the exit code */
export async function fsck({ directory, repair, json }: FsckCommand, io: FsckIo): Promise<number> {
  const progress = (text: string) => io.printError(text);
  try {
    if (repair) return tellRepair(await repairDirectory(directory, progress), json, io);
    return tell(await checkDirectory(directory, progress), json, io);
  } catch (error) {
    if (!(error instanceof DataDirectoryError)) throw error;
    io.printError(`leveret: ${error.message}`);
    return EXIT_NOT_CHECKED;
  }
}

function tell(report: DirectoryReport, json: boolean, io: FsckIo): number {
  printAll(json ? [JSON.stringify(report, undefined, 2)] : reportLines(report), io);
  return report.isDamaged ? EXIT_DAMAGED : EXIT_CLEAN;
}

function tellRepair(report: RepairReport, json: boolean, io: FsckIo): number {
  printAll(json ? [JSON.stringify(report, undefined, 2)] : repairLines(report), io);
  return report.after.isDamaged ? EXIT_DAMAGED : EXIT_CLEAN;
}

function printAll(lines: readonly string[], io: FsckIo): void {
  for (const line of lines) io.print(line);
}
