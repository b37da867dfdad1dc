/**
 * Brings pages to their files: several of one queue in one large write, a few writes at a time, whatever number waits.
 *
 * A write that fails is tried again in another file, after a while: its messages are in memory still.
 */

import { type Region, regionOf } from '../../../base/bytes.ts';
import type { Messages } from '../../../core/messages.ts';
import type { Task } from '../../../core/pump.ts';
import type { DiskFault } from '../disk.ts';
import type { Page } from './page.ts';
import { encodePage } from './page-codec.ts';
import type { PageFile } from './page-file.ts';
import type { PageFiles } from './page-files.ts';

/** Of one write, unless a single page is larger: copied and summed in less than a millisecond. */
export const WRITE_BYTES_MAX = 1024 * 1024;
const WRITES_MAX = 4;
/** Writes that are begun in one turn. */
const WRITES_PER_STEP = 2;
export interface PageWriterOptions {
  readonly messages: Messages;
  readonly files: PageFiles;
  readonly log: { readonly isOutOfSpace: boolean };
  /** Asks for a turn in which `step` is called. */
  readonly schedule: (writer: PageWriter) => void;
  /** The page is in its file. */
  readonly onWritten: (page: Page) => void;
  readonly onFault: (fault: DiskFault) => void;
}

export class PageWriter implements Task {
  readonly metrics = { writes: 0, bytes: 0 };
  readonly #options: PageWriterOptions;
  /** By queue, oldest first; the queue whose turn is next first. */
  readonly #waiting = new Map<number, Page[]>();
  #writes = 0;
  readonly #buffers: Region[] = [];
  #isScheduled = false;
  /** After a fault, until `tick`. */
  #isPaused = false;

  constructor(options: PageWriterOptions) {
    this.#options = options;
  }

  /** Nothing is waiting or on its way. */
  get isIdle(): boolean {
    return this.#waiting.size === 0 && this.#writes === 0;
  }

  /** The disk takes nothing at the moment. */
  get isPaused(): boolean {
    return this.#isPaused || this.#options.log.isOutOfSpace;
  }

  /** A page that holds its messages. */
  add(page: Page): void {
    const waiting = this.#waiting.get(page.queue.id);
    if (waiting === undefined) this.#waiting.set(page.queue.id, [page]);
    else waiting.push(page);
    this.#schedule();
  }

  /** A page is not to be written any more. One that is on its way is written in vain. */
  cancel(page: Page): void {
    const waiting = this.#waiting.get(page.queue.id);
    const index = waiting?.indexOf(page) ?? -1;
    if (waiting === undefined || index < 0) return;
    waiting.splice(index, 1);
    if (waiting.length === 0) this.#waiting.delete(page.queue.id);
  }

  /** Begins to write what waits. */
  writeSome(): void {
    for (let left = WRITES_PER_STEP; left > 0 && this.#mayWrite; left--) this.#write();
  }

  step(): boolean {
    this.writeSome();
    this.#isScheduled = this.#mayWrite;
    return !this.#isScheduled;
  }

  /** About twice a second: what failed is tried again, buffers go when nothing needs them. */
  tick(): void {
    this.#isPaused = false;
    if (this.isIdle) this.#buffers.length = 0;
    else this.#schedule();
  }

  get #mayWrite(): boolean {
    return this.#waiting.size > 0 && this.#writes < WRITES_MAX && !this.isPaused && !this.#options.files.isClosed;
  }

  #schedule(): void {
    if (this.#isScheduled || !this.#mayWrite) return;
    this.#isScheduled = true;
    this.#options.schedule(this);
  }

  #write(): void {
    const pages = this.#takeNext();
    const first = pages[0];
    if (first === undefined) return;
    const bytes = pages.reduce((sum, page) => sum + page.bytes, 0);
    const file = this.#options.files.forWriting(first.queue.id, bytes);
    const buffer = this.#takeBuffer(bytes);
    const offset = file.bytes;
    this.#encode(pages, file, buffer);
    this.#writes++;
    try {
      const handle = this.#options.files.open(file);
      handle.write(buffer.bytes.subarray(0, bytes), offset, (fault) => this.#written(pages, file, buffer, fault));
    } catch (error) {
      this.#written(pages, file, buffer, { code: 'EIO', message: String(error) });
    }
  }

  #encode(pages: readonly Page[], file: PageFile, buffer: Region): void {
    let at = 0;
    for (const page of pages) {
      page.file = file;
      page.offset = file.bytes + at;
      page.isWriting = true;
      encodePage(this.#options.messages, page.handles ?? NO_HANDLES, page.place, buffer, at);
      at += page.bytes;
    }
    file.bytes += at;
    file.pages += pages.length;
  }

  #written(pages: readonly Page[], file: PageFile, buffer: Region, fault: DiskFault | undefined): void {
    this.#writes--;
    if (buffer.bytes.length === WRITE_BYTES_MAX) this.#buffers.push(buffer);
    for (const page of pages) page.isWriting = false;
    if (fault === undefined) this.#keepWritten(pages);
    else this.retry(pages, file, fault);
    this.#schedule();
    if (this.#mayWrite) this.#write();
  }

  #keepWritten(pages: readonly Page[]): void {
    this.metrics.writes++;
    for (const page of pages) {
      this.metrics.bytes += page.bytes;
      if (page.isWanted) this.#options.onWritten(page);
      else page.check();
    }
  }

  /** What was written to a file is not to be believed: the pages wait again, before all others of their queue. */
  retry(pages: readonly Page[], file: PageFile, fault: DiskFault): void {
    const again: Page[] = [];
    for (const page of pages) {
      if (!page.isWanted) page.check();
      // Without messages it is on its way back to its queue.
      if (!page.isWanted || page.handles === undefined) continue;
      page.file = undefined;
      file.pages--;
      again.push(page);
    }
    const { queueId } = file;
    if (again.length > 0) this.#waiting.set(queueId, [...again, ...(this.#waiting.get(queueId) ?? [])]);
    this.#isPaused = true;
    file.isTrusted = false;
    this.#options.files.fill(file);
    // It may be full since another of its writes has failed.
    this.#options.files.check(file);
    this.#options.onFault(fault);
  }

  /** The next pages of the queue whose turn it is; the queue is the last one then. */
  #takeNext(): Page[] {
    const [next] = this.#waiting;
    if (next === undefined) return [];
    const [queueId, waiting] = next;
    let count = 0;
    let bytes = 0;
    for (const page of waiting) {
      if (count > 0 && bytes + page.bytes > WRITE_BYTES_MAX) break;
      bytes += page.bytes;
      count++;
    }
    this.#waiting.delete(queueId);
    const pages = waiting.splice(0, count);
    if (waiting.length > 0) this.#waiting.set(queueId, waiting);
    return pages;
  }

  #takeBuffer(bytes: number): Region {
    if (bytes > WRITE_BYTES_MAX) return regionOf(new Uint8Array(bytes));
    return this.#buffers.pop() ?? regionOf(new Uint8Array(WRITE_BYTES_MAX));
  }
}

const NO_HANDLES = new Uint32Array(0);
