/**
 * What the store asks of the disk: one directory of files. The server implements it with the operating system's files, the
 * simulator with a disk that loses, reorders, tears, stalls and lies on command.
 *
 * Callbacks come later, never during the call. The changes of one file (write, sync, resize) are made and reported in the
 * order of the calls, and so are those of names; among different files there is no order, and reads overtake changes.
 * A fault is handed to the callback; nothing here throws but `list`, `open` and `readNow`.
 */

/** What went wrong, with the operating system's code, `ENOSPC` say. */
export interface DiskFault {
  readonly code: string;
  /** For the operator: names the file and what was tried. */
  readonly message: string;
}

export type Done = (fault: DiskFault | undefined) => void;

export interface Disk {
  /** The names of all files. @throws Error when the directory cannot be read */
  list(): readonly string[];
  /** Opens a file for reading and writing, empty when it was not there. @throws Error when it cannot be had */
  open(name: string): DiskFile;
  /** Removes a file, which may be open. A file that is not there is no fault. */
  remove(name: string, done: Done): void;
  /** Gives a file another name, in the place of one that has it already. */
  rename(from: string, to: string, done: Done): void;
  /** Once done, all names that were made, changed and removed before survive a power cut. */
  syncNames(done: Done): void;
}

export interface DiskFile {
  readonly name: string;
  /** Bytes, at this moment, with what is written already and not synced. */
  readonly size: number;
  /** Reads at once; for recovery. @returns the bytes read, fewer than asked for only at the end. @throws Error */
  readNow(into: Uint8Array, position: number): number;
  /** Reads all of `into`, or as much as there is. */
  read(into: Uint8Array, position: number, done: (fault: DiskFault | undefined, bytes: number) => void): void;
  /** Writes all of `bytes`, which must not change before it is done. After a fault any part may have been written. */
  write(bytes: Uint8Array, position: number, done: Done): void;
  /** Once done without a fault, what was written before survives a power cut. After a fault nothing may be believed. */
  sync(done: Done): void;
  /** Cuts the file, or makes it longer with zeros. */
  resize(bytes: number, done: Done): void;
  /** What was asked for before is still done. The file must not be used afterwards. */
  close(): void;
}
