/**
 * The files of a data directory for somebody who only looks: nothing can be made, written, renamed or removed.
 */

import { constants, openSync } from 'node:fs';
import { join } from 'node:path';
import type { Disk, DiskFile } from '../storage/disk/disk.ts';
import { faultOf } from './disk-fault.ts';
import { listFiles } from './node-disk.ts';
import { NodeFile } from './node-file.ts';

export class ReadOnlyDisk implements Disk {
  readonly #directory: string;
  readonly #files = new Set<NodeFile>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  list(): readonly string[] {
    return listFiles(this.#directory);
  }

  open(name: string): DiskFile {
    const path = join(this.#directory, name);
    try {
      const descriptor = openSync(path, constants.O_RDONLY);
      const file = new NodeFile({ name, path, descriptor, onClosed: () => void this.#files.delete(file) });
      this.#files.add(file);
      return file;
    } catch (error) {
      throw new Error(faultOf(error, 'open', path).message, { cause: error });
    }
  }

  remove(name: string): void {
    throw readOnly(`remove ${name}`);
  }

  rename(from: string): void {
    throw readOnly(`rename ${from}`);
  }

  syncNames(): void {
    throw readOnly('sync names');
  }

  /** Whatever is open. */
  close(): void {
    for (const file of this.#files) file.close();
  }
}

/** A bug. */
function readOnly(what: string): Error {
  return new Error(`somebody who only looks wanted to ${what}`);
}
