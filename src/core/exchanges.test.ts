/** The exchanges of a vhost: bindings between them, alternates, auto-delete, and what is left afterwards. */

import { describe, expect, test } from 'vitest';
import { type CoreBroker, coreBroker, textRegion } from '../../test/support/core-broker.ts';
import { EMPTY_TABLE, type FieldTable, table } from '../base/field-table.ts';
import type { ExchangeRequest } from './declarations.ts';
import { BrokerError } from './errors.ts';
import type { Queue } from './queue/queue.ts';
import type { Route } from './route.ts';

const PREDECLARED = ['', 'amq.direct', 'amq.fanout', 'amq.topic', 'amq.headers', 'amq.match', 'amq.rabbitmq.trace'];

/** A vhost with short words for what the tests do to it. */
class World {
  readonly core: CoreBroker = coreBroker();

  exchange(name: string, options: Partial<ExchangeRequest> = {}): number {
    const defaults = { type: 'fanout', durable: false, autoDelete: false, internal: false, arguments: EMPTY_TABLE };
    return this.core.vhost.declareExchange(this.core.owner, { name, ...defaults, ...options });
  }

  queue(name: string, isDurable = false): Queue {
    const options = { durable: isDurable, exclusive: false, autoDelete: false, arguments: EMPTY_TABLE };
    return this.core.vhost.declareQueue(this.core.owner, { name, ...options }).queue;
  }

  bind(source: string, queue: string, key = '', bindingArguments: FieldTable = EMPTY_TABLE): number {
    return this.core.vhost.bindQueue(this.core.owner, queue, source, key, bindingArguments);
  }

  unbind(source: string, queue: string, key = ''): number {
    return this.core.vhost.unbindQueue(this.core.owner, queue, source, key, EMPTY_TABLE);
  }

  handOn(source: string, destination: string, key = ''): number {
    return this.core.vhost.bindExchange(this.core.owner, { source, destination, key, arguments: EMPTY_TABLE });
  }

  handOnNoMore(source: string, destination: string, key = ''): number {
    return this.core.vhost.unbindExchange(this.core.owner, { source, destination, key, arguments: EMPTY_TABLE });
  }

  delete(name: string, ifUnused = false): number {
    return this.core.vhost.deleteExchange(this.core.owner, name, { ifUnused });
  }

  route(exchange: string, key = 'k'): Route<Queue> {
    const bytes = textRegion(key);
    const { vhost } = this.core;
    return vhost.routeTo(vhost.exchange(exchange), bytes, 0, bytes.bytes.length);
  }

  reached(exchange: string, key = 'k'): string[] {
    return this.route(exchange, key).queues.map(({ name }) => name);
  }

  has(name: string): boolean {
    return this.core.vhost.findExchange(name) !== undefined;
  }

  get exchangeNames(): string[] {
    return [...this.core.vhost.exchanges].map(({ name }) => name);
  }
}

/** The code and text with which something is refused. */
function refusalOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof BrokerError) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'not refused';
}

/** Two exchanges and a queue behind the second one. */
function chain(options: Partial<ExchangeRequest> = {}): World {
  const world = new World();
  world.exchange('x', options);
  world.exchange('y', options);
  world.queue('q');
  world.handOn('x', 'y');
  world.bind('y', 'q');
  return world;
}

test('every vhost has the exchanges that RabbitMQ declares', () => {
  const world = new World();
  expect(world.exchangeNames).toEqual(PREDECLARED);
  expect(world.core.vhost.exchange('amq.rabbitmq.trace')).toMatchObject({
    type: 'topic',
    internal: true,
    durable: true,
  });
});

describe('a binding between exchanges', () => {
  test('hands messages on, from the next message on and until it is removed', () => {
    const world = new World();
    world.exchange('x');
    world.exchange('y');
    world.queue('q');
    world.bind('y', 'q');
    const before = world.route('x');
    expect(before.queues).toEqual([]);
    world.handOn('x', 'y');
    expect([before.isStale, world.reached('x')]).toEqual([true, ['q']]);
    world.handOnNoMore('x', 'y');
    expect(world.reached('x')).toEqual([]);
  });

  test('makes a kept route old when something changes at its far end', () => {
    const world = chain();
    const changes: [() => unknown, string[]][] = [
      [() => world.bind('y', 'q', 'again'), ['q']],
      [() => world.queue('r') && world.bind('y', 'r'), ['q', 'r']],
      [() => world.unbind('y', 'r'), ['q']],
      [() => world.core.vhost.deleteQueue(world.core.owner, 'q', { ifUnused: false, ifEmpty: false }), []],
      [() => world.delete('y'), []],
    ];
    for (const [change, reached] of changes) {
      const route = world.route('x');
      expect(world.route('x')).toBe(route);
      change();
      expect([route.isStale, world.reached('x')]).toEqual([true, reached]);
    }
  });

  test('in a circle ends, and each queue has the message once', () => {
    const world = chain();
    world.handOn('y', 'x');
    world.handOn('x', 'x');
    world.bind('x', 'q');
    expect([world.reached('x'), world.reached('y')]).toEqual([['q'], ['q']]);
  });

  test('is refused when one end is missing (the source first) or is the default exchange', () => {
    const world = new World();
    world.exchange('x');
    const missing = (name: string) => `404 NOT_FOUND - no exchange '${name}' in vhost '/'`;
    expect(refusalOf(() => world.handOn('x', 'y'))).toBe(missing('y'));
    expect(refusalOf(() => world.handOn('y', 'x'))).toBe(missing('y'));
    expect(refusalOf(() => world.handOn('y', 'z'))).toBe(missing('y'));
    const refused = '403 ACCESS_REFUSED - operation not permitted on the default exchange';
    for (const [source, destination] of [
      ['', 'x'],
      ['x', ''],
      ['', '\r\n'],
    ] as const) {
      expect(refusalOf(() => world.handOn(source, destination))).toBe(refused);
      expect(refusalOf(() => world.handOnNoMore(source, destination))).toBe(refused);
    }
  });

  test('that is not there may be removed, also when its ends are not there', () => {
    const world = new World();
    world.exchange('x');
    expect([world.handOnNoMore('x', 'x'), world.handOnNoMore('x', 'y'), world.handOnNoMore('y', 'x')]).toEqual([
      0, 0, 0,
    ]);
    expect([world.unbind('x', 'q'), world.unbind('y', 'q')]).toEqual([0, 0]);
  });

  test('needs write access to the destination and read access to the source', () => {
    const world = chain();
    world.core.permissions.revoke('write', 'exchange', 'y');
    expect(refusalOf(() => world.handOn('x', 'y'))).toMatch(/^403 .*write access to exchange 'y'/);
    world.core.permissions.revoke('read', 'exchange', 'x');
    expect(refusalOf(() => world.handOnNoMore('x', 'x'))).toMatch(/^403 .*read access to exchange 'x'/);
  });

  test('is a record in the log when both ends are durable, and so is its end', () => {
    const world = new World();
    for (const name of ['d', 'e']) expect(world.exchange(name, { durable: true })).toBeGreaterThan(0);
    world.exchange('t');
    expect([world.handOn('d', 't'), world.handOn('t', 'd'), world.handOn('d', 'e')]).toEqual([0, 0, 3]);
    expect([world.handOn('d', 'e'), world.handOnNoMore('d', 't'), world.handOnNoMore('d', 'e')]).toEqual([0, 0, 4]);
  });

  test('keeps the exchange it comes from in use, and not the one it leads to', () => {
    const world = chain();
    world.unbind('y', 'q');
    expect(refusalOf(() => world.delete('x', true))).toBe("406 PRECONDITION_FAILED - exchange 'x' in vhost '/' in use");
    world.delete('y', true);
    expect([world.has('y'), world.core.vhost.exchange('x').bindingCount]).toEqual([false, 0]);
  });
});

describe('an auto-delete exchange', () => {
  test('goes with its last binding as a source, and takes those along that only handed on to it', () => {
    const world = chain({ autoDelete: true });
    world.handOn('y', 'x', 'back');
    world.handOnNoMore('y', 'x', 'back');
    expect([world.has('x'), world.has('y')]).toEqual([true, true]);
    world.unbind('y', 'q');
    expect([world.has('x'), world.has('y')]).toEqual([false, false]);
  });

  test('stays when it loses what was bound to it as a destination, and while it is bound to itself', () => {
    const world = chain({ autoDelete: true });
    world.handOn('y', 'y');
    world.handOn('amq.fanout', 'y');
    world.handOnNoMore('amq.fanout', 'y');
    world.unbind('y', 'q');
    expect(world.has('y')).toBe(true);
    world.handOnNoMore('y', 'y');
    expect([world.has('x'), world.has('y')]).toEqual([false, false]);
  });

  test('goes with the queue or the exchange that was its last destination', () => {
    const world = chain({ autoDelete: true });
    world.core.vhost.deleteQueue(world.core.owner, 'q', { ifUnused: false, ifEmpty: false });
    expect([world.has('x'), world.has('y')]).toEqual([false, false]);
    const other = chain({ autoDelete: true });
    other.delete('y');
    expect(other.has('x')).toBe(false);
  });

  test('may be one of a very long chain', () => {
    const world = new World();
    const length = 20_000;
    for (let index = 0; index <= length; index++) world.exchange(`${index}`, { autoDelete: true });
    for (let index = 0; index < length; index++) world.handOn(`${index}`, `${index + 1}`);
    world.queue('q');
    world.bind(`${length}`, 'q');
    expect(world.reached('0')).toEqual(['q']);
    world.unbind(`${length}`, 'q');
    expect(world.exchangeNames).toEqual(PREDECLARED);
  });
});

describe('an alternate exchange', () => {
  const toAlternate = { type: 'direct', arguments: table({ 'alternate-exchange': 'ae' }) };

  test('takes what matches no binding, as soon and as long as it exists', () => {
    const world = new World();
    world.exchange('x', toAlternate);
    world.queue('q');
    world.queue('own');
    world.bind('x', 'own', 'own');
    expect([world.reached('x'), world.reached('x', 'own')]).toEqual([[], ['own']]);
    world.exchange('ae', { internal: true });
    world.bind('ae', 'q');
    expect([world.reached('x'), world.reached('x', 'own')]).toEqual([['q'], ['own']]);
    world.delete('ae');
    expect(world.reached('x')).toEqual([]);
    world.exchange('ae');
    world.bind('ae', 'q');
    expect(world.reached('x')).toEqual(['q']);
  });

  test('may have one of its own, and may be the exchange itself', () => {
    const world = new World();
    world.exchange('x', toAlternate);
    world.exchange('ae', { type: 'direct', arguments: table({ 'alternate-exchange': 'last' }) });
    world.exchange('last', { arguments: table({ 'alternate-exchange': 'last' }) });
    expect(world.reached('x')).toEqual([]);
    world.queue('q');
    world.bind('last', 'q');
    expect(world.reached('x')).toEqual(['q']);
  });

  test.each([
    [5, 'signedint'],
    [true, 'bool'],
    [null, 'void'],
    [Uint8Array.of(97), 'binary'],
  ])('is refused when its name is %j', (value, type) => {
    const badly = () => new World().exchange('x', { arguments: table({ 'alternate-exchange': value }) });
    expect(refusalOf(badly)).toBe(
      `406 PRECONDITION_FAILED - invalid type '${type}' for arg 'alternate-exchange' in exchange 'x' in vhost '/'`,
    );
  });

  test('has to be the same when the exchange is declared again', () => {
    const world = new World();
    const again = (values: Parameters<typeof table>[0]) =>
      refusalOf(() => world.exchange('x', { type: 'direct', arguments: table(values) })).replace(/^.*: received/, '');
    world.exchange('x', toAlternate);
    expect([again({ 'alternate-exchange': 'ae', other: 1 }), again({ 'alternate-exchange': 'be' }), again({})]).toEqual(
      ['not refused', " 'be' but current is 'ae'", " none but current is the value 'ae' of type 'longstr'"],
    );
  });

  test('needs read access to the exchange and write access to the alternate', () => {
    const world = new World();
    world.core.permissions.revoke('write', 'exchange', 'ae');
    expect(refusalOf(() => world.exchange('x', toAlternate))).toMatch(/^403 .*write access to exchange 'ae'/);
    world.core.permissions.revoke('read', 'exchange', 'x');
    expect(refusalOf(() => world.exchange('x', toAlternate))).toMatch(/^403 .*read access to exchange 'x'/);
    expect(world.has('x')).toBe(false);
  });
});

describe('what depends on the headers', () => {
  test('is asked for message by message, also behind an exchange that hands on', () => {
    const world = new World();
    world.exchange('x');
    world.exchange('h', { type: 'headers' });
    world.handOn('x', 'h');
    for (const name of ['a', 'b']) {
      world.queue(name);
      world.bind('h', name, '', table({ to: name }));
    }
    const route = world.route('x');
    expect([route.needsMessage, route.queues]).toEqual([true, []]);
    const forMessage = (headers: FieldTable) => world.core.vhost.routeMessage(route, [], headers);
    expect(forMessage(table({ to: 'b' })).queues.map(({ name }) => name)).toEqual(['b']);
    expect(forMessage(table({ to: 'a' }))).toMatchObject({ id: route.id, needsMessage: false, key: 'k' });
    expect(forMessage(EMPTY_TABLE).queues).toEqual([]);
    world.handOnNoMore('x', 'h');
    expect([route.isStale, world.route('x').needsMessage]).toEqual([true, false]);
  });

  test('more routing keys count with every exchange on the way', () => {
    const world = new World();
    world.exchange('x', { type: 'direct' });
    world.exchange('y', { type: 'direct' });
    world.handOn('x', 'y', 'first');
    world.queue('q');
    world.bind('y', 'q', 'second');
    const { vhost } = world.core;
    expect(vhost.routeMessage(world.route('x', 'first'), [textRegion('second')], EMPTY_TABLE).queues).toHaveLength(1);
    expect(vhost.routeMessage(world.route('x', 'first'), [], EMPTY_TABLE).queues).toEqual([]);
  });
});

describe('names', () => {
  test('lose their line ends wherever a client gives one', () => {
    const world = chain();
    world.exchange('x\r\n');
    world.bind('x\n', 'q\r');
    world.handOn('x\r', '\ny');
    world.handOnNoMore('x\n', 'y\n');
    world.unbind('x\n', 'q\n');
    expect(world.core.vhost.declaredExchange(world.core.owner, 'x\n').bindingCount).toBe(0);
    world.delete('\nx');
    expect(world.has('x')).toBe(false);
  });

  test('of a type that does not exist are refused before all else', () => {
    const world = new World();
    for (const name of ['', 'amq.x', 'amq.direct', 'x']) {
      expect(refusalOf(() => world.exchange(name, { type: 'nope' }))).toBe(
        "406 PRECONDITION_FAILED - unknown exchange type 'nope'",
      );
    }
  });

  test('the default exchange cannot be asked for', () => {
    const { vhost, owner } = coreBroker();
    expect(refusalOf(() => vhost.declaredExchange(owner, ''))).toBe(
      '403 ACCESS_REFUSED - operation not permitted on the default exchange',
    );
  });
});
