/**
 * Changes of a directory's names that are safe when they are reported: they survive a power cut.
 *
 * A sync of names that fails may lose changes that others had made, and the next one says nothing of them. So whoever has
 * a change under way when one fails is told that theirs is not safe.
 */

import type { Disk, DiskFault, Done } from './disk.ts';

export class SafeNames {
  readonly #disk: Pick<Disk, 'rename' | 'syncNames'>;
  #failures = 0;
  #lastFault: DiskFault | undefined;

  constructor(disk: Pick<Disk, 'rename' | 'syncNames'>) {
    this.#disk = disk;
  }

  rename(from: string, to: string, done: Done): void {
    const before = this.#failures;
    this.#disk.rename(from, to, (fault) => {
      if (fault === undefined) this.#sync(before, done);
      else done(fault);
    });
  }

  /** How often a sync has failed: names that were made before are not safe, whatever a later one says. */
  get failures(): number {
    return this.#failures;
  }

  /** Makes the names of files safe. @param failuresBefore `failures` when they were made; now unless given */
  sync(done: Done, failuresBefore: number = this.#failures): void {
    this.#sync(failuresBefore, done);
  }

  #sync(failuresBefore: number, done: Done): void {
    this.#disk.syncNames((fault) => {
      if (fault !== undefined) {
        this.#failures++;
        this.#lastFault = fault;
      }
      done(this.#failures === failuresBefore ? undefined : this.#lastFault);
    });
  }
}
