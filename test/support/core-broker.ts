/**
 * A broker core without a server: manual clock, seeded random, a log and a residency in memory that a test can make late,
 * and permissions that a test can take away.
 */

import { type Region, regionOf } from '../../src/base/bytes.ts';
import { ManualClock } from '../../src/base/clock.ts';
import { SeededRandom } from '../../src/base/random.ts';
import { Broker } from '../../src/core/broker.ts';
import { NO_METADATA } from '../../src/core/definition-record.ts';
import type { LogLines } from '../../src/core/log-lines.ts';
import { LARGE_BODY_BYTES, type MessageOrigin, type Messages, NEVER_MS } from '../../src/core/messages.ts';
import { Owner } from '../../src/core/owner.ts';
import type { Access, DeliverAt, DeliverySink, MessageHandle, Permissions, Ticket } from '../../src/core/ports.ts';
import { Consumer, type ConsumerOptions } from '../../src/core/queue/consumer.ts';
import type { Queue } from '../../src/core/queue/queue.ts';
import { Unacked } from '../../src/core/queue/unacked.ts';
import type { Vhost } from '../../src/core/vhost.ts';
import { MemoryLog } from '../../src/storage/memory/memory-log.ts';
import { MemoryResidency } from '../../src/storage/memory/memory-residency.ts';

const NOTHING = regionOf(new Uint8Array(0));

export interface CoreBrokerOptions {
  readonly flushesLate?: () => number;
  /** Of the log; 'append' unless given. */
  readonly deliverAt?: DeliverAt;
  readonly shouldPageOut?: () => boolean;
  readonly turnsLate?: () => number;
  readonly pageEntries?: (entries: number) => number;
  /** What clients hold leaves memory, too: see `pageOutUnacked`. */
  readonly wantsUnacked?: () => boolean;
  readonly logLines?: LogLines;
  /** Instead of those that allow everything that was not revoked. */
  readonly permissions?: Permissions;
  /** Instead of a new one. */
  readonly log?: MemoryLog;
}

/** However little clients hold. */
export const ANY_UNACKED = { queueMin: 1, rowMin: 1 };

export interface CoreBroker {
  readonly broker: Broker;
  readonly vhost: Vhost;
  readonly clock: ManualClock;
  readonly log: MemoryLog;
  readonly residency: MemoryResidency;
  readonly permissions: RevocablePermissions;
  readonly owner: Owner;
}

/** Everything is allowed but what was revoked. */
export class RevocablePermissions implements Permissions {
  epoch = 0;
  readonly #revoked = new Set<string>();

  mayAccess(_user: string, _vhost: string, kind: 'queue' | 'exchange', name: string, access: Access): boolean {
    return !this.#revoked.has(`${access} ${kind} ${name}`);
  }

  hasTopicRules(): boolean {
    return false;
  }

  mayUseTopic(): boolean {
    return true;
  }

  hasTag(): boolean {
    return false;
  }

  revoke(access: Access, kind: 'queue' | 'exchange', name: string): void {
    this.#revoked.add(`${access} ${kind} ${name}`);
    this.epoch++;
  }
}

/** A broker with the vhost `/` and a connection of user `guest`. Nothing is paged out and the log is in time by default. */
export function coreBroker(options: CoreBrokerOptions = {}): CoreBroker {
  const clock = new ManualClock();
  const { flushesLate = () => 0, deliverAt = 'append' } = options;
  const log = options.log ?? new MemoryLog({ flushesLate, deliverAt });
  const permissions = new RevocablePermissions();
  const residencies: MemoryResidency[] = [];
  const broker = new Broker({
    clock,
    random: new SeededRandom(1),
    log,
    permissions: options.permissions ?? permissions,
    logLines: options.logLines,
    unackedPaging: ANY_UNACKED,
    openResidency: (messages, pump) => {
      const { shouldPageOut = () => false, turnsLate = () => 1, wantsUnacked = () => false } = options;
      const { pageEntries = (entries) => entries } = options;
      const opened = new MemoryResidency(messages, pump, { shouldPageOut, turnsLate, wantsUnacked, pageEntries });
      residencies.push(opened);
      return opened;
    },
  });
  const [residency] = residencies;
  if (residency === undefined) throw new Error('the broker opened no residency');
  // Nothing is in the log yet.
  const vhost = broker.restoreVhost('/', NO_METADATA);
  return { broker, vhost, clock, log, residency, permissions, owner: new Owner('guest', 'test') };
}

/** Text as bytes that can be read and viewed. */
export function textRegion(text: string): Region {
  return regionOf(new TextEncoder().encode(text));
}

/** A message with one reference, as if it had come through the default exchange. */
export function createMessage(messages: Messages, body: string, isPersistent = false): MessageHandle {
  const origin = { id: 0, exchangeBytes: NOTHING, keyBytes: textRegion('key') };
  const bytes = textRegion(body);
  return messages.create(origin, isPersistent, 0, 0, NOTHING, 0, 0, bytes, 0, bytes.bytes.length);
}

/** Publishes a text through an exchange. @returns the ticket that a confirm would wait for. */
export function publishText(
  world: Pick<CoreBroker, 'broker' | 'vhost'>,
  exchangeName: string,
  key: string,
  body: string,
  isPersistent = false,
  timeToLiveMs = NEVER_MS,
): Ticket {
  const { broker, vhost } = world;
  const keyBytes = textRegion(key);
  const route = vhost.routeTo(vhost.exchange(exchangeName), keyBytes, 0, keyBytes.bytes.length);
  const message = routedMessage(broker.messages, route, textRegion(body), isPersistent);
  if (timeToLiveMs !== NEVER_MS) broker.messages.expireAfter(message, timeToLiveMs);
  return vhost.publish(message, route);
}

function routedMessage(messages: Messages, route: MessageOrigin, body: Region, isPersistent: boolean): MessageHandle {
  const { length } = body.bytes;
  if (length > LARGE_BODY_BYTES) return messages.createLarge(route, isPersistent, 0, 0, NOTHING, 0, 0, [body.bytes]);
  return messages.create(route, isPersistent, 0, 0, NOTHING, 0, 0, body, 0, length);
}

/** A message's body as text. */
export function bodyText(messages: Messages, message: MessageHandle): string {
  const pieces = messages.largeBody(message);
  if (pieces !== undefined) return new TextDecoder().decode(Buffer.concat(pieces));
  const region = messages.regionOf(message);
  const start = messages.offsetOf(message);
  const bodyStart =
    messages.exchangeStart(start) +
    messages.exchangeBytes(region, start) +
    messages.keyBytes(region, start) +
    messages.propertiesBytes(region, start);
  return new TextDecoder().decode(region.bytes.subarray(bodyStart, bodyStart + messages.bodyBytes(region, start)));
}

export interface Delivery {
  readonly consumerId: number;
  readonly body: string;
  readonly tag: number;
  readonly redelivered: boolean;
}

/** A channel's place in the core: notes what it is given. */
export class RecordingSink implements DeliverySink {
  canTakeMore = true;
  readonly deliveries: Delivery[] = [];
  readonly cancelledIds: number[] = [];
  readonly unacked: Unacked;
  readonly #messages: Messages;

  constructor(broker: Broker) {
    this.unacked = new Unacked(broker);
    this.#messages = broker.messages;
  }

  deliver(consumerId: number, message: MessageHandle, tag: number, redelivered: boolean): void {
    this.deliveries.push({ consumerId, body: this.bodyOf(message), tag, redelivered });
  }

  bodyOf(message: MessageHandle): string {
    return bodyText(this.#messages, message);
  }

  cancelled(consumerId: number): void {
    this.cancelledIds.push(consumerId);
  }

  /** The bodies delivered so far. */
  get bodies(): string[] {
    return this.deliveries.map(({ body }) => body);
  }

  /** A consumer that delivers here; not yet on its queue. */
  consumer(queue: Queue, options: Partial<ConsumerOptions> = {}): Consumer {
    const { unacked } = this;
    const defaults = { id: 0, tag: 'c', noAck: false, exclusive: false, priority: 0, prefetch: 0 };
    return new Consumer({ queue, sink: this, unacked, ...defaults, ...options });
  }

  /** A consumer on its queue. */
  consume(queue: Queue, options: Partial<ConsumerOptions> = {}): Consumer {
    const consumer = this.consumer(queue, options);
    queue.addConsumer(consumer);
    return consumer;
  }
}

/** What clients hold becomes old enough to be offered to the residency. */
export function pageOutUnacked(broker: Broker): void {
  for (let ticks = 3; ticks > 0; ticks--) broker.unackedPaging.tick();
  runAll(broker);
}

/** Runs the pump until nothing is left. @returns after how many turns. */
export function runAll(broker: Broker, budget = 1000): number {
  let turns = 1;
  while (broker.endTurn(budget)) turns++;
  return turns;
}
