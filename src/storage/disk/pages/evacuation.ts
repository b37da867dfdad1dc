/**
 * Takes all that durable queues hold in memory to pages, a part of it in each step, and waits until it is durable there:
 * the log of a broker that stops then holds next to nothing, and the next start has next to nothing to read.
 */

import type { FileLog } from './page-files.ts';
import type { PageHomes } from './page-homes.ts';
import type { PageWriter } from './page-writer.ts';

/** Queues with fewer messages stay in the log: a file for each of very many would cost more than it saves. */
const MESSAGES_MIN = 1000;

/** What it needs of a queue. */
export interface EvacuatedQueue {
  readonly options: { readonly durable: boolean };
  readonly isDeleted: boolean;
  readonly readyCount: number;
  pageOutReady(): boolean;
}

export interface EvacuationOptions {
  readonly queues: Iterable<EvacuatedQueue>;
  readonly writer: PageWriter;
  readonly isCongested: () => boolean;
  readonly homes: PageHomes;
  readonly log: FileLog;
  readonly done: () => void;
}

export class Evacuation {
  readonly #options: EvacuationOptions;
  readonly #queues: EvacuatedQueue[];

  constructor(options: EvacuationOptions) {
    this.#options = options;
    this.#queues = [...options.queues].filter(
      ({ options: { durable }, readyCount }) => durable && readyCount >= MESSAGES_MIN,
    );
  }

  /** @returns true when all is done */
  step(): boolean {
    const { writer, homes, log, done } = this.#options;
    this.#pageOut();
    writer.writeSome();
    if (this.#queues.length > 0 || !(writer.isIdle || writer.isPaused)) return false;
    homes.syncAll();
    if (!homes.isIdle || log.saved < log.appended) return false;
    done();
    return true;
  }

  #pageOut(): void {
    const { isCongested } = this.#options;
    for (let queue = this.#queues.at(-1); queue !== undefined && !isCongested(); queue = this.#queues.at(-1)) {
      if (queue.isDeleted || !queue.pageOutReady()) this.#queues.pop();
    }
  }
}
