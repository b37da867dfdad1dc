/**
 * Copies of damaged files, in a folder of their own inside the data directory, where they can be examined and no start of
 * the broker touches them.
 */

import { constants } from 'node:fs';
import { copyFile, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Done } from '../storage/disk/disk.ts';
import { faultOf } from './disk-fault.ts';
import { syncFolder } from './folder-sync.ts';

export class KeptFiles {
  /** Absolute. */
  readonly folder: string;
  readonly #directory: string;
  readonly #copied: string[] = [];

  /** @param now names the folder; nothing is made before there is a file for it */
  constructor(directory: string, now: Date) {
    this.#directory = directory;
    this.folder = join(directory, `damaged-${now.toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-')}`);
  }

  get files(): readonly string[] {
    return this.#copied;
  }

  /** @param done called when the copy survives a power cut */
  keep(file: string, done: Done): void {
    this.#copy(file).then(
      () => {
        this.#copied.push(file);
        done(undefined);
      },
      (error: unknown) => done(faultOf(error, 'copy', `${join(this.#directory, file)} to ${this.folder}`)),
    );
  }

  async #copy(file: string): Promise<void> {
    await mkdir(this.folder, { mode: 0o700, recursive: true });
    const path = join(this.folder, file);
    // Where the file system can, the copy takes no room before one of the two changes.
    await copyFile(join(this.#directory, file), path, constants.COPYFILE_FICLONE);
    const copy = await open(path, 'r+');
    try {
      await copy.sync();
    } finally {
      await copy.close();
    }
    await syncFolder(this.folder);
    await syncFolder(this.#directory);
  }
}
