/**
 * The files of all pages: opened when they are needed, a few at a time; written one after the other for each queue;
 * removed when none of their pages counts any more and the log will not ask for them after a crash.
 */

import { assert } from '../../../base/assert.ts';
import type { Ticket } from '../../../core/ports.ts';
import type { Disk, DiskFile, Done } from '../disk.ts';
import type { SafeNames } from '../safe-names.ts';
import { PageFile } from './page-file.ts';
import { pageFileName } from './page-format.ts';

/** Files that are kept open. */
const OPEN_MAX = 64;

/** What must be durable before a file may go. */
export interface FileLog {
  readonly appended: Ticket;
  readonly saved: Ticket;
  /** What room there comes to be is not for pages. */
  readonly isOutOfSpace: boolean;
  whenSaved(ticket: Ticket, waiter: { durabilityReached(): void }): void;
}

export interface PageFilesOptions {
  readonly disk: Disk;
  readonly names: SafeNames;
  readonly log: FileLog;
  /** The highest number that a file ever had. */
  readonly lastFile: number;
  /** A file is full with so many bytes; a page that is larger has one for itself. */
  readonly bytesMax: number;
  /** A file gets no more pages. */
  readonly onFull: (file: PageFile) => void;
}

export class PageFiles {
  readonly #options: PageFilesOptions;
  /** By name. */
  readonly #files = new Map<string, PageFile>();
  /** The one that is written to, by queue. */
  readonly #current = new Map<number, PageFile>();
  /** Those that are open, the one that was used last at the end. */
  readonly #open = new Set<PageFile>();
  #lastFile: number;
  isClosed = false;

  constructor(options: PageFilesOptions) {
    this.#options = options;
    this.#lastFile = options.lastFile;
  }

  get length(): number {
    return this.#files.size;
  }

  [Symbol.iterator](): Iterator<PageFile> {
    return this.#files.values();
  }

  /** The file that the next pages of a queue go to, with room for them. */
  forWriting(queueId: number, bytes: number): PageFile {
    const current = this.#current.get(queueId);
    if (current !== undefined && current.bytes + bytes <= this.#options.bytesMax) return current;
    if (current !== undefined) this.fill(current);
    const file = new PageFile(queueId, ++this.#lastFile, this.#options.names.failures);
    this.#files.set(file.name, file);
    this.#current.set(queueId, file);
    return file;
  }

  /** Nothing more is written to a file. */
  fill(file: PageFile): void {
    if (file.isFull) return;
    file.isFull = true;
    this.#current.delete(file.queueId);
    this.#options.onFull(file);
    this.check(file);
  }

  /** A file that was there before. */
  restored(queueId: number, number: number): PageFile {
    const present = this.#files.get(pageFileName(queueId, number));
    if (present !== undefined) return present;
    const file = new PageFile(queueId, number, this.#options.names.failures);
    file.isFull = true;
    file.isNameSafe = true;
    file.isKnown = true;
    this.#files.set(file.name, file);
    return file;
  }

  /** @throws Error when it cannot be had */
  open(file: PageFile): DiskFile {
    assert(!this.isClosed, 'pages are used after they were closed');
    this.#open.delete(file);
    const handle = file.handle ?? this.#options.disk.open(file.name);
    file.handle = handle;
    this.#open.add(file);
    for (const other of this.#open) {
      if (this.#open.size <= OPEN_MAX) break;
      this.#close(other);
    }
    return handle;
  }

  /** Makes sure that a file is found again after a power cut. */
  syncName(file: PageFile, done: Done): void {
    this.#options.names.sync((fault) => {
      if (fault === undefined) file.isNameSafe = true;
      done(fault);
    }, file.nameFailures);
  }

  /** A page of the file has left it: the file goes when it was the last one. */
  check(file: PageFile): void {
    if (file.pages > 0 || !file.isFull || file.isSyncing || file.isRemoved) return;
    file.isRemoved = true;
    this.#close(file);
    const { log } = this.#options;
    const ticket = log.appended;
    // Until the settles of its messages are durable, a crash would bring them back, and the file with them.
    if (!file.isKnown || log.saved >= ticket) this.#remove(file);
    else log.whenSaved(ticket, { durabilityReached: () => this.#remove(file) });
  }

  /** About twice a second: a file that is being written and holds nothing that counts is not kept for more. */
  tick(): void {
    for (const file of [...this.#current.values()]) if (file.pages === 0) this.fill(file);
  }

  /** No file is opened any more. */
  close(): void {
    this.isClosed = true;
    for (const file of this.#open) this.#close(file);
  }

  #remove(file: PageFile): void {
    this.#files.delete(file.name);
    // What cannot be removed now is removed at the next start, when nothing names it.
    this.#options.disk.remove(file.name, () => undefined);
  }

  #close(file: PageFile): void {
    this.#open.delete(file);
    file.handle?.close();
    file.handle = undefined;
  }
}
