/**
 * The exchanges of a vhost and their bindings: declaring and deleting them, binding and unbinding, and which one a
 * client may publish to. How an exchange routes is its own business.
 */

import { EMPTY_TABLE, type FieldTable } from '../base/field-table.ts';
import { assertSameExchange, type ExchangeRequest } from './declarations.ts';
import { refusal } from './errors.ts';
import { DefaultExchange } from './exchange/default.ts';
import type { Exchange } from './exchange/exchange.ts';
import { createExchange } from './exchange/types.ts';
import { RESERVED_PREFIX, stripLineEnds } from './names.ts';
import type { Owner } from './owner.ts';
import type { Access, Log, Ticket } from './ports.ts';
import type { Queue } from './queue/queue.ts';

const PREDECLARED = [
  ['amq.direct', 'direct'],
  ['amq.fanout', 'fanout'],
  ['amq.topic', 'topic'],
] as const;

/** What the exchanges need of their vhost. */
export interface ExchangesWorld {
  readonly log: Log;
  /** The vhost's. */
  readonly name: string;
  nextId(): number;
  findQueue(name: string): Queue | undefined;
  /** @throws BrokerError 404; 405 when it belongs to another connection. */
  queue(owner: Owner, name: string): Queue;
  /** @throws BrokerError 403. */
  assertMay(owner: Owner, kind: 'queue' | 'exchange', name: string, access: Access): void;
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
  /** By queue: the exchanges that have bindings to it. */
  readonly #sources = new Map<Queue, Set<Exchange<Queue>>>();

  constructor(world: ExchangesWorld) {
    this.#world = world;
    this.#exchanges.set('', new DefaultExchange(world.nextId(), (key) => world.findQueue(key)));
    for (const [name, type] of PREDECLARED) {
      this.#add({ name, type, durable: true, autoDelete: false, internal: false, arguments: EMPTY_TABLE });
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

  /** @throws BrokerError 403 (reserved name, no permission), 406 (unknown type, or there is another one of that name). */
  declare(owner: Owner, request: ExchangeRequest): Ticket {
    const wanted = { ...request, name: stripLineEnds(request.name) };
    if (wanted.name === '') throw refusal.defaultExchange();
    this.#world.assertMay(owner, 'exchange', wanted.name, 'configure');
    const present = this.#exchanges.get(wanted.name);
    if (present !== undefined) {
      assertSameExchange(present, wanted, this.#world.name);
      return 0;
    }
    if (wanted.name.startsWith(RESERVED_PREFIX)) throw refusal.reservedExchangeName(wanted.name);
    this.#add(wanted);
    if (!wanted.durable) return 0;
    const { name, type, autoDelete, internal } = wanted;
    const record = { vhost: this.#world.name, name, type, autoDelete, internal, arguments: wanted.arguments };
    return this.#world.log.define({ kind: 'exchange.declared', ...record });
  }

  /** @throws BrokerError 403 (system exchange, no permission), 406 `in use`; a missing exchange is no error. */
  delete(owner: Owner, name: string, conditions: { ifUnused: boolean }): Ticket {
    if (name === '') throw refusal.defaultExchange();
    if (name.startsWith(RESERVED_PREFIX)) throw refusal.systemExchange(name, this.#world.name);
    this.#world.assertMay(owner, 'exchange', name, 'configure');
    const exchange = this.#exchanges.get(name);
    if (exchange === undefined) return 0;
    if (conditions.ifUnused && !exchange.isUnused) throw refusal.exchangeInUse(name, this.#world.name);
    return this.#remove(exchange);
  }

  /** @throws BrokerError 403, 404, 405. Binding twice is no error. */
  bindQueue(owner: Owner, request: BindingRequest): Ticket {
    const { queue, exchange } = this.#ends(owner, request);
    const { source, key, arguments: bindingArguments } = request;
    const id = this.#world.nextId();
    const isNew = exchange.bind({ id, source, destination: queue, key, arguments: bindingArguments });
    if (!isNew) return 0;
    this.#sourcesOf(queue).add(exchange);
    if (!queue.options.durable || !exchange.durable) return 0;
    const names = { vhost: this.#world.name, exchange: source, queue: request.destination, key };
    return this.#world.log.define({ kind: 'binding.added', id, ...names, arguments: bindingArguments });
  }

  /** @throws BrokerError 403, 404, 405. A binding that does not exist is no error. */
  unbindQueue(owner: Owner, request: BindingRequest): Ticket {
    const { queue, exchange } = this.#ends(owner, request);
    const removed = exchange.unbind(queue, request.key, request.arguments);
    if (removed === undefined) return 0;
    if (!exchange.isBoundTo(queue)) this.#sources.get(queue)?.delete(exchange);
    const isLogged = queue.options.durable && exchange.durable;
    const ticket = isLogged ? this.#world.log.define({ kind: 'binding.removed', id: removed.id }) : 0;
    return Math.max(ticket, this.#removeIfUnused(exchange));
  }

  /** The exchange for a client's publish. @throws BrokerError 403 (no write access, internal), 404. */
  publishable(owner: Owner, name: string): Exchange<Queue> {
    const exchange = this.exchange(name);
    this.#world.assertMay(owner, 'exchange', name, 'write');
    if (exchange.internal) throw refusal.internalExchange(name, this.#world.name);
    return exchange;
  }

  /** A queue is gone, and its bindings with it. @returns what waits for the auto-delete exchanges that go too. */
  queueDeleted(queue: Queue): Ticket {
    const sources = this.#sources.get(queue);
    this.#sources.delete(queue);
    let ticket = 0;
    for (const exchange of sources ?? []) {
      exchange.unbindAll(queue);
      ticket = Math.max(ticket, this.#removeIfUnused(exchange));
    }
    return ticket;
  }

  #ends(owner: Owner, { source, destination }: BindingRequest): { queue: Queue; exchange: Exchange<Queue> } {
    if (source === '') throw refusal.defaultExchange();
    this.#world.assertMay(owner, 'queue', destination, 'write');
    this.#world.assertMay(owner, 'exchange', source, 'read');
    return { queue: this.#world.queue(owner, destination), exchange: this.exchange(source) };
  }

  #add(wanted: ExchangeRequest): void {
    this.#exchanges.set(wanted.name, createExchange<Queue>({ id: this.#world.nextId(), ...wanted }));
  }

  #sourcesOf(queue: Queue): Set<Exchange<Queue>> {
    let sources = this.#sources.get(queue);
    if (sources === undefined) {
      sources = new Set();
      this.#sources.set(queue, sources);
    }
    return sources;
  }

  #removeIfUnused(exchange: Exchange<Queue>): Ticket {
    return exchange.autoDelete && exchange.isUnused ? this.#remove(exchange) : 0;
  }

  #remove(exchange: Exchange<Queue>): Ticket {
    if (exchange.isDeleted) return 0;
    for (const binding of exchange.bindings) this.#sources.get(binding.destination)?.delete(exchange);
    this.#exchanges.delete(exchange.name);
    exchange.delete();
    if (!exchange.durable) return 0;
    return this.#world.log.define({ kind: 'exchange.deleted', vhost: this.#world.name, name: exchange.name });
  }
}
