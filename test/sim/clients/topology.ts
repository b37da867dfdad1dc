/** Acts that declare, bind, unbind, purge and delete. */

import { EMPTY_TABLE, type FieldTable, table } from '../../../src/base/field-table.ts';
import type { Method } from '../../../src/protocols/amqp091/methods.ts';
import type { ClientChannel } from './channel.ts';
import type { SimClient } from './client.ts';
import { happens, PATTERNS, type PlanWorld, PRIVATE, pick, pickQueue, QUEUES } from './plan-world.ts';

/** So many messages at once are returned in steps. */
const MASS = 1000;

interface ExchangePlan {
  readonly name: string;
  readonly type: string;
  readonly durable?: boolean;
  readonly autoDelete?: boolean;
  readonly internal?: boolean;
  /** It hands on to this one what it has no binding for. */
  readonly alternate?: string;
}

/** Alternates lead in a circle. */
const DECLARED: readonly ExchangePlan[] = [
  { name: 'e0', type: 'direct', alternate: 'e3' },
  { name: 'e1', type: 'fanout', durable: true, autoDelete: true },
  { name: 'e2', type: 'topic', durable: true, autoDelete: true, alternate: 'e4' },
  { name: 'e3', type: 'headers', autoDelete: true, alternate: 'amq.topic' },
  { name: 'e4', type: 'fanout', internal: true, alternate: 'e0' },
];
export const EXCHANGES = ['amq.direct', 'amq.fanout', 'amq.topic', 'amq.headers', ...DECLARED.map(({ name }) => name)];

const HEADERS = [
  { kind: 'a' },
  { 'x-match': 'any', kind: 'a', size: 1 },
  { 'x-match': 'all', kind: 'b', size: 1 },
  { 'x-match': 'all-with-x', 'x-kind': 'a' },
  { 'x-match': 'any-with-x', 'x-kind': 'b', size: 2 },
  { 'x-match': 'any', note: null },
].map(table);

type Binding = { readonly routingKey: string; readonly arguments: FieldTable };

/** Declares and binds, so that not everything is unroutable at first. */
export function setUp(client: SimClient): void {
  const channel = client.openChannel(1);
  QUEUES.forEach((queue, index) => {
    client.send(channel, declaration(queue, index));
    const [exchange = ''] = EXCHANGES.slice(index % 3);
    const binding = { exchange, routingKey: PATTERNS[index] ?? '', noWait: true, arguments: EMPTY_TABLE };
    client.send(channel, { name: 'queue.bind', queue, ...binding });
  });
}

/** Durability and the like belong to the name, but for a declaration now and then that does not agree. */
export function declareQueue(world: PlanWorld, client: SimClient, channel: ClientChannel): void {
  if (happens(world, 6)) return declareNameless(world, client, channel);
  if (client.addresses.length > 0 && happens(world, 15)) return askForAddress(world, client, channel);
  const index = world.random.below(QUEUES.length + (happens(world, 10) ? 1 : 0));
  const wanted = declaration(QUEUES[index] ?? PRIVATE, index);
  client.send(channel, {
    ...wanted,
    passive: happens(world, 20),
    durable: wanted.durable !== happens(world, 40),
    noWait: happens(world, 8),
  });
}

export function declareExchange(world: PlanWorld, client: SimClient, channel: ClientChannel): void {
  declare(world, client, channel, pick(world, DECLARED));
}

function declare(world: PlanWorld, client: SimClient, channel: ClientChannel, plan: ExchangePlan): void {
  const { name, type, durable, autoDelete, internal, alternate } = plan;
  client.send(channel, {
    name: 'exchange.declare',
    exchange: name,
    type: happens(world, 40) ? 'direct' : type,
    passive: happens(world, 20),
    durable: durable === true,
    autoDelete: autoDelete === true,
    internal: internal === true,
    noWait: happens(world, 8),
    arguments: alternate === undefined || happens(world, 60) ? EMPTY_TABLE : table({ 'alternate-exchange': alternate }),
  });
}

export function bind(world: PlanWorld, client: SimClient, channel: ClientChannel): void {
  const queue = pickPresent(world, client, channel);
  if (queue === undefined) return;
  const exchange = pickPresentExchange(world, client, channel);
  if (exchange === undefined) return;
  const isLastQueue = happens(world, 8);
  const { routingKey, arguments: given } = newBinding(world, exchange);
  client.send(channel, {
    name: 'queue.bind',
    queue: isLastQueue ? '' : queue,
    exchange,
    routingKey: isLastQueue ? '' : routingKey,
    noWait: happens(world, 8),
    arguments: given,
  });
}

/** From any to any, itself included. */
export function bindExchanges(world: PlanWorld, client: SimClient, channel: ClientChannel): void {
  const source = pickPresentExchange(world, client, channel);
  if (source === undefined) return;
  const destination = pickPresentExchange(world, client, channel);
  if (destination === undefined) return;
  const noWait = happens(world, 8);
  client.send(channel, { name: 'exchange.bind', source, destination, noWait, ...newBinding(world, source) });
}

/** A binding that there is, most of the time. */
export function unbind(world: PlanWorld, client: SimClient, channel: ClientChannel): void {
  const exchange = pick(world, EXCHANGES);
  const bindings = world.model.exchanges.find(exchange)?.bindings ?? [];
  if (bindings.length === 0 || happens(world, 4)) {
    const queue = pickQueue(world, client);
    return client.send(channel, { name: 'queue.unbind', queue, exchange, ...newBinding(world, exchange) });
  }
  const { destination, key: routingKey, arguments: given } = pick(world, bindings);
  const binding = { routingKey, arguments: given };
  if ('bindings' in destination) {
    const ends = { source: exchange, destination: destination.name, noWait: happens(world, 8) };
    return client.send(channel, { name: 'exchange.unbind', ...ends, ...binding });
  }
  return client.send(channel, { name: 'queue.unbind', queue: destination.name, exchange, ...binding });
}

/** Purges or deletes what others may be using. */
export function ruin(world: PlanWorld, client: SimClient, channel: ClientChannel): void {
  const { random, plan } = world;
  if (!happens(world, plan.ruinOdds)) return;
  const queue = pickQueue(world, client);
  const noWait = happens(world, 8);
  const ifUnused = happens(world, 2);
  // Whether a queue is empty cannot be told while very many messages are on their way back to it.
  const ifEmpty = plan.burstMax < MASS && happens(world, 4);
  switch (random.below(4)) {
    case 0:
      return client.send(channel, { name: 'queue.delete', queue, ifUnused, ifEmpty, noWait });
    case 1:
      return client.send(channel, { name: 'exchange.delete', exchange: pick(world, EXCHANGES), ifUnused, noWait });
    default:
      return client.send(channel, { name: 'queue.purge', queue, noWait });
  }
}

/** A queue that is there, most of the time; when it is not, it is declared. */
export function pickPresent(world: PlanWorld, client: SimClient, channel: ClientChannel): string | undefined {
  const queue = pickQueue(world, client);
  if (world.model.queues.has(queue) || happens(world, 8)) return queue;
  declareQueue(world, client, channel);
  return undefined;
}

/** The same with exchanges. */
function pickPresentExchange(world: PlanWorld, client: SimClient, channel: ClientChannel): string | undefined {
  const name = pick(world, EXCHANGES);
  const declared = DECLARED.find((plan) => plan.name === name);
  if (declared === undefined || world.model.exchanges.find(name) !== undefined || happens(world, 20)) return name;
  declare(world, client, channel, declared);
  return undefined;
}

/** The broker makes up the name. */
function declareNameless(world: PlanWorld, client: SimClient, channel: ClientChannel): void {
  const exclusive = !happens(world, 4);
  const autoDelete = !exclusive || happens(world, 3);
  client.send(channel, { ...declaration('', 1), exclusive, autoDelete });
}

function askForAddress(world: PlanWorld, client: SimClient, channel: ClientChannel): void {
  client.send(channel, { ...declaration(pick(world, client.addresses), 1), passive: happens(world, 2) });
}

function declaration(queue: string, index: number): Extract<Method, { name: 'queue.declare' }> {
  return {
    name: 'queue.declare',
    queue,
    passive: false,
    durable: index % 2 === 0,
    exclusive: queue === PRIVATE,
    autoDelete: index % 3 === 1,
    noWait: false,
    arguments: EMPTY_TABLE,
  };
}

function newBinding(world: PlanWorld, exchange: string): Binding {
  const isByHeaders = exchange === 'e3' || exchange === 'amq.headers';
  const hasArguments = isByHeaders || happens(world, 10);
  return { routingKey: pick(world, PATTERNS), arguments: hasArguments ? pick(world, HEADERS) : EMPTY_TABLE };
}
