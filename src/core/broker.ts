/**
 * The broker: vhosts, and what they share (message memory, pump, log, residency, routes, ids). Synchronous: commands go
 * in, deliveries and log records come out through ports, and nothing here waits.
 */

import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import { Alarms } from './alarms.ts';
import { NO_METADATA, type VhostMetadata } from './definition-record.ts';
import { Ended } from './ended.ts';
import { IncompleteBodies } from './incomplete-bodies.ts';
import type { LogLines } from './log-lines.ts';
import { Messages } from './messages.ts';
import { type NodeLimits, OpenConnections, type UserLimits } from './open-connections.ts';
import type { Log, Permissions, Residency, Ticket } from './ports.ts';
import { Pump } from './pump.ts';
import type { Queue } from './queue/queue.ts';
import { UnackedPaging, type UnackedPagingLimits } from './queue/unacked-paging.ts';
import { RouteCache } from './route-cache.ts';
import { Vhost } from './vhost.ts';

/** Segments of message memory that are emptied in one turn at most. */
const COMPACTED_PER_TURN = 16;

export interface BrokerOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly permissions: Permissions;
  /** For the operator; nobody reads it unless given. */
  readonly logLines?: LogLines | undefined;
  readonly openResidency: (messages: Messages, pump: Pump) => Residency;
  /** Those that the log keeps references to; its own unless given. */
  readonly messages?: Messages | undefined;
  /** Where bodies count that are half received; a place of its own unless given. */
  readonly incompleteBodies?: IncompleteBodies;
  /** Unlimited unless given. */
  readonly nodeLimits?: NodeLimits;
  /** When what clients hold is worth a page; for tests with few messages. */
  readonly unackedPaging?: UnackedPagingLimits | undefined;
}

export class Broker {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly permissions: Permissions;
  readonly logLines: LogLines | undefined;
  readonly messages: Messages;
  readonly incompleteBodies: IncompleteBodies;
  readonly pump = new Pump();
  readonly residency: Residency;
  readonly unackedPaging: UnackedPaging;
  readonly routes = new RouteCache<Queue>();
  readonly connections: OpenConnections;
  readonly alarms: Alarms;
  readonly ended = new Ended();
  readonly #vhosts = new Map<string, Vhost>();
  #lastId = 0;

  constructor(options: BrokerOptions) {
    this.clock = options.clock;
    this.random = options.random;
    this.log = options.log;
    this.messages = options.messages ?? new Messages();
    this.permissions = options.permissions;
    this.logLines = options.logLines;
    this.incompleteBodies = options.incompleteBodies ?? new IncompleteBodies();
    this.alarms = new Alarms(() => this.connections.alarmsChanged());
    this.connections = new OpenConnections(options.nodeLimits, this.alarms);
    this.residency = options.openResidency(this.messages, this.pump);
    this.unackedPaging = new UnackedPaging(this.residency, this.pump, options.unackedPaging);
  }

  get vhosts(): Iterable<Vhost> {
    return this.#vhosts.values();
  }

  findVhost(name: string): Vhost | undefined {
    return this.#vhosts.get(name);
  }

  /** @returns the vhost of that name, new with the predeclared exchanges if there was none. */
  addVhost(name: string, metadata = NO_METADATA): Vhost {
    const present = this.#vhosts.get(name);
    if (present !== undefined) return present;
    const vhost = this.restoreVhost(name, metadata);
    vhost.definitions.define({ kind: 'vhost.added', vhost: name, metadata });
    return vhost;
  }

  /** Deletes a vhost with all that is in it and its limits; its connections are closed already. */
  deleteVhost(name: string): Ticket {
    const vhost = this.#vhosts.get(name);
    if (vhost === undefined) return 0;
    this.#vhosts.delete(name);
    this.connections.limitVhost(name, undefined);
    return vhost.delete();
  }

  /** Limits the connections of a vhost; undefined takes the limit away. */
  limitVhost(vhost: string, connectionsMax: number | undefined): Ticket {
    this.connections.limitVhost(vhost, connectionsMax);
    return this.log.define({ kind: 'vhost-limits.set', vhost, connectionsMax, queuesMax: undefined });
  }

  /** Limits the connections and channels of a user. */
  limitUser(user: string, limits: UserLimits): Ticket {
    this.connections.limitUser(user, limits);
    const { connectionsMax, channelsMax } = limits;
    return this.log.define({ kind: 'user-limits.set', user, connectionsMax, channelsMax });
  }

  /** Puts back a vhost that was there before a restart, with the predeclared exchanges and without all else. */
  restoreVhost(name: string, metadata: VhostMetadata): Vhost {
    const vhost = new Vhost(name, metadata, this);
    this.#vhosts.set(name, vhost);
    return vhost;
  }

  /** Ids up to this one were given before a restart. */
  reserveIds(highest: number): void {
    this.#lastId = Math.max(this.#lastId, highest);
  }

  /** An id for a queue, exchange or binding; never given twice. */
  nextId(): number {
    return ++this.#lastId;
  }

  /**
   * The broker's part of the end of a turn: hands out messages and goes on with long work.
   * @param budget messages to move at most, so that the turn stays short.
   * @returns true when work is left for the next turn.
   */
  endTurn(budget: number): boolean {
    const hasMore = this.pump.run(budget);
    if (this.messages.wantsCompaction) this.messages.compact(COMPACTED_PER_TURN);
    return hasMore;
  }

  /** The log has been flushed: whoever publishes to it may have to wait, or may go on. */
  logFlushed(): void {
    this.alarms.logBehind(this.log.isBehind || this.residency.isBehind);
  }
}
