/** The exchanges of a vhost: bindings between them, auto-delete, messages with headers, and what is left afterwards. */

import { describe, expect, test } from 'vitest';
import { coreBroker, textRegion } from '../../test/support/core-broker.ts';
import { refusalOf, Topology } from '../../test/support/topology.ts';
import { EMPTY_TABLE, type FieldTable, table } from '../base/field-table.ts';
import type { ExchangeRequest } from './declarations.ts';

const PREDECLARED = ['', 'amq.direct', 'amq.fanout', 'amq.topic', 'amq.headers', 'amq.match', 'amq.rabbitmq.trace'];

/** Two exchanges and a queue behind the second one. */
function chain(options: Partial<ExchangeRequest> = {}): Topology {
  const world = new Topology();
  world.exchange('x', options);
  world.exchange('y', options);
  world.queue('q');
  world.handOn('x', 'y');
  world.bind('y', 'q');
  return world;
}

test('every vhost has the exchanges that RabbitMQ declares', () => {
  const world = new Topology();
  expect(world.exchangeNames).toEqual(PREDECLARED);
  expect(world.core.vhost.exchange('amq.rabbitmq.trace')).toMatchObject({
    type: 'topic',
    internal: true,
    durable: true,
  });
});

describe('a binding between exchanges', () => {
  test('hands messages on, from the next message on and until it is removed', () => {
    const world = new Topology();
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
    const world = new Topology();
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
    const world = new Topology();
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
    const world = new Topology();
    for (const name of ['d', 'e']) expect(world.exchange(name, { durable: true })).toBeGreaterThan(0);
    world.exchange('t');
    expect([world.handOn('d', 't'), world.handOn('t', 'd'), world.handOn('d', 'e')]).toEqual([0, 0, 3]);
    expect([world.handOn('d', 'e'), world.handOnNoMore('d', 't'), world.handOnNoMore('d', 'e')]).toEqual([3, 0, 4]);
    expect(world.core.log.appended).toBe(4);
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
    const world = new Topology();
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

describe('what depends on the headers', () => {
  test('is asked for message by message, also behind an exchange that hands on', () => {
    const world = new Topology();
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
    const world = new Topology();
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

describe('what is left', () => {
  test('of a queue or an exchange that was bound, handed on to and deleted is nothing', () => {
    const world = new Topology();
    const left = () => [...world.core.vhost.exchanges].map(({ name, bindingCount }) => `${name} ${bindingCount}`);
    const before = left();
    for (let round = 0; round < 3; round++) {
      world.exchange('x', { arguments: table({ 'alternate-exchange': 'y' }) });
      world.exchange('y', { type: 'headers', arguments: table({ 'alternate-exchange': 'x' }) });
      world.queue('q');
      for (const source of ['x', 'y', 'amq.topic', 'amq.match']) {
        world.bind(source, 'q', 'a.#');
        for (const destination of ['x', 'y']) world.handOn(source, destination, 'a.*');
      }
      world.reached('x', 'a.b');
      world.delete('x');
      world.core.vhost.deleteQueue(world.core.owner, 'q', { ifUnused: false, ifEmpty: false });
      world.delete('y');
      expect(left()).toEqual(before);
    }
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
    expect(world.core.vhost.assertExchange(world.core.owner, 'x\n')).toBe(0);
    world.delete('\nx');
    expect(world.has('x')).toBe(false);
  });

  test('of a type that does not exist are refused before all else', () => {
    const world = new Topology();
    for (const name of ['', 'amq.x', 'amq.direct', 'x']) {
      expect(refusalOf(() => world.exchange(name, { type: 'nope' }))).toBe(
        "406 PRECONDITION_FAILED - unknown exchange type 'nope'",
      );
    }
  });

  test('the default exchange cannot be asked for', () => {
    const { vhost, owner } = coreBroker();
    expect(refusalOf(() => vhost.assertExchange(owner, ''))).toBe(
      '403 ACCESS_REFUSED - operation not permitted on the default exchange',
    );
  });
});
