/**
 * Makes pages the home of their messages: syncs files, when enough was written to them or some time has gone by, and then
 * has the log note what is on them. From there on the log's segments need not keep these messages.
 *
 * Until then they stay in memory. What a failed sync leaves is not believed: it is written again, to another file.
 */

import type { Messages } from '../../../core/messages.ts';
import type { Ticket } from '../../../core/ports.ts';
import type { PagedContent } from '../bundle.ts';
import type { DiskFault } from '../disk.ts';
import { type Page, releaseAll } from './page.ts';
import type { PageFile } from './page-file.ts';
import type { PageFiles } from './page-files.ts';

/** A file is synced when so much was written to it since the last time, and when it is full. */
const UNSYNCED_BYTES_MAX = 8 * 1024 * 1024;
/** And so many ticks after something was written. */
const UNSYNCED_TICKS_MAX = 3;
/** Files for which it is only time, in one tick. */
const SYNCS_PER_TICK = 8;

export interface PageHomesOptions {
  readonly messages: Messages;
  readonly files: PageFiles;
  readonly log: { page(content: PagedContent): Ticket };
  /** Records were appended between turns: they want to be written. */
  readonly onAppended: () => void;
  /** What was written to the file cannot be believed. */
  readonly onLost: (pages: readonly Page[], file: PageFile, fault: DiskFault) => void;
}

/** Pages of a file that were written since its last sync. */
interface Unsynced {
  readonly pages: Page[];
  bytes: number;
  /** Since the first of them was written. */
  ticks: number;
}

export class PageHomes {
  readonly metrics = { syncs: 0, pages: 0 };
  readonly #options: PageHomesOptions;
  readonly #unsynced = new Map<PageFile, Unsynced>();
  #syncs = 0;

  constructor(options: PageHomesOptions) {
    this.#options = options;
  }

  /** No sync is under way. */
  get isIdle(): boolean {
    return this.#syncs === 0;
  }

  /** Only of pages that want a home. */
  written(page: Page, file: PageFile): void {
    if (!file.isTrusted) return this.#options.onLost([page], file, NOT_TRUSTED);
    const unsynced = this.#unsynced.get(file) ?? { pages: [], bytes: 0, ticks: 0 };
    this.#unsynced.set(file, unsynced);
    unsynced.pages.push(page);
    unsynced.bytes += page.bytes;
    this.#syncIfDue(file);
  }

  /** Syncs a file when it has pages for which that matters. */
  sync(file: PageFile): void {
    if (file.isSyncing || !file.isTrusted || this.#options.files.isClosed) return;
    const pages = this.#takeUnsynced(file).filter((page) => page.wantsHome);
    if (pages.length === 0) return;
    file.isSyncing = true;
    this.#syncs++;
    try {
      this.#options.files.open(file).sync((fault) => this.#synced(file, pages, fault));
    } catch (error) {
      this.#done(file, pages, { code: 'EIO', message: String(error) });
    }
  }

  /** Syncs all that was written. */
  syncAll(): void {
    for (const file of [...this.#unsynced.keys()]) this.sync(file);
  }

  /** About twice a second. */
  tick(): void {
    let left = SYNCS_PER_TICK;
    for (const [file, unsynced] of [...this.#unsynced]) {
      if (++unsynced.ticks < UNSYNCED_TICKS_MAX || left === 0) continue;
      left--;
      this.sync(file);
    }
  }

  #syncIfDue(file: PageFile): void {
    const bytes = this.#unsynced.get(file)?.bytes ?? 0;
    if (bytes >= UNSYNCED_BYTES_MAX || (file.isFull && bytes > 0)) this.sync(file);
  }

  #takeUnsynced(file: PageFile): readonly Page[] {
    const pages = this.#unsynced.get(file)?.pages ?? [];
    this.#unsynced.delete(file);
    return pages;
  }

  #synced(file: PageFile, pages: readonly Page[], fault: DiskFault | undefined): void {
    this.metrics.syncs++;
    if (fault !== undefined || file.isNameSafe) this.#done(file, pages, fault);
    else this.#options.files.syncName(file, (nameFault) => this.#done(file, pages, nameFault));
  }

  #done(file: PageFile, pages: readonly Page[], fault: DiskFault | undefined): void {
    this.#syncs--;
    file.isSyncing = false;
    if (fault === undefined) this.#home(file, pages);
    else this.#lose(file, pages, fault);
    this.#syncIfDue(file);
    this.#options.files.check(file);
  }

  #home(file: PageFile, pages: readonly Page[]): void {
    let appended = 0;
    for (const page of pages) {
      // One without messages is on its way back to its queue.
      if (!page.wantsHome || page.handles === undefined) continue;
      releaseAll(this.#options.messages, page.takeHandles());
      file.isKnown = true;
      page.homing();
      this.#options.log.page(page);
      appended++;
    }
    this.metrics.pages += appended;
    if (appended > 0) this.#options.onAppended();
  }

  /** Also what was written after the sync began. */
  #lose(file: PageFile, pages: readonly Page[], fault: DiskFault): void {
    this.#options.onLost([...pages, ...this.#takeUnsynced(file)], file, fault);
  }
}

/** The reason for what is written to a file after a fault that was reported already. */
const NOT_TRUSTED: DiskFault = { code: 'EIO', message: 'a page was written to a file that is not believed any more' };
