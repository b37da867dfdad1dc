/** Repairs of logs on the simulated disk: to the end, or up to any step. */

import { Messages } from '../../src/core/messages.ts';
import type { DiskFault, Done } from '../../src/storage/disk/disk.ts';
import { type Inspection, inspectLog } from '../../src/storage/disk/repair/inspection.ts';
import { repairLog } from '../../src/storage/disk/repair/repair.ts';
import type { SimulatedDisk } from './simulated-disk.ts';

export interface RepairedOptions {
  readonly segmentBytes?: number;
  readonly messages?: Messages;
}

/** Where a repair puts files that are damaged. */
export const KEPT = 'damaged/';

/** What is there, and what is wrong. */
export function inspected(disk: SimulatedDisk): Inspection {
  return result(inspectLog(disk), () => undefined);
}

/** Repairs what is on a disk. @returns what was found before. @throws what the repair throws */
export function repaired(disk: SimulatedDisk, options: RepairedOptions = {}): Inspection {
  const found = result(repairOf(disk, options), () => disk.step());
  disk.runAll();
  return found;
}

/**
 * Begins to repair what is on a disk, and leaves it after so many steps.
 * @returns whether it came to its end before
 */
export function repairedUpTo(steps: number, disk: SimulatedDisk, options: RepairedOptions = {}): boolean {
  const repairing = repairOf(disk, options);
  for (let left = steps; left > 0; ) {
    const { value, done } = repairing.next();
    if (done === true) return true;
    if (value.isWaiting !== true) continue;
    disk.step();
    left--;
  }
  return false;
}

function repairOf(disk: SimulatedDisk, { segmentBytes, messages = new Messages() }: RepairedOptions) {
  const sizes = segmentBytes === undefined ? {} : { segmentBytes };
  return repairLog({ disk, messages, epoch: 77, keep: (file, done) => copyFile(disk, file, done), ...sizes });
}

function copyFile(disk: SimulatedDisk, name: string, done: Done): void {
  const from = disk.open(name);
  const bytes = new Uint8Array(from.size);
  from.readNow(bytes, 0);
  from.close();
  const to = disk.open(KEPT + name);
  const then = (next: () => void) => (fault: DiskFault | undefined) => {
    if (fault === undefined) next();
    else done(fault);
  };
  const sync = () => to.sync(then(named));
  const named = () => {
    to.close();
    disk.syncNames(done);
  };
  to.write(bytes, 0, then(sync));
}

function result<Result>(steps: Generator<{ readonly isWaiting?: boolean }, Result>, wait: () => void): Result {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (step.value.isWaiting === true) wait();
  }
}
