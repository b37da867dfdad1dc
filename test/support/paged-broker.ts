/**
 * A broker core on a simulated disk, with its log and its pages, that can be ended at any moment and opened again. Turns
 * and the disk go on only when a test says so.
 */

import { ManualClock } from '../../src/base/clock.ts';
import { SeededRandom } from '../../src/base/random.ts';
import { Broker } from '../../src/core/broker.ts';
import { NO_METADATA } from '../../src/core/definition-record.ts';
import { Messages } from '../../src/core/messages.ts';
import { Owner } from '../../src/core/owner.ts';
import type { Queue } from '../../src/core/queue/queue.ts';
import type { Vhost } from '../../src/core/vhost.ts';
import { restoreMessages } from '../../src/server/restore-messages.ts';
import type { DiskFault } from '../../src/storage/disk/disk.ts';
import { type OpenedLog, openLog } from '../../src/storage/disk/open-log.ts';
import { type PagePolicy, PageStore } from '../../src/storage/disk/pages/page-store.ts';
import { ANY_UNACKED, pageOutUnacked, publishText, RecordingSink, RevocablePermissions } from './core-broker.ts';
import type { SimulatedDisk } from './simulated-disk.ts';

export interface PagedBrokerOptions {
  /** Everything goes unless given. */
  readonly policy?: PagePolicy;
  readonly fileBytes?: number;
  readonly segmentBytes?: number;
}

const EVERYTHING: PagePolicy = { pagesAhead: 2, isAnyDue: true, shouldPageOut: () => true };

export class PagedBroker {
  readonly disk: SimulatedDisk;
  readonly opened: OpenedLog;
  readonly broker: Broker;
  readonly vhost: Vhost;
  readonly pages: PageStore;
  readonly sink: RecordingSink;
  readonly owner = new Owner('guest', 'test');
  /** Pages that could not be had, as `queue/file`. */
  readonly damaged: string[] = [];
  readonly faults: DiskFault[] = [];
  isLost = false;

  /** Reads what is on the disk. @throws Error when it cannot be read */
  constructor(disk: SimulatedDisk, options: PagedBrokerOptions = {}) {
    this.disk = disk;
    const messages = new Messages();
    const { policy = EVERYTHING, fileBytes = 100_000, segmentBytes = 200_000 } = options;
    this.opened = last(
      openLog({ disk, messages, epoch: 1, onDurable: () => {}, segmentBytes, faults: this.#faults() }),
    );
    const opened: PageStore[] = [];
    this.broker = new Broker({
      clock: new ManualClock(),
      random: new SeededRandom(1),
      log: this.opened.log,
      messages,
      permissions: new RevocablePermissions(),
      unackedPaging: ANY_UNACKED,
      openResidency: (_messages, pump) => {
        const { log, found } = this.opened;
        const store = new PageStore({
          disk,
          names: this.opened.names,
          messages,
          pump,
          log,
          policy,
          lastFile: found.lastPageFile,
          fileBytes,
          onReady: () => {},
          damaged: (queueId, file) => this.damaged.push(`${queueId}/${file}`),
          onFault: (fault) => this.faults.push(fault),
        });
        opened.push(store);
        return store;
      },
    });
    const [pages] = opened;
    if (pages === undefined) throw new Error('the broker opened no residency');
    this.pages = pages;
    this.sink = new RecordingSink(this.broker);
    this.vhost = this.#restore();
  }

  declare(name: string, durable = true): Queue {
    const wanted = { name, durable, exclusive: false, autoDelete: false, arguments: new Map() };
    return this.vhost.declareQueue(this.owner, wanted).queue;
  }

  publish(queue: string, body: string, isPersistent = true, timeToLiveMs?: number): void {
    publishText({ broker: this.broker, vhost: this.vhost }, '', queue, body, isPersistent, timeToLiveMs);
  }

  queue(name: string): Queue {
    return this.vhost.queue(this.owner, name);
  }

  /** The next message of a queue, undefined when there is none just now; it is acknowledged when that is wanted. */
  take(name: string, noAck = true): Taken | undefined {
    let taken: Taken | undefined;
    this.queue(name).take(this.sink.unacked, noAck, {
      taken: (message, tag, redelivered) => {
        taken = { body: this.sink.bodyOf(message), tag, redelivered };
      },
    });
    return taken;
  }

  /** Takes all, with as many turns as it needs. @returns the bodies, up to where one cannot be had */
  drain(name: string): string[] {
    const bodies: string[] = [];
    for (let idle = 0; this.queue(name).readyCount > 0 && idle < 5; ) {
      const taken = this.take(name);
      if (taken === undefined) {
        idle++;
        this.quiet();
      } else {
        idle = 0;
        bodies.push(taken.body);
      }
    }
    return bodies;
  }

  /** Offers what clients hold to the residency. */
  pageOutUnacked(): void {
    pageOutUnacked(this.broker);
  }

  turn(): void {
    this.broker.endTurn(2000);
    this.opened.log.flush();
  }

  /** Turns go on and the disk works until neither has anything to do. */
  quiet(): void {
    for (let turns = 0; turns < 1000; turns++) {
      this.turn();
      this.disk.runAll();
      const { log } = this.opened;
      if (!this.broker.pump.hasWork && log.durable === log.appended && this.disk.pending === 0) return;
    }
    throw new Error('the broker does not come to rest');
  }

  /** Half a second goes by, as often as that. */
  tick(times = 1): void {
    for (let left = times; left > 0; left--) {
      this.opened.tick();
      this.pages.tick();
      this.quiet();
    }
  }

  /** Names of files of pages. */
  get pageFiles(): string[] {
    return this.disk.list().filter((name) => name.startsWith('page-'));
  }

  #faults() {
    return { outOfSpace: () => {}, distrusted: () => {}, lost: () => this.#lost() };
  }

  #lost(): void {
    this.isLost = true;
  }

  #restore(): Vhost {
    const { definitions } = this.opened;
    this.broker.reserveIds(definitions.highestId);
    if (definitions.isEmpty) return this.broker.addVhost('/', NO_METADATA);
    const vhost = this.broker.restoreVhost('/', NO_METADATA);
    for (const record of definitions.records()) if (record.kind === 'queue.declared') vhost.restoreQueue(record);
    const restoring = restoreMessages(this.opened, this.broker, this.pages);
    for (let step = restoring.next(); step.done !== true; step = restoring.next()) {
      if (step.value.isWaiting === true) this.disk.runAll();
    }
    return vhost;
  }
}

export interface Taken {
  readonly body: string;
  readonly tag: number;
  readonly redelivered: boolean;
}

/** Goes through all steps. */
function last<Result>(steps: Generator<unknown, Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
