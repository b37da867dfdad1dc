/**
 * Room on the disk that is kept for when there is none: files whose blocks are taken already, two for segments and one for a
 * checkpoint. With them acknowledgements become durable and segments free on a full disk, which is how it becomes less full.
 *
 * They are made of segments that nothing needs any more, else of zeros, a piece at a time, and not before the log is as
 * large as one of them. On a file system that writes to new places whatever is overwritten (btrfs, ZFS) they help little.
 */

import { assert } from '../../base/assert.ts';
import type { Disk, DiskFile, Done } from './disk.ts';
import type { SafeNames } from './safe-names.ts';

const SEGMENT_FILES = 2;
const CHECKPOINT_FILES = 1;
const FILES = SEGMENT_FILES + CHECKPOINT_FILES;
const PIECE_BYTES = 1024 * 1024;

const NAME = /^reserve-(\d+)$/;

export class Reserve {
  /** A file has so many. */
  fileBytes = 0;
  readonly #disk: Disk;
  readonly #names: SafeNames;
  /** Names of files that are ready. */
  readonly #ready: string[] = [];
  /** A file that has some of its bytes. */
  #unfinished: string | undefined;
  #lastNumber = 0;
  #isWanted = false;
  #isBusy = false;
  /** The one that is being made. */
  #file: DiskFile | undefined;
  #isClosed = false;

  constructor(disk: Disk, names: SafeNames) {
    this.#disk = disk;
    this.#names = names;
  }

  /** Takes over what another process left. @param fileBytes 0 for no reserve */
  open(fileBytes: number): void {
    this.fileBytes = fileBytes;
    for (const name of this.#disk.list()) {
      const number = NAME.exec(name)?.[1];
      if (number === undefined) continue;
      this.#lastNumber = Math.max(this.#lastNumber, Number(number));
      this.#isWanted = fileBytes > 0;
      if (!this.#isWanted || this.#ready.length === FILES) this.#remove(name);
      else if (sizeOf(this.#disk, name) >= fileBytes) this.#ready.push(name);
      else if (this.#unfinished === undefined) this.#unfinished = name;
      else this.#remove(name);
    }
  }

  /** All that should be there is. */
  get isComplete(): boolean {
    return !this.#isWanted || this.#ready.length >= FILES;
  }

  /** Whether a segment can be had for so many bytes. One file stays for a checkpoint. */
  hasSegment(bytes: number): boolean {
    return bytes <= this.fileBytes && this.#ready.length > CHECKPOINT_FILES;
  }

  get hasCheckpoint(): boolean {
    return this.#ready.length > 0;
  }

  /**
   * Gives a file another name, and away. Callers have asked whether there is one.
   * @param done called when the name is safe, or cannot be had
   */
  take(name: string, done: Done): void {
    const from = this.#ready.pop();
    assert(from !== undefined, 'a file was taken from a reserve that has none');
    this.#names.rename(from, name, (fault) => {
      if (this.#isClosed) return;
      // It may have either name now.
      if (fault !== undefined) this.#remove(from);
      done(fault);
    });
  }

  /** Takes a file that nobody needs any more, if it is of use. @returns false when it is not */
  offer(file: DiskFile): boolean {
    if (this.isComplete || this.#isBusy || file.size < this.fileBytes) return false;
    const name = this.#nextName();
    this.#isBusy = true;
    this.#disk.rename(file.name, name, (fault) => {
      this.#isBusy = false;
      if (fault === undefined) this.#add(name);
    });
    // What is more than needed is room for others.
    file.resize(this.fileBytes, () => undefined);
    file.close();
    return true;
  }

  /** Time goes by. @param logBytes of all segments: a log that has hardly begun gets no reserve yet */
  tick(logBytes: number): void {
    if (this.fileBytes > 0 && logBytes >= this.fileBytes) this.#isWanted = true;
    if (!this.isComplete && !this.#isBusy) this.#make();
  }

  /** Nothing more is written. */
  close(): void {
    this.#isClosed = true;
    this.#file?.close();
  }

  /** Goes on with the file that is not finished, or with another one. */
  #make(): void {
    const name = this.#unfinished ?? this.#nextName();
    this.#unfinished = name;
    let file: DiskFile;
    try {
      file = this.#disk.open(name);
    } catch {
      // Tried again when time has gone by, as all else here: a reserve that is missing shows when the disk is full.
      return;
    }
    this.#isBusy = true;
    this.#file = file;
    this.#fill(file, file.size, (fault) => {
      if (this.#isClosed) return;
      file.close();
      this.#file = undefined;
      this.#isBusy = false;
      if (fault !== undefined) return;
      this.#unfinished = undefined;
      this.#add(name);
      if (!this.isComplete) this.#make();
    });
  }

  #fill(file: DiskFile, from: number, done: Done): void {
    const bytes = Math.min(PIECE_BYTES, this.fileBytes - from);
    if (bytes <= 0) return file.sync(done);
    file.write(new Uint8Array(bytes), from, (fault) => {
      if (fault !== undefined || this.#isClosed) done(fault);
      else this.#fill(file, from + bytes, done);
    });
  }

  /** What was under way while another one came is one too many. */
  #add(name: string): void {
    if (this.#ready.length < FILES) this.#ready.push(name);
    else this.#remove(name);
  }

  #nextName(): string {
    return `reserve-${++this.#lastNumber}`;
  }

  #remove(name: string): void {
    this.#disk.remove(name, () => undefined);
  }
}

/** A file that cannot be had is as good as an empty one. */
function sizeOf(disk: Disk, name: string): number {
  try {
    const file = disk.open(name);
    const { size } = file;
    file.close();
    return size;
  } catch {
    return 0;
  }
}
