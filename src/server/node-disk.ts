/**
 * The store's disk on a real machine: the files of one directory, through the operating system.
 *
 * `sync` is fdatasync, which writes a file's bytes and whatever of its metadata is needed to find them again: also a new
 * size and newly taken blocks. It leaves out times, so that a segment written before, and reused, costs no journal write.
 * What it does not promise is the file's name, nor a rename or a removal: those stand in the directory, and `syncNames`
 * is fsync on that. On macOS, Node.js makes both F_FULLFSYNC, which empties the drive's cache too.
 */

import { close, constants, fsync, openSync, readdirSync, rename, unlink } from 'node:fs';
import { join } from 'node:path';
import { assert } from '../base/assert.ts';
import type { Disk, DiskFault, DiskFile, Done } from '../storage/disk/disk.ts';
import { faultOf, faultOrNone } from './disk-fault.ts';
import { CAN_SYNC_FOLDERS, isWithoutFolderSync } from './folder-sync.ts';
import { NodeFile } from './node-file.ts';
import { type Operation, OperationSequence } from './operation-sequence.ts';
import { errorCode } from './system-error.ts';

/** Only the user that runs the broker may read what its messages say. */
const PRIVATE_FILE = 0o600;

export class NodeDisk implements Disk {
  readonly #directory: string;
  /** Kept open, so that names can be synced when file descriptors have run out. */
  readonly #directoryDescriptor: number | undefined;
  readonly #names = new OperationSequence();
  readonly #files = new Set<NodeFile>();
  #closed: Promise<void> | undefined;
  #whenClosed: (() => void) | undefined;
  #isDirectoryClosed = false;

  /**
   * @param directory must be there
   * @throws Error when it cannot be read
   */
  constructor(directory: string) {
    this.#directory = directory;
    this.#directoryDescriptor = CAN_SYNC_FOLDERS ? openSync(directory, constants.O_RDONLY) : undefined;
  }

  list(): readonly string[] {
    return listFiles(this.#directory);
  }

  open(name: string): DiskFile {
    this.#assertOpen();
    const path = join(this.#directory, name);
    try {
      const descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT, PRIVATE_FILE);
      const file = new NodeFile({ name, path, descriptor, onClosed: () => this.#fileClosed(file) });
      this.#files.add(file);
      return file;
    } catch (error) {
      throw new Error(faultOf(error, 'open', path).message, { cause: error });
    }
  }

  remove(name: string, done: Done): void {
    const path = join(this.#directory, name);
    this.#changeNames((finished) => {
      unlink(path, (error) => finished(errorCode(error) === 'ENOENT' ? undefined : faultOrNone(error, 'remove', path)));
    }, done);
  }

  rename(from: string, to: string, done: Done): void {
    const path = join(this.#directory, from);
    this.#changeNames((finished) => {
      rename(path, join(this.#directory, to), (error) => finished(faultOrNone(error, 'rename', `${path} to ${to}`)));
    }, done);
  }

  syncNames(done: Done): void {
    this.#changeNames((finished) => {
      const descriptor = this.#directoryDescriptor;
      if (descriptor === undefined) setImmediate(finished, undefined);
      else fsync(descriptor, (error) => finished(isWithoutFolderSync(error) ? undefined : this.#fault(error, 'sync')));
    }, done);
  }

  /** Closes everything, once what was asked for is done: from then on nothing of this process changes the directory. */
  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      this.#whenClosed = resolve;
      for (const file of this.#files) file.close();
      this.#names.add(
        (finished) => this.#closeDirectory(finished),
        () => {
          this.#isDirectoryClosed = true;
          this.#checkClosed();
        },
      );
    });
    return this.#closed;
  }

  #changeNames(operation: Operation, done: Done): void {
    this.#assertOpen();
    this.#names.add(operation, done);
  }

  #closeDirectory(finished: Done): void {
    if (this.#directoryDescriptor === undefined) setImmediate(finished, undefined);
    else close(this.#directoryDescriptor, () => finished(undefined));
  }

  #fileClosed(file: NodeFile): void {
    this.#files.delete(file);
    this.#checkClosed();
  }

  #checkClosed(): void {
    if (this.#isDirectoryClosed && this.#files.size === 0) this.#whenClosed?.();
  }

  #assertOpen(): void {
    assert(this.#closed === undefined, `${this.#directory} is used after it was closed`);
  }

  #fault(error: NodeJS.ErrnoException | null, what: string): DiskFault | undefined {
    return faultOrNone(error, what, this.#directory);
  }
}

/** Without folders and sockets. @throws Error when the folder cannot be read */
export function listFiles(directory: string): readonly string[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  } catch (error) {
    throw new Error(faultOf(error, 'list', directory).message, { cause: error });
  }
}
