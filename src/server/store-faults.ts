/**
 * What the broker does when the disk does not do what it should: blocks publishers while there is no room, says which file
 * it does not trust any more, and ends when nothing can be kept.
 */

import type { LogLines } from '../core/log-lines.ts';
import type { SaverFaults } from '../storage/disk/batch-saver.ts';
import type { DiskFault } from '../storage/disk/disk.ts';

/** The exit code of a broker that cannot keep anything any more: sysexits' EX_IOERR. */
const EXIT_DISK_LOST = 74;
/** Time for the operator's log to be written, and for clients to see that nothing is confirmed. */
const GRACE_MS = 2000;

/** Told whether there is space for what is to be written. */
export interface WriteSpace {
  /** A write has found none. May be repeated. */
  outOfSpace(): void;
  /** A write that had found none has succeeded. */
  hasSpace(): void;
}

export class StoreFaults implements SaverFaults {
  /** Known once there is a broker. */
  #space: WriteSpace | undefined;
  #isOutOfSpace = false;
  readonly #logLines: LogLines;
  readonly #exit: (code: number) => void;

  constructor(logLines: LogLines, exit: (code: number) => void = (code) => process.exit(code)) {
    this.#logLines = logLines;
    this.#exit = exit;
  }

  watchSpace(space: WriteSpace): void {
    this.#space = space;
    if (this.#isOutOfSpace) space.outOfSpace();
  }

  outOfSpace(isOut: boolean, fault: DiskFault | undefined): void {
    this.#isOutOfSpace = isOut;
    if (isOut) {
      this.#logLines.error(`there is no room on the disk: ${fault?.message}. Publishers are blocked until there is`);
      this.#space?.outOfSpace();
    } else {
      this.#logLines.info('there is room on the disk again');
      this.#space?.hasSpace();
    }
  }

  distrusted(fault: DiskFault): void {
    this.#logLines.error(`${fault.message}. What was not known to be on the disk is written again, to another file`);
  }

  lost(fault: DiskFault): void {
    this.#logLines.error(`${fault.message}. Nothing can be kept on this disk any more: the broker ends`);
    this.#isOutOfSpace = true;
    this.#space?.outOfSpace();
    setTimeout(() => this.#exit(EXIT_DISK_LOST), GRACE_MS);
  }
}
