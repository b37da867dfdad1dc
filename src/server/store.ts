/**
 * What a broker keeps past its process: opens the log of a data directory, brings its messages back into their queues,
 * and leaves everything in order when the broker stops.
 */

import { assert } from '../base/assert.ts';
import type { Broker } from '../core/broker.ts';
import type { LogLines } from '../core/log-lines.ts';
import type { Messages } from '../core/messages.ts';
import type { MemoryUse } from '../core/ports.ts';
import type { Pump } from '../core/pump.ts';
import type { Queue } from '../core/queue/queue.ts';
import type { DiskFault } from '../storage/disk/disk.ts';
import { type OpenedLog, openLog } from '../storage/disk/open-log.ts';
import { MessageMemoryPolicy } from '../storage/disk/pages/message-memory-policy.ts';
import { PageStore } from '../storage/disk/pages/page-store.ts';
import type { NodeDisk } from './node-disk.ts';
import { noteDeliveries, queuesOf, restoreMessages, stopDamaged } from './restore-messages.ts';
import { percent, runSteps } from './steps.ts';
import { StoreFaults, type WriteSpace } from './store-faults.ts';

const MB = 1024 * 1024;
/** A stop waits no longer for the disk; nor for messages that go to pages, because a checkpoint must still be written. */
const STOP_MS = 5000;
const EVACUATION_MS = 3500;

export interface StoreOptions {
  readonly disk: NodeDisk;
  /** Shown to the operator. */
  readonly path: string;
  readonly messages: Messages;
  readonly epoch: number;
  readonly logLines: LogLines;
  /** See `OpenLogOptions`. */
  readonly onDurable: () => void;
  readonly elapsedMs: () => number;
  readonly segmentBytes: number;
  /** See `MessageMemoryOptions.persistentBytes`. */
  readonly residentBytes: number;
}

export class Store {
  readonly opened: OpenedLog;
  readonly messages: Messages;
  readonly #disk: NodeDisk;
  readonly #faults: StoreFaults;
  readonly #path: string;
  readonly #logLines: LogLines;
  readonly #options: StoreOptions;
  #pages: PageStore | undefined;
  /** Known once its definitions are there. */
  #broker: Broker | undefined;

  /** @throws Error when the directory was written by a newer program, or cannot be read */
  static async open(options: StoreOptions): Promise<Store> {
    const { path, logLines } = options;
    const faults = new StoreFaults(logLines);
    const opened = await runSteps(openLog({ ...options, faults }), (progress) => {
      logLines.info(`reading the log in ${path}: ${percent(progress)}`);
    });
    return new Store(opened, options, faults);
  }

  private constructor(opened: OpenedLog, options: StoreOptions, faults: StoreFaults) {
    const { path, logLines, messages, disk } = options;
    this.opened = opened;
    this.#options = options;
    this.messages = messages;
    this.#disk = disk;
    this.#path = path;
    this.#logLines = logLines;
    this.#faults = faults;
    this.#reportTorn();
  }

  get log(): OpenedLog['log'] {
    return this.opened.log;
  }

  get definitions(): OpenedLog['definitions'] {
    return this.opened.definitions;
  }

  /** @param space told when a write finds none, and when there is some again */
  watchSpace(space: WriteSpace): void {
    this.#faults.watchSpace(space);
  }

  /** Where the broker's messages go that are not to stay in memory. */
  openResidency(messages: Messages, pump: Pump, memory: MemoryUse): PageStore {
    const { disk, residentBytes, onDurable, logLines } = this.#options;
    this.#pages = new PageStore({
      disk,
      names: this.opened.names,
      messages,
      pump,
      log: this.log,
      policy: new MessageMemoryPolicy({ messages, memory, persistentBytes: residentBytes }),
      lastFile: this.opened.found.lastPageFile,
      onReady: onDurable,
      damaged: (queueId, file, offset) => this.#pageDamaged(queueId, file, offset),
      onFault: ({ message }) => logLines.error(`${message}. Pages stay in memory, and are tried again`),
    });
    return this.#pages;
  }

  /** Brings the messages back into their queues, which are there already. */
  async restoreMessages(broker: Broker): Promise<void> {
    const pages = this.#pages;
    assert(pages !== undefined, 'a broker keeps its messages somewhere else than its log');
    this.#broker = broker;
    const count = await runSteps(restoreMessages(this.opened, broker, pages), (progress) => {
      this.#logLines.info(`bringing messages back: ${percent(progress)}`);
    });
    this.#reportDamages(broker);
    if (count > 0) this.#logLines.info(`${count} persistent messages are back in their queues`);
  }

  /** About twice a second. */
  tick(): void {
    this.opened.tick();
    this.#pages?.tick();
  }

  /** Everything is made durable, and a checkpoint makes the next start short. Takes five seconds at most. */
  async stop(broker: Broker): Promise<void> {
    // There are no turns any more that would do it.
    const steps = setInterval(() => this.tick(), 1);
    const isInTime = await Promise.race([this.#finish(broker), afterMs(STOP_MS)]);
    clearInterval(steps);
    if (isInTime !== true)
      this.#logLines.warning('the disk is slow: the next start reads the log instead of a checkpoint');
    this.#reportTraffic();
    this.#pages?.close();
    this.opened.close();
    await this.#disk.close();
  }

  async #finish(broker: Broker): Promise<boolean> {
    await Promise.race([this.#evacuated(broker), afterMs(EVACUATION_MS)]);
    await this.#durable();
    noteDeliveries(this.opened, broker);
    const fault = await new Promise<DiskFault | undefined>((resolve) => this.opened.checkpoint(resolve));
    if (fault !== undefined) this.#logLines.warning(`no checkpoint was written: ${fault.message}`);
    return true;
  }

  /** What durable queues have in memory is on pages. */
  #evacuated(broker: Broker): Promise<void> {
    return new Promise((resolve) => this.#pages?.evacuate(queuesOf(broker), resolve));
  }

  /** All that was appended is on disk. */
  #durable(): Promise<void> {
    const { log } = this;
    log.flush();
    if (log.durable === log.appended) return Promise.resolve();
    return new Promise((resolve) => log.whenDurable(log.appended, { durabilityReached: resolve }));
  }

  #reportTraffic(): void {
    const { published, publishedBytes, writtenBytes, movedBytes, syncs } = this.opened.metrics;
    if (published === 0) return;
    const [wrote, forBytes, moved] = [writtenBytes, publishedBytes, movedBytes].map((bytes) => (bytes / MB).toFixed(1));
    const averageMs = (syncs.totalMs / Math.max(1, syncs.count)).toFixed(1);
    this.#logLines.info(
      `the log wrote ${wrote} MB for ${forBytes} MB published, of which ${moved} MB for the second time; ` +
        `${syncs.count} syncs took ${averageMs} ms on average and ${syncs.maxMs.toFixed(1)} ms at most`,
    );
  }

  #reportTorn(): void {
    const { torn } = this.opened.found;
    if (torn === undefined) return;
    const { file, from } = torn;
    this.#logLines.warning(
      `${file}: cut at byte ${from}: the broker ended while it wrote there, and nobody was told that this is durable`,
    );
  }

  #pageDamaged(queueId: number, file: string, offset: number): void {
    const broker = this.#broker;
    const damage = { file, from: offset, to: offset, queueIds: [queueId], hasDefinitions: false };
    const stopped = broker === undefined ? [] : stopDamaged(damage, broker);
    this.#logLines.error(
      `${this.#path}: ${file} is damaged at byte ${offset}. Messages are missing, and this queue is stopped: ` +
        `${namesOf(stopped)}. ${this.#remedy}`,
    );
  }

  get #remedy(): string {
    return `Stop the broker; then 'leveret fsck ${this.#path}' says more, and with --repair goes on without what is damaged.`;
  }

  #reportDamages(broker: Broker): void {
    for (const damage of this.opened.found.damages) {
      const concerned = stopDamaged(damage, broker);
      this.#logLines.error(
        `${this.#path}: ${damage.file} is damaged from byte ${damage.from} to ${damage.to}. Messages may be missing, ` +
          `and these queues are stopped: ${namesOf(concerned)}. ${this.#remedy}`,
      );
    }
    for (const id of this.opened.found.lostQueues) {
      this.#logLines.error(`the declaration of queue #${id} is lost, and its messages with it`);
    }
  }
}

function namesOf(queues: readonly Queue[]): string {
  return queues.length === 0 ? 'none' : queues.map(({ name }) => `'${name}'`).join(', ');
}

function afterMs(milliseconds: number): Promise<false> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds, false).unref());
}
