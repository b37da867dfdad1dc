/**
 * Reads pages, a few at a time, and hands their messages to the queues from the pump.
 *
 * A page that cannot be read, or that is not what was written, is never handed over.
 */

import { type Region, regionOf } from '../../../base/bytes.ts';
import type { Messages } from '../../../core/messages.ts';
import { HOLE } from '../../../core/ports.ts';
import type { Pump, Task } from '../../../core/pump.ts';
import { type Page, releaseAll } from './page.ts';
import { decodePage, decodeRestoredPage, isPageAt } from './page-codec.ts';
import type { PageFiles } from './page-files.ts';

const READS_MAX = 8;
/** Buffers up to here are used again. */
const KEPT_BYTES_MAX = 1024 * 1024;

export interface PageReaderOptions {
  readonly messages: Messages;
  readonly files: PageFiles;
  readonly pump: Pump;
  /** Messages came between turns: a turn is due. */
  readonly onReady: () => void;
  /** What a page held is lost. */
  readonly onDamage: (page: Page) => void;
}

/** A page that somebody wants, and that may stay when its messages are handed over. */
interface Wanted {
  readonly page: Page;
  readonly stays: boolean;
}

/** Its messages can be handed over: still in memory, or in bytes that were read. */
interface Ready extends Wanted {
  readonly handles: Uint32Array | undefined;
  readonly buffer: Uint8Array | undefined;
}

export class PageReader implements Task {
  readonly metrics = { pages: 0, bytes: 0 };
  readonly #options: PageReaderOptions;
  readonly #waiting: Wanted[] = [];
  #reads = 0;
  #ready: Ready[] = [];
  #isTask = false;
  readonly #buffers: Uint8Array[] = [];

  constructor(options: PageReaderOptions) {
    this.#options = options;
  }

  /** A page that is in a file. */
  read(page: Page): void {
    this.#waiting.push({ page, stays: false });
    this.#readNext();
  }

  /** A page that still holds its messages. */
  handBack(page: Page): void {
    this.#add({ page, stays: false, handles: page.takeHandles(), buffer: undefined });
  }

  /** Reads a page that stays, and hands over its messages with references of their own. */
  copy(page: Page): void {
    if (page.handles === undefined) {
      this.#waiting.push({ page, stays: true });
      return this.#readNext();
    }
    const handles = page.handles.slice();
    for (const handle of handles) if (handle !== HOLE) this.#options.messages.retain(handle);
    this.#add({ page, stays: true, handles, buffer: undefined });
  }

  /** Some of what is ready goes to its queues. */
  step(budget: number): boolean {
    let left = budget;
    let done = 0;
    for (; done < this.#ready.length && left > 0; done++) {
      const ready = this.#ready[done];
      if (ready === undefined) break;
      left -= ready.page.span;
      this.#handOver(ready);
    }
    this.#ready = this.#ready.slice(done);
    this.#isTask = this.#ready.length > 0;
    return !this.#isTask;
  }

  /** About twice a second: what could not be opened is tried again. */
  tick(): void {
    if (this.#reads === 0) this.#buffers.length = 0;
    this.#readNext();
  }

  #readNext(): void {
    while (this.#reads < READS_MAX && !this.#options.files.isClosed) {
      const wanted = this.#waiting[0];
      if (wanted === undefined || !this.#begin(wanted)) return;
      this.#waiting.shift();
    }
  }

  /** @returns false when the file cannot be opened just now */
  #begin({ page, stays }: Wanted): boolean {
    const { file, bytes, offset } = page;
    if (!page.isWanted || file === undefined) return true;
    try {
      const handle = this.#options.files.open(file);
      const buffer = this.#takeBuffer(bytes);
      this.#reads++;
      handle.read(buffer.subarray(0, bytes), offset, (fault, read) => {
        this.#reads--;
        if (fault === undefined && read === bytes) this.#add({ page, stays, handles: undefined, buffer });
        else if (page.isWanted) this.#options.onDamage(page);
        this.#readNext();
      });
      return true;
    } catch {
      // Too many files are open, say: `tick` comes back to it.
      return false;
    }
  }

  #add(ready: Ready): void {
    this.#ready.push(ready);
    if (this.#isTask) return;
    this.#isTask = true;
    this.#options.pump.addTask(this);
    this.#options.onReady();
  }

  #handOver(ready: Ready): void {
    const { page, handles, buffer } = ready;
    const { messages } = this.#options;
    if (!page.isWanted) releaseAll(messages, handles);
    else if (handles !== undefined) this.#give(ready, handles);
    else if (buffer !== undefined) this.#decode(ready, regionOf(buffer.subarray(0, page.bytes)));
    if (buffer !== undefined && buffer.length <= KEPT_BYTES_MAX) this.#buffers.push(buffer);
  }

  #decode(ready: Ready, from: Region): void {
    const { page } = ready;
    if (!isPageAt(from.view, page.place)) return this.#options.onDamage(page);
    const { messages } = this.#options;
    const handles = new Uint32Array(page.span);
    if (page.isRestored) decodeRestoredPage(messages, from, handles, page.settled);
    else decodePage(messages, from, handles);
    this.metrics.bytes += page.bytes;
    this.#give(ready, handles.subarray(page.shown.from, page.shown.to));
  }

  #give({ page, stays }: Ready, handles: Uint32Array): void {
    this.metrics.pages++;
    if (!stays) page.leave();
    page.queue.pagedIn(page.number, handles);
  }

  #takeBuffer(bytes: number): Uint8Array {
    const kept = this.#buffers.pop();
    return kept !== undefined && kept.length >= bytes ? kept : new Uint8Array(bytes);
  }
}
