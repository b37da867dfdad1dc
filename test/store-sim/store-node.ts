/**
 * One start of a broker on a store: opens the log, brings back definitions and messages, as the server does, in steps in
 * between which it can be ended.
 */

import { Patterns } from '../../src/auth/patterns.ts';
import { PermissionTable } from '../../src/auth/permission-table.ts';
import { Users } from '../../src/auth/users.ts';
import { ManualClock } from '../../src/base/clock.ts';
import { SeededRandom } from '../../src/base/random.ts';
import { Broker } from '../../src/core/broker.ts';
import type { LogLines } from '../../src/core/log-lines.ts';
import { Messages } from '../../src/core/messages.ts';
import type { DeliverAt } from '../../src/core/ports.ts';
import { UnackedPages } from '../../src/core/queue/unacked-pages.ts';
import type { Vhost } from '../../src/core/vhost.ts';
import { restoreDefinitions } from '../../src/server/restore-definitions.ts';
import { noteDeliveries, queuesOf, restoreMessages } from '../../src/server/restore-messages.ts';
import type { SaverFaults } from '../../src/storage/disk/batch-saver.ts';
import type { DiskFault } from '../../src/storage/disk/disk.ts';
import type { DiskLog } from '../../src/storage/disk/disk-log.ts';
import { type OpenedLog, openLog } from '../../src/storage/disk/open-log.ts';
import type { PagePolicy, PageStore } from '../../src/storage/disk/pages/page-store.ts';
import { ANY_UNACKED, RevocablePermissions } from '../support/core-broker.ts';
import { ALL_RESIDENT, openedPages } from '../support/opened-pages.ts';
import { partsOf } from '../support/page-parts.ts';
import { lastingOf } from '../support/restarted-node.ts';
import type { SimulatedDisk } from '../support/simulated-disk.ts';

/** Small ones, so that a short history has many of everything. */
export interface LogSizes {
  readonly segmentBytes: number;
  readonly batchBytes: number;
  readonly checkpointRecords: number;
  readonly pageFileBytes: number;
  readonly reserveBytes: number;
}

export interface StartOptions {
  readonly disk: SimulatedDisk;
  readonly sizes: LogSizes;
  readonly epoch: number;
  /** 'append' unless given. */
  readonly deliverAt?: DeliverAt;
  /** Which messages go to pages; none unless given. */
  readonly policy?: PagePolicy;
  /** New ones unless given. */
  readonly messages?: Messages;
}

const QUIET: LogLines = { info: () => {}, warning: () => {}, error: () => {} };
/** The vhost that a new store begins with. */
export const FIRST_VHOST = '/';

/** What the log says about its disk. */
class NoticedFaults implements SaverFaults {
  isOutOfSpace = false;
  readonly counts = { outOfSpace: 0, distrusted: 0 };
  /** Why nothing can be kept any more. */
  fault: DiskFault | undefined;

  outOfSpace(isOut: boolean): void {
    this.isOutOfSpace = isOut;
    if (isOut) this.counts.outOfSpace++;
  }

  distrusted(): void {
    this.counts.distrusted++;
  }

  lost(fault: DiskFault): void {
    this.fault ??= fault;
  }
}

export class StoreNode {
  readonly opened: OpenedLog;
  readonly broker: Broker;
  readonly users: Users;
  readonly permissions: PermissionTable;
  readonly faults: NoticedFaults;
  readonly #pages: PageStore;
  /** Tickets of the definitions that were made since somebody looked. */
  defined: number[] = [];
  /** Pages with what clients held. */
  unackedPages = 0;
  #movedUpTo = 0;
  /** Ids of those that have pages which cannot be had. */
  readonly damagedQueues = new Set<number>();

  /** @throws Error when the disk cannot be read */
  static *start(options: StartOptions): Generator<void, StoreNode> {
    const { disk, sizes, epoch, deliverAt = 'append', messages = new Messages() } = options;
    const faults = new NoticedFaults();
    const opening = openLog({ disk, messages, epoch, deliverAt, faults, onDurable: () => {}, ...sizes });
    const opened = yield* silently(opening);
    const node = new StoreNode(options, opened, messages, faults);
    yield* silently(restoreMessages(opened, node.broker, node.#pages));
    return node;
  }

  private constructor(options: StartOptions, opened: OpenedLog, messages: Messages, faults: NoticedFaults) {
    this.opened = opened;
    this.faults = faults;
    const log = this.#noticeRecords(opened.log);
    this.users = new Users(log);
    this.permissions = new PermissionTable(this.users, new Patterns(QUIET), log);
    let pages: PageStore | undefined;
    this.broker = new Broker({
      clock: new ManualClock(),
      random: new SeededRandom(1),
      log,
      messages,
      permissions: new RevocablePermissions(),
      unackedPaging: ANY_UNACKED,
      openResidency: (_messages, pump) => {
        const { disk, sizes, policy = ALL_RESIDENT } = options;
        const damaged = (queueId: number) => void this.damagedQueues.add(queueId);
        pages = openedPages({ disk, opened, messages, pump, policy, fileBytes: sizes.pageFileBytes, damaged });
        this.#noticePages(pages);
        return pages;
      },
    });
    if (pages === undefined) throw new Error('the broker opened no residency');
    this.#pages = pages;
    const { broker, users, permissions } = this;
    restoreDefinitions(opened.definitions, { broker, users, permissions, logLines: QUIET });
  }

  get log(): DiskLog {
    return this.opened.log;
  }

  /** Messages of an old segment were written again, and are not durable in their new place. */
  get isMoving(): boolean {
    return this.#movedUpTo > this.log.durable;
  }

  vhost(name: string): Vhost {
    const vhost = this.broker.findVhost(name);
    if (vhost === undefined) throw new Error(`there is no vhost '${name}'`);
    return vhost;
  }

  /** The end of a turn. */
  turn(budget: number): void {
    this.broker.endTurn(budget);
    this.log.flush();
  }

  /** Half a second goes by. */
  tick(): void {
    this.opened.tick();
    this.#pages.tick();
    this.broker.unackedPaging.tick();
  }

  /** What durable queues have in memory goes to pages. @param done called when that is durable */
  evacuate(done: () => void): void {
    this.#pages.evacuate(queuesOf(this.broker), done);
  }

  /** Pages that count as several, because others stand between their messages: how many parts of them there were. */
  get partsFound(): number {
    return partsOf(this.opened.found.live.pages);
  }

  close(): void {
    this.#pages.close();
    this.opened.close();
  }

  noteDeliveries(): void {
    noteDeliveries(this.opened, this.broker);
  }

  /** Everything that survives a restart, as lines. */
  definitions(): string {
    return [
      ...[...this.broker.vhosts].flatMap(lastingOf),
      ...[...this.users].map((user) => `user ${JSON.stringify(user)}`),
      ...[...this.permissions.permissions()].map((permission) => `permission ${JSON.stringify(permission)}`),
      ...[...this.permissions.topicPermissions()].map((permission) => `topics ${JSON.stringify(permission)}`),
    ]
      .sort()
      .join('\n');
  }

  #noticePages(pages: PageStore): void {
    const pageOut = pages.pageOut.bind(pages);
    pages.pageOut = (queue, firstSequence, handles) => {
      const taken = pageOut(queue, firstSequence, handles);
      if (taken !== undefined && queue instanceof UnackedPages) this.unackedPages++;
      return taken;
    };
  }

  #noticeRecords(log: DiskLog): DiskLog {
    const define = log.define.bind(log);
    const move = log.move.bind(log);
    log.move = (source, at) => {
      this.#movedUpTo = move(source, at);
      return this.#movedUpTo;
    };
    log.define = (record) => {
      const ticket = define(record);
      this.defined.push(ticket);
      return ticket;
    };
    return log;
  }
}

function* silently<Result>(steps: Generator<unknown, Result>): Generator<void, Result> {
  for (;;) {
    const { value, done } = steps.next();
    if (done === true) return value;
    yield;
  }
}
