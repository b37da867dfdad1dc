/**
 * A virtual host: its exchanges, queues and bindings, and the one door through which protocols and the management API
 * reach them. Permissions are checked here, once.
 */

import type { Region } from '../base/bytes.ts';
import type { FieldTable } from '../base/field-table.ts';
import type { Random } from '../base/random.ts';
import type { Alarms } from './alarms.ts';
import type { Binding } from './binding.ts';
import { assertAccessible, assertSameQueue, type ExchangeRequest, type QueueDeclaration } from './declarations.ts';
import { DefinitionLog } from './definition-log.ts';
import type { Definition, VhostMetadata } from './definition-record.ts';
import { Departure } from './departure.ts';
import { ReplyQueues } from './direct-reply.ts';
import type { Ended } from './ended.ts';
import { refusal } from './errors.ts';
import type { Exchange } from './exchange/exchange.ts';
import { type BindingRequest, Exchanges } from './exchanges.ts';
import type { LogLines } from './log-lines.ts';
import { RESERVED_PREFIX, serverQueueName, stripLineEnds } from './names.ts';
import type { Owner } from './owner.ts';
import { type MessageHandle, NOT_TAKEN, type Permissions, type Ticket } from './ports.ts';
import { assertQueueArguments, deadLetterExchange } from './queue/arguments.ts';
import { ClassicQueue, type QueueWorld } from './queue/classic.ts';
import type { Queue, QueueOptions } from './queue/queue.ts';
import type { Route } from './route.ts';
import { type RouteCache, resolveRoute } from './route-cache.ts';
import { VhostAccess } from './vhost-access.ts';

/** A result that counts as done once the log has come to its ticket. */
export interface Declared {
  readonly queue: Queue;
  readonly ticket: Ticket;
}

export interface Deleted {
  /** Messages that were ready. */
  readonly messages: number;
  readonly ticket: Ticket;
}

/** What the vhosts of a broker share. */
export interface VhostWorld extends Omit<QueueWorld, 'unused'> {
  readonly random: Random;
  readonly permissions: Permissions;
  readonly logLines?: LogLines | undefined;
  readonly routes: RouteCache<Queue>;
  readonly alarms: Pick<Alarms, 'assertRoomTo'>;
  readonly ended: Ended;
  /** An id for a queue, exchange or binding; never given twice. */
  nextId(): number;
}

export class Vhost {
  readonly name: string;
  readonly metadata: VhostMetadata;
  readonly counters = { published: 0, unroutable: 0 };
  /** What users may do here. */
  readonly access: VhostAccess;
  /** Where definitions become durable. */
  readonly definitions: DefinitionLog;
  readonly replyQueues: ReplyQueues;
  readonly #shared: VhostWorld;
  readonly #queues = new Map<string, Queue>();
  readonly #exchanges: Exchanges;
  readonly #world: QueueWorld;

  constructor(name: string, metadata: VhostMetadata, shared: VhostWorld) {
    this.name = name;
    this.metadata = metadata;
    this.#shared = shared;
    this.definitions = new DefinitionLog(shared.log);
    this.access = new VhostAccess(name, shared.permissions);
    this.replyQueues = new ReplyQueues(shared);
    const { messages, log, residency, pump, unackedPaging } = shared;
    this.#world = { messages, log, residency, pump, unackedPaging, unused: (queue) => this.#remove(queue) };
    this.#exchanges = new Exchanges({
      definitions: this.definitions,
      name,
      warn: (text) => shared.logLines?.warning(text),
      nextId: () => shared.nextId(),
      findQueue: (queue) => this.#queues.get(queue) ?? this.replyQueues.find(queue),
      queue: (owner, queue) => this.queue(owner, queue),
      access: this.access,
      alarms: shared.alarms,
    });
  }

  get queues(): Iterable<Queue> {
    return this.#queues.values();
  }

  get queueCount(): number {
    return this.#queues.size;
  }

  get exchanges(): Iterable<Exchange<Queue>> {
    return this.#exchanges;
  }

  findQueue(name: string): Queue | undefined {
    return this.#queues.get(name);
  }

  findExchange(name: string): Exchange<Queue> | undefined {
    return this.#exchanges.find(name);
  }

  /** Rises when a cached answer about permissions may be old. */
  get permissionsEpoch(): number {
    return this.access.epoch;
  }

  /** @throws BrokerError 404; 405 when it belongs to another connection. */
  queue(owner: Owner, name: string): Queue {
    const queue = this.#queues.get(name);
    if (queue === undefined) throw refusal.noQueue(name, this.name);
    assertAccessible(queue, owner, this.name);
    if (queue.isStopped) throw refusal.stoppedQueue(name, this.name);
    return queue;
  }

  /** A queue to read from (consume, get). @throws BrokerError 403, 404, 405. */
  readableQueue(owner: Owner, name: string): Queue {
    this.access.assertMay(owner, 'queue', name, 'read');
    return this.queue(owner, name);
  }

  /** For a client that asks whether it is there. @throws BrokerError 403, 404, 405. */
  declaredQueue(owner: Owner, wantedName: string): Declared {
    const name = stripLineEnds(wantedName);
    this.access.assertMayKnow(owner, 'queue', name);
    return this.#present(this.queue(owner, name));
  }

  /**
   * @throws BrokerError 403 (reserved name, no permission), 405 and 406 (there is another one of that name), 406 (an
   * argument that cannot be; no memory for more queues).
   */
  declareQueue(owner: Owner, wanted: QueueDeclaration): Declared {
    const wantedName = stripLineEnds(wanted.name);
    if (wantedName.startsWith(RESERVED_PREFIX)) throw refusal.reservedQueueName(wantedName);
    const name = wantedName === '' ? serverQueueName(this.#shared.random) : wantedName;
    this.access.assertMay(owner, 'queue', name, 'configure');
    const present = this.#queues.get(name);
    if (present !== undefined) {
      if (present.isStopped) throw refusal.stoppedQueue(name, this.name);
      assertSameQueue(present, wanted, owner, this.name);
      return this.#present(present);
    }
    const deadLetters = deadLetterExchange(wanted.arguments, name, this.name);
    if (deadLetters !== undefined) this.access.assertMayDeadLetter(owner, name, deadLetters);
    assertQueueArguments(wanted.arguments, name, this.name);
    this.#shared.alarms.assertRoomTo(`declare queue '${name}' in vhost '${this.name}'`);
    const queue = this.#addQueue(this.#shared.nextId(), name, optionsOf(wanted, owner));
    if (!queue.options.durable) return { queue, ticket: 0 };
    const { autoDelete, arguments: declared } = queue.options;
    const record = { id: queue.id, vhost: this.name, name, autoDelete, arguments: declared };
    return { queue, ticket: this.definitions.define({ kind: 'queue.declared', ...record }) };
  }

  /** @throws BrokerError 406 `in use` or `not empty`; a missing queue is no error. */
  deleteQueue(owner: Owner, wantedName: string, conditions: { ifUnused: boolean; ifEmpty: boolean }): Deleted {
    const name = stripLineEnds(wantedName);
    this.access.assertMay(owner, 'queue', name, 'configure');
    const queue = this.#queues.get(name);
    if (queue === undefined) return { messages: 0, ticket: this.definitions.newest };
    assertAccessible(queue, owner, this.name);
    if (conditions.ifEmpty && queue.readyCount > 0) throw refusal.queueNotEmpty(name, this.name);
    if (conditions.ifUnused && queue.consumerCount > 0) throw refusal.queueInUse(name, this.name);
    const messages = queue.readyCount;
    return { messages, ticket: this.#remove(queue) };
  }

  /** @returns how many messages were dropped. @throws BrokerError 403, 404, 405. */
  purgeQueue(owner: Owner, name: string): number {
    return this.readableQueue(owner, name).purge();
  }

  /** @throws BrokerError 403 (reserved name, no permission), 406 (unknown type, or there is another one of that name). */
  declareExchange(owner: Owner, request: ExchangeRequest): Ticket {
    return this.#exchanges.declare(owner, request);
  }

  /** @throws BrokerError 404. */
  exchange(name: string): Exchange<Queue> {
    return this.#exchanges.exchange(name);
  }

  /** @throws BrokerError 403 (system exchange, no permission), 406 `in use`; a missing exchange is no error. */
  deleteExchange(owner: Owner, name: string, conditions: { ifUnused: boolean }): Ticket {
    return this.#exchanges.delete(owner, name, conditions);
  }

  /** @throws BrokerError 403, 404, 405. Binding twice is no error. */
  bindQueue(owner: Owner, queueName: string, exchangeName: string, key: string, bindingArguments: FieldTable): Ticket {
    const ends = { source: exchangeName, destination: queueName };
    return this.#exchanges.bindQueue(owner, { ...ends, key, arguments: bindingArguments });
  }

  /** @throws BrokerError 403, 404, 405. A binding that does not exist is no error. */
  unbindQueue(
    owner: Owner,
    queueName: string,
    exchangeName: string,
    key: string,
    bindingArguments: FieldTable,
  ): Ticket {
    const ends = { source: exchangeName, destination: queueName };
    return this.#exchanges.unbindQueue(owner, { ...ends, key, arguments: bindingArguments });
  }

  /** Hands on from one exchange to another. @throws BrokerError 403, 404. Binding twice is no error. */
  bindExchange(owner: Owner, binding: BindingRequest): Ticket {
    return this.#exchanges.bindExchange(owner, binding);
  }

  /** @throws BrokerError 403. A binding that does not exist is no error. */
  unbindExchange(owner: Owner, binding: BindingRequest): Ticket {
    return this.#exchanges.unbindExchange(owner, binding);
  }

  /** For a client that asks whether it is there. @throws BrokerError 403 (default exchange, no permission), 404. */
  assertExchange(owner: Owner, name: string): Ticket {
    return this.#exchanges.assertDeclared(owner, name);
  }

  /** The exchange for a client's publish. @throws BrokerError 403 (no write access, internal), 404. */
  publishableExchange(owner: Owner, name: string): Exchange<Queue> {
    return this.#exchanges.publishable(owner, name);
  }

  /** Where a message goes whose routing key is `input.bytes[start, start + length)`. */
  routeTo(exchange: Exchange<Queue>, input: Region, start: number, length: number): Route<Queue> {
    return resolveRoute(exchange, input, start, length, this.#shared.routes);
  }

  /**
   * Where one message goes: when its route `needsMessage`, and when it has more routing keys than one.
   * @param route where its routing key leads
   * @param moreKeys of CC and BCC
   */
  routeMessage(route: Route<Queue>, moreKeys: readonly Region[], headers: FieldTable): Route<Queue> {
    return this.#shared.routes.source.askFor(route, moreKeys, headers);
  }

  /**
   * Hot path. Gives a message, with its one reference, to the queues of its route.
   * @returns what must be durable before it may be confirmed, or 0. Of a transient message that are the declarations of
   * its durable queues; the records of any other come after those.
   */
  publish(message: MessageHandle, route: Route<Queue>): Ticket {
    const { queues } = route;
    const { messages } = this.#shared;
    this.counters.published++;
    const only = queues.length === 1 ? queues[0] : undefined;
    if (only !== undefined && !only.options.durable && !only.isStopped) {
      // Most transient messages: nobody looks at the message after this, so its reference goes along.
      only.enqueue(message);
      return 0;
    }
    let ticket = 0;
    let isTaken = true;
    for (let index = 0; index < queues.length; index++) {
      const queue = queues[index];
      if (queue === undefined) break;
      if (queue.isStopped) {
        isTaken = false;
        continue;
      }
      messages.retain(message);
      const sequence = queue.enqueue(message);
      if (!queue.options.durable) continue;
      if (messages.isPersistent(message)) {
        // Where several logs come in: a record, and so a ticket, for each log of these queues.
        if (ticket === 0) ticket = queue.log.publish(message);
        queue.log.reached(queue.id, sequence);
      } else ticket = this.definitions.newest;
    }
    if (queues.length === 0) this.counters.unroutable++;
    messages.release(message);
    return isTaken ? ticket : NOT_TAKEN;
  }

  /** Puts back a queue that was declared before a restart; its messages come later. */
  restoreQueue({ id, name, autoDelete, arguments: declared }: Definition<'queue.declared'>): Queue {
    return this.#addQueue(id, name, { durable: true, owner: undefined, autoDelete, arguments: declared });
  }

  /** Puts back an exchange that was declared before a restart. */
  restoreExchange(declared: Definition<'exchange.declared'>): Exchange<Queue> {
    return this.#exchanges.restore(declared);
  }

  /** Puts back a binding, whose ends are here already. @param exchange its source */
  restoreBinding(exchange: Exchange<Queue>, binding: Binding<Queue>): void {
    this.#exchanges.restoreBinding(exchange, binding);
  }

  /** All that is here goes. */
  delete(): Ticket {
    const ticket = this.definitions.define({ kind: 'vhost.deleted', vhost: this.name });
    this.definitions.close();
    for (const queue of [...this.#queues.values()]) this.#remove(queue);
    this.#exchanges.deleteAll();
    return ticket;
  }

  /**
   * A connection is gone, and its exclusive queues with it: at once when they are few, else in the turns to come. All are
   * gone when `owner.exclusiveQueues` is empty.
   */
  ownerClosed(owner: Owner): void {
    const queues = { findQueue: (name: string) => this.findQueue(name), remove: (queue: Queue) => this.#remove(queue) };
    const departure = new Departure(owner.exclusiveQueues, queues);
    if (!departure.step(Departure.AT_ONCE)) this.#shared.pump.addTask(departure);
  }

  /** Somebody else may have declared it just now: see definition-log.ts. */
  #present(queue: Queue): Declared {
    return { queue, ticket: queue.options.durable ? this.definitions.newest : 0 };
  }

  #addQueue(id: number, name: string, options: QueueOptions): Queue {
    const queue = new ClassicQueue(id, name, options, this.#world);
    this.#queues.set(name, queue);
    options.owner?.exclusiveQueues.add(name);
    return queue;
  }

  #remove(queue: Queue): Ticket {
    if (queue.isDeleted) return 0;
    this.#queues.delete(queue.name);
    queue.options.owner?.exclusiveQueues.delete(queue.name);
    queue.delete();
    this.#shared.ended.keep('queue', queue);
    const ticket = queue.options.durable ? this.definitions.define({ kind: 'queue.deleted', id: queue.id }) : 0;
    return Math.max(ticket, this.#exchanges.queueDeleted(queue));
  }
}

/** An exclusive queue is never durable, whatever was asked for. */
function optionsOf(wanted: QueueDeclaration, owner: Owner): QueueOptions {
  const { durable, exclusive, autoDelete, arguments: declared } = wanted;
  return { durable: durable && !exclusive, owner: exclusive ? owner : undefined, autoDelete, arguments: declared };
}
