/**
 * The exchanges of a vhost and their bindings: declaring and deleting them, binding and unbinding, and which one a
 * client may publish to. How an exchange routes is its own business.
 */

import { EMPTY_TABLE, type FieldTable } from '../base/field-table.ts';
import type { Alarms } from './alarms.ts';
import type { Binding, Destination } from './binding.ts';
import { assertAccessible, assertSameExchange, type ExchangeRequest } from './declarations.ts';
import type { DefinitionLog } from './definition-log.ts';
import type { Definition, ExchangeReference } from './definition-record.ts';
import { refusal } from './errors.ts';
import { Alternates, alternateName } from './exchange/alternates.ts';
import { DefaultExchange } from './exchange/default.ts';
import type { Exchange } from './exchange/exchange.ts';
import { assertExchangeType, createExchange } from './exchange/types.ts';
import { RESERVED_PREFIX, stripLineEnds } from './names.ts';
import type { Owner } from './owner.ts';
import type { Ticket } from './ports.ts';
import type { Queue } from './queue/queue.ts';
import type { VhostAccess } from './vhost-access.ts';

/** Those that every vhost has: the name, the type, and whether only other exchanges may publish to it. */
const PREDECLARED = [
  ['amq.direct', 'direct', false],
  ['amq.fanout', 'fanout', false],
  ['amq.topic', 'topic', false],
  ['amq.headers', 'headers', false],
  ['amq.match', 'headers', false],
  ['amq.rabbitmq.trace', 'topic', true],
] as const;

/** What the exchanges need of their vhost. */
export interface ExchangesWorld {
  readonly definitions: DefinitionLog;
  /** The vhost's. */
  readonly name: string;
  /** For the operator. */
  warn(text: string): void;
  nextId(): number;
  findQueue(name: string): Queue | undefined;
  /** @throws BrokerError 404; 405 when it belongs to another connection. */
  queue(owner: Owner, name: string): Queue;
  readonly access: VhostAccess;
  readonly alarms: Pick<Alarms, 'assertRoomTo'>;
}

/** A binding as a client names it. */
export interface BindingRequest {
  readonly source: string;
  readonly destination: string;
  readonly key: string;
  readonly arguments: FieldTable;
}

export class Exchanges implements Iterable<Exchange<Queue>> {
  readonly #world: ExchangesWorld;
  readonly #exchanges = new Map<string, Exchange<Queue>>();
  readonly #alternates: Alternates<Queue>;
  /** By destination: the exchanges that have bindings to it. */
  readonly #sources = new Map<Destination<Queue>, Set<Exchange<Queue>>>();

  constructor(world: ExchangesWorld) {
    this.#world = world;
    this.#exchanges.set('', new DefaultExchange(world.nextId(), (key) => world.findQueue(key)));
    this.#alternates = new Alternates(
      (name) => this.#exchanges.get(name),
      (exchange, alternate) => world.warn(lostMessage(exchange, alternate, world.name)),
    );
    for (const [name, type, internal] of PREDECLARED) {
      const shape = { durable: true, autoDelete: false, internal, arguments: EMPTY_TABLE };
      this.#add(world.nextId(), { name, type, ...shape });
    }
  }

  [Symbol.iterator](): Iterator<Exchange<Queue>> {
    return this.#exchanges.values();
  }

  find(name: string): Exchange<Queue> | undefined {
    return this.#exchanges.get(name);
  }

  /** @throws BrokerError 404. */
  exchange(name: string): Exchange<Queue> {
    const exchange = this.#exchanges.get(name);
    if (exchange === undefined) throw refusal.noExchange(name, this.#world.name);
    return exchange;
  }

  /** For a client that asks whether it is there. @throws BrokerError 403 (default exchange, no permission), 404. */
  assertDeclared(owner: Owner, name: string): Ticket {
    const wantedName = stripLineEnds(name);
    if (wantedName === '') throw refusal.defaultExchange();
    this.#world.access.assertMayKnow(owner, 'exchange', wantedName);
    return this.#newestIf(this.exchange(wantedName).durable);
  }

  /** @throws BrokerError 403 (reserved name, no permission), 406 (unknown type, or there is another one of that name). */
  declare(owner: Owner, request: ExchangeRequest): Ticket {
    const wanted = { ...request, name: stripLineEnds(request.name) };
    assertExchangeType(wanted.type);
    if (wanted.name === '') throw refusal.defaultExchange();
    this.#world.access.assertMay(owner, 'exchange', wanted.name, 'configure');
    const present = this.#exchanges.get(wanted.name);
    if (present !== undefined) {
      assertSameExchange(present, wanted, this.#world.name);
      return this.#newestIf(present.durable);
    }
    if (wanted.name.startsWith(RESERVED_PREFIX)) throw refusal.reservedExchangeName(wanted.name);
    this.#assertMayHandOn(owner, wanted);
    this.#world.alarms.assertRoomTo(`declare exchange '${wanted.name}' in vhost '${this.#world.name}'`);
    const id = this.#world.nextId();
    this.#add(id, wanted);
    if (!wanted.durable) return 0;
    const { name, type, autoDelete, internal } = wanted;
    const record = { id, vhost: this.#world.name, name, type, autoDelete, internal, arguments: wanted.arguments };
    return this.#world.definitions.define({ kind: 'exchange.declared', ...record });
  }

  /** @throws BrokerError 403 (system exchange, no permission), 406 `in use`; a missing exchange is no error. */
  delete(owner: Owner, requestedName: string, conditions: { ifUnused: boolean }): Ticket {
    const name = stripLineEnds(requestedName);
    if (name === '') throw refusal.defaultExchange();
    if (name.startsWith(RESERVED_PREFIX)) throw refusal.systemExchange(name, this.#world.name);
    this.#world.access.assertMay(owner, 'exchange', name, 'configure');
    const exchange = this.#exchanges.get(name);
    if (exchange === undefined) return this.#world.definitions.newest;
    if (conditions.ifUnused && !exchange.isUnused) throw refusal.exchangeInUse(name, this.#world.name);
    return Math.max(this.#remove(exchange), this.#destinationGone(exchange));
  }

  /** @throws BrokerError 403, 404, 405, 406 (no memory for more). Binding twice is no error. */
  bindQueue(owner: Owner, request: BindingRequest): Ticket {
    const { source, destination, key, arguments: bindingArguments } = this.#allowed(owner, 'queue', request);
    const exchange = this.exchange(source);
    const queue = this.#world.queue(owner, destination);
    this.#world.alarms.assertRoomTo(`bind queue '${destination}' in vhost '${this.#world.name}'`);
    const isDurable = queue.options.durable && exchange.durable;
    const rule = { id: this.#world.nextId(), key, arguments: bindingArguments };
    if (!this.#bind(exchange, { kind: 'queue', ...rule, source, destination: queue })) return this.#newestIf(isDurable);
    if (!isDurable) return 0;
    const ends = { vhost: this.#world.name, source: referenceTo(exchange), queueId: queue.id };
    return this.#world.definitions.define({ kind: 'binding.added', ...rule, ...ends });
  }

  /** @throws BrokerError 403, 405. A binding that does not exist is no error, nor one whose ends do not. */
  unbindQueue(owner: Owner, request: BindingRequest): Ticket {
    const { source, destination, key, arguments: bindingArguments } = this.#allowed(owner, 'queue', request);
    const exchange = this.#exchanges.get(source);
    const queue = this.#world.findQueue(destination);
    if (exchange === undefined || queue === undefined || !exchange.isBoundTo(queue)) {
      return this.#world.definitions.newest;
    }
    assertAccessible(queue, owner, this.#world.name);
    return this.#unbind(exchange, queue, queue.options.durable, key, bindingArguments);
  }

  /** Hands on from the source exchange to the destination exchange. @throws BrokerError 403, 404, 406 (no memory). */
  bindExchange(owner: Owner, request: BindingRequest): Ticket {
    const { source, destination, key, arguments: bindingArguments } = this.#allowed(owner, 'exchange', request);
    const exchange = this.exchange(source);
    const target = this.exchange(destination);
    this.#world.alarms.assertRoomTo(`bind exchange '${destination}' in vhost '${this.#world.name}'`);
    const isDurable = target.durable && exchange.durable;
    const rule = { id: this.#world.nextId(), key, arguments: bindingArguments };
    if (!this.#bind(exchange, { kind: 'exchange', ...rule, source, destination: target })) {
      return this.#newestIf(isDurable);
    }
    if (!isDurable) return 0;
    const ends = { vhost: this.#world.name, source: referenceTo(exchange), destination: referenceTo(target) };
    return this.#world.definitions.define({ kind: 'exchange-binding.added', ...rule, ...ends });
  }

  /** @throws BrokerError 403. A binding that does not exist is no error, nor one whose ends do not. */
  unbindExchange(owner: Owner, request: BindingRequest): Ticket {
    const { source, destination, key, arguments: bindingArguments } = this.#allowed(owner, 'exchange', request);
    const exchange = this.#exchanges.get(source);
    const target = this.#exchanges.get(destination);
    if (exchange === undefined || target === undefined) return this.#world.definitions.newest;
    return this.#unbind(exchange, target, target.durable, key, bindingArguments);
  }

  /** The exchange for a client's publish. @throws BrokerError 403 (no write access, internal), 404. */
  publishable(owner: Owner, name: string): Exchange<Queue> {
    this.#world.access.assertMay(owner, 'exchange', name, 'write');
    const exchange = this.exchange(name);
    if (exchange.internal) throw refusal.internalExchange(name, this.#world.name);
    return exchange;
  }

  /** A queue is gone, and its bindings with it. @returns what waits for the auto-delete exchanges that go too. */
  queueDeleted(queue: Queue): Ticket {
    return this.#destinationGone(queue);
  }

  /** Puts back an exchange that was declared before a restart. */
  restore(declared: Definition<'exchange.declared'>): Exchange<Queue> {
    return this.#add(declared.id, { ...declared, durable: true });
  }

  /** Puts back a binding that was made before a restart. */
  restoreBinding(exchange: Exchange<Queue>, binding: Binding<Queue>): void {
    this.#bind(exchange, binding);
  }

  /** The vhost goes. */
  deleteAll(): void {
    for (const exchange of this.#exchanges.values()) if (exchange.name !== '') this.#remove(exchange);
    this.#sources.clear();
  }

  /** The binding with names as they are kept, which the client may make or remove. @throws BrokerError 403. */
  #allowed(owner: Owner, kind: 'queue' | 'exchange', request: BindingRequest): BindingRequest {
    const source = stripLineEnds(request.source);
    const destination = stripLineEnds(request.destination);
    this.#world.access.assertMay(owner, kind, destination, 'write');
    if (source === '' || (kind === 'exchange' && destination === '')) throw refusal.defaultExchange();
    this.#world.access.assertMay(owner, 'exchange', source, 'read');
    const exchange = this.#exchanges.get(source);
    if (exchange !== undefined) this.#world.access.assertMayUseTopic(owner, exchange, request.key, 'read');
    return { ...request, source, destination };
  }

  /** An exchange with an alternate reads from itself and writes to the other one. @throws BrokerError 403, 406. */
  #assertMayHandOn(owner: Owner, wanted: ExchangeRequest): void {
    const alternate = alternateName(wanted.name, this.#world.name, wanted.arguments);
    if (alternate === undefined) return;
    this.#world.access.assertMayAlternate(owner, wanted.name, alternate);
  }

  #unbind(
    exchange: Exchange<Queue>,
    destination: Destination<Queue>,
    isDestinationDurable: boolean,
    key: string,
    bindingArguments: FieldTable,
  ): Ticket {
    const removed = exchange.unbind(destination, key, bindingArguments);
    const isDurable = isDestinationDurable && exchange.durable;
    if (removed === undefined) return this.#newestIf(isDurable);
    if (!exchange.isBoundTo(destination)) this.#forgetSource(destination, exchange);
    const ticket = isDurable ? this.#world.definitions.define({ kind: 'binding.removed', id: removed.id }) : 0;
    if (!exchange.autoDelete || !exchange.isUnused) return ticket;
    return Math.max(ticket, this.#remove(exchange), this.#destinationGone(exchange));
  }

  #add(id: number, wanted: ExchangeRequest): Exchange<Queue> {
    const exchange = createExchange<Queue>({ ...wanted, id });
    this.#exchanges.set(wanted.name, exchange);
    this.#alternates.added(exchange);
    return exchange;
  }

  /** @returns false when there is such a binding already. */
  #bind(exchange: Exchange<Queue>, binding: Binding<Queue>): boolean {
    if (!exchange.bind(binding)) return false;
    this.#sourcesOf(binding.destination).add(exchange);
    return true;
  }

  /** What an answer waits for that says that nothing had to be done: see definition-log.ts. */
  #newestIf(isDurable: boolean): Ticket {
    return isDurable ? this.#world.definitions.newest : 0;
  }

  #sourcesOf(destination: Destination<Queue>): Set<Exchange<Queue>> {
    let sources = this.#sources.get(destination);
    if (sources === undefined) {
      sources = new Set();
      this.#sources.set(destination, sources);
    }
    return sources;
  }

  #forgetSource(destination: Destination<Queue>, exchange: Exchange<Queue>): void {
    const sources = this.#sources.get(destination);
    if (sources?.delete(exchange) && sources.size === 0) this.#sources.delete(destination);
  }

  /**
   * Removes all bindings to a destination, then the auto-delete exchanges that have lost their last one, and what hands
   * on to these in turn. Step by step, because a client can make the chain as long as it likes.
   */
  #destinationGone(destination: Destination<Queue>): Ticket {
    const gone = [destination];
    let ticket = 0;
    for (const lost of gone) {
      const sources = this.#sources.get(lost);
      this.#sources.delete(lost);
      for (const source of sources ?? []) {
        source.unbindAll(lost);
        if (!source.autoDelete || !source.isUnused || source.isDeleted) continue;
        ticket = Math.max(ticket, this.#remove(source));
        gone.push(source);
      }
    }
    return ticket;
  }

  /** Removes an exchange and its bindings as a source; what is bound to it is left to `#destinationGone`. */
  #remove(exchange: Exchange<Queue>): Ticket {
    for (const binding of exchange.bindings) this.#forgetSource(binding.destination, exchange);
    this.#exchanges.delete(exchange.name);
    this.#alternates.removed(exchange);
    exchange.delete();
    if (!exchange.durable) return 0;
    return this.#world.definitions.define({ kind: 'exchange.deleted', id: exchange.id });
  }
}

/** How the log names an exchange: those that every vhost has are not in it. */
function referenceTo(exchange: Exchange<Queue>): ExchangeReference {
  return exchange.name.startsWith(RESERVED_PREFIX) ? exchange.name : exchange.id;
}

function lostMessage(exchange: string, alternate: string, vhost: string): string {
  return `message dropped: exchange '${exchange}' in vhost '${vhost}' has no binding for it, and its alternate exchange '${alternate}' does not exist (told once)`;
}
