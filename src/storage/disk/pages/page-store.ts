/**
 * Where messages go that are not to stay in memory: files of pages, a few for each queue.
 *
 * A page that a queue gives up is written soon, and until then given back from memory. Messages that must survive a crash
 * stay in the log's segments until their page is synced and the log has noted it; then the page is their home, until the
 * last of them is settled, whoever has read it in between.
 */

import { HighWater } from '../../../base/high-water.ts';
import type { Messages } from '../../../core/messages.ts';
import type { PagedOut, PagedQueue, Residency, Ticket } from '../../../core/ports.ts';
import type { Pump } from '../../../core/pump.ts';
import type { PageSpan } from '../../../core/queue/ring-restoration.ts';
import type { PagedContent } from '../bundle.ts';
import type { Disk, DiskFault } from '../disk.ts';
import type { SafeNames } from '../safe-names.ts';
import type { DurablePage } from './durable-page.ts';
import { type EvacuatedQueue, Evacuation } from './evacuation.ts';
import { Page, type PageOptions, type PageWorld, releaseAll } from './page.ts';
import { measurePage, type PageMeasure } from './page-codec.ts';
import type { PageFile } from './page-file.ts';
import { type FileLog, PageFiles } from './page-files.ts';
import { PageHomes } from './page-homes.ts';
import { PageReader } from './page-reader.ts';
import { PageWriter, WRITE_BYTES_MAX } from './page-writer.ts';

/** A file is full with so many bytes unless said otherwise. */
const FILE_BYTES = 32 * 1024 * 1024;

/** With more than this on its way to the disk, whoever can wait should. */
const HELD_BYTES_MAX = 32 * 1024 * 1024;

/** And with more than this whoever publishes, until it is half of it. */
const BEHIND_BYTES = 16 * 1024 * 1024;

/** When messages leave memory. */
export interface PagePolicy {
  /** How many pages a queue may have read before it needs them. */
  readonly pagesAhead: number;
  /** False while nothing at all should leave. */
  readonly isAnyDue: boolean;
  shouldPageOut(offered: OfferedMessages): boolean;
}

export interface OfferedMessages {
  /** Most of them are persistent, in a durable queue: on a page they can stay for good. */
  readonly isPersistent: boolean;
  /** They will be needed soon. */
  readonly isDraining: boolean;
}

export interface PageStoreOptions {
  readonly disk: Disk;
  readonly names: SafeNames;
  readonly messages: Messages;
  readonly pump: Pump;
  readonly log: FileLog & { page(content: PagedContent): Ticket };
  readonly policy: PagePolicy;
  /** The highest number that a page file ever had. */
  readonly lastFile: number;
  /** Something happened between turns: a turn is due. */
  readonly onReady: () => void;
  /** A page cannot be had: messages of this queue are lost, unless the operator brings the file back. */
  readonly damaged: (queueId: number, file: string, offset: number) => void;
  /** The disk did not take something; what was to be written stays in memory or in the log. */
  readonly onFault: (fault: DiskFault) => void;
  readonly fileBytes?: number;
}

export class PageStore implements Residency {
  readonly #options: PageStoreOptions;
  readonly #files: PageFiles;
  readonly #writer: PageWriter;
  readonly #homes: PageHomes;
  readonly #reader: PageReader;
  readonly #pages = new Map<number, Page>();
  #lastNumber = 0;
  #evacuation: Evacuation | undefined;
  readonly #held = new HighWater(BEHIND_BYTES, BEHIND_BYTES / 2);
  readonly #world: PageWorld = { heldBytes: 0, done: (page) => this.#forget(page) };

  constructor(options: PageStoreOptions) {
    this.#options = options;
    const { disk, names, log, lastFile, messages, pump, onReady, onFault, fileBytes = FILE_BYTES } = options;
    const onFull = (file: PageFile) => this.#homes.sync(file);
    const files = new PageFiles({ disk, names, log, lastFile, bytesMax: fileBytes, onFull });
    this.#files = files;
    this.#homes = new PageHomes({
      messages,
      files,
      log,
      onAppended: onReady,
      onLost: (pages, file, fault) => this.#writer.retry(pages, file, fault),
    });
    this.#writer = new PageWriter({
      messages,
      files,
      log,
      schedule: (writer) => pump.addTask(writer),
      onWritten: (page) => this.#written(page),
      onFault,
    });
    this.#reader = new PageReader({ messages, files, pump, onReady, onDamage: (page) => this.#damaged(page) });
  }

  get pagesAhead(): number {
    return this.#options.policy.pagesAhead;
  }

  /** Whoever can wait before it pages out more should do so. */
  get isCongested(): boolean {
    return this.#world.heldBytes > HELD_BYTES_MAX;
  }

  get isBehind(): boolean {
    return !this.#writer.isPaused && this.#held.update(this.#world.heldBytes);
  }

  get wantsUnacked(): boolean {
    const isTaking = !this.#writer.isPaused && !this.isCongested && this.#evacuation === undefined;
    return isTaking && this.#options.policy.isAnyDue;
  }

  pageOut(queue: PagedQueue, firstSequence: number, handles: Uint32Array): PagedOut | undefined {
    const { policy, messages } = this.#options;
    const isEvacuating = this.#evacuation !== undefined;
    if (this.#writer.isPaused) return undefined;
    if (!isEvacuating && !policy.isAnyDue) return undefined;
    // What a transient queue holds need not be looked at to know that it does not stay: that would cost each publish.
    const isTransient = !queue.options.durable;
    if (!isEvacuating && isTransient && !policy.shouldPageOut(transient(queue))) return undefined;
    const measure = measurePage(messages, handles, WRITE_BYTES_MAX);
    if (!isEvacuating && !isTransient && !policy.shouldPageOut(offered(queue, measure))) return undefined;
    const { span, bytes, persistent, earliestExpiryMs } = measure;
    const page = this.#newPage({ queue, firstSequence, span, bytes, persistent, earliestExpiryMs });
    page.hold(handles.slice(0, span));
    this.#writer.add(page);
    return { page: page.number, count: span };
  }

  readAhead(_queue: PagedQueue, number: number): void {
    const page = this.#pages.get(number);
    if (page === undefined) return;
    if (page.handles === undefined) return this.#reader.read(page);
    this.#writer.cancel(page);
    this.#reader.handBack(page);
  }

  copyAhead(_queue: PagedQueue, number: number): void {
    const page = this.#pages.get(number);
    if (page !== undefined) this.#reader.copy(page);
  }

  discard(number: number): void {
    const page = this.#pages.get(number);
    if (page === undefined) return;
    this.#writer.cancel(page);
    releaseAll(this.#options.messages, page.takeHandles());
    page.leave();
  }

  /** A page that the log had when it was opened, for the ring of its queue. */
  restore(queue: PagedQueue, durable: DurablePage): PageSpan {
    const { firstSequence, span, bytes, live, earliestExpiryMs } = durable;
    const page = this.#newPage({ queue, firstSequence, span, bytes, persistent: live, earliestExpiryMs });
    page.file = this.#files.restored(durable.queueId, durable.file);
    page.file.pages++;
    page.offset = durable.offset;
    page.restored(durable);
    const { from, to } = page.shown;
    return { page: page.number, firstSequence: firstSequence + from, span: to - from, entries: live };
  }

  /** Begins to write what waits; for a broker that has no turns yet. */
  writeSome(): void {
    this.#writer.writeSome();
  }

  /** About twice a second. */
  tick(): void {
    if (this.#evacuation?.step() === true) this.#evacuation = undefined;
    this.#writer.tick();
    this.#files.tick();
    this.#homes.tick();
    this.#reader.tick();
  }

  /**
   * Writes what durable queues have in memory to pages, so that the log need not keep it: for a broker that stops. Goes on
   * with each `tick`; may be left at any time.
   * @param done called when all that could be written is durable there
   */
  evacuate(queues: Iterable<EvacuatedQueue>, done: () => void): void {
    const isCongested = () => this.isCongested;
    const { log } = this.#options;
    this.#evacuation = new Evacuation({ queues, writer: this.#writer, isCongested, homes: this.#homes, log, done });
  }

  /** Nothing is written or read any more. */
  close(): void {
    this.#files.close();
  }

  get metrics(): PageMetrics {
    const { writes, bytes: writtenBytes } = this.#writer.metrics;
    const { pages: readPages, bytes: readBytes } = this.#reader.metrics;
    const { syncs, pages: homedPages } = this.#homes.metrics;
    const pages = this.#pages.size;
    return { pages, files: this.#files.length, writes, writtenBytes, readPages, readBytes, syncs, homedPages };
  }

  #newPage(options: Omit<PageOptions, 'number' | 'world'>): Page {
    const page = new Page({ number: ++this.#lastNumber, world: this.#world, ...options });
    this.#pages.set(page.number, page);
    return page;
  }

  /** What a crash may take need not be kept in memory for longer. */
  #written(page: Page): void {
    const { file } = page;
    if (file !== undefined && page.wantsHome) this.#homes.written(page, file);
    else releaseAll(this.#options.messages, page.takeHandles());
  }

  /** Nothing needs the page any more. */
  #forget(page: Page): void {
    this.#pages.delete(page.number);
    const { file } = page;
    if (file === undefined) return;
    file.pages--;
    this.#files.check(file);
  }

  #damaged({ queue, file, offset }: Page): void {
    this.#options.damaged(queue.id, file?.name ?? '', offset);
  }
}

/** What is there now, and what happened since the start. */
export interface PageMetrics {
  readonly pages: number;
  readonly files: number;
  readonly writes: number;
  readonly writtenBytes: number;
  readonly readPages: number;
  readonly readBytes: number;
  readonly syncs: number;
  readonly homedPages: number;
}

function transient({ isDraining }: PagedQueue): OfferedMessages {
  return { isPersistent: false, isDraining };
}

/** By a durable queue. */
function offered({ isDraining }: PagedQueue, { entries, persistent }: PageMeasure): OfferedMessages {
  return { isPersistent: 2 * persistent >= entries, isDraining };
}
