/** What goes wrong with the disk at a moment: one operation fails, a file stalls, there is no room, or all is well again. */

import type { DiskOperation } from '../support/disk-faults.ts';
import type { SimulatedDisk } from '../support/simulated-disk.ts';
import type { Chooser } from './chooser.ts';

const OPERATIONS: readonly DiskOperation[] = ['write', 'sync', 'sync', 'rename', 'syncNames', 'remove', 'read', 'open'];
const ROOM_BYTES_MAX = 20_000;

export function makeTrouble(disk: SimulatedDisk, chooser: Chooser): void {
  switch (chooser.below(8)) {
    case 0:
    case 1:
      return disk.faults.failNext(chooser.of(OPERATIONS), { code: chooser.of(['EIO', 'EIO', 'ENOSPC']) });
    case 2:
      return disk.stall(chooser.isOneIn(4) ? undefined : chooser.of(['.', ...disk.list()]));
    case 3:
      disk.bytesMax = disk.usedBytes + chooser.below(ROOM_BYTES_MAX);
      return;
    default:
      disk.resume();
      disk.bytesMax = Number.POSITIVE_INFINITY;
  }
}
