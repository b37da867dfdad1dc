/** A vhost: declaring, binding and deleting, with what is refused, and routes that follow at once. */

import { describe, expect, test } from 'vitest';
import {
  type CoreBroker,
  coreBroker,
  publishText,
  RecordingSink,
  runAll,
  textRegion,
} from '../../test/support/core-broker.ts';
import { table } from '../base/field-table.ts';
import type { QueueDeclaration } from './declarations.ts';
import { BrokerError } from './errors.ts';
import { Owner } from './owner.ts';
import type { Queue } from './queue/queue.ts';

const NEITHER = { ifUnused: false, ifEmpty: false };
const NO_ARGUMENTS = table({});

function declare(world: CoreBroker, name: string, options: Partial<QueueDeclaration> = {}, owner = world.owner): Queue {
  const defaults = { durable: false, exclusive: false, autoDelete: false, arguments: NO_ARGUMENTS };
  return world.vhost.declareQueue(owner, { name, ...defaults, ...options }).queue;
}

function declareExchange(
  world: CoreBroker,
  name: string,
  options: { type?: string; autoDelete?: boolean; durable?: boolean; internal?: boolean } = {},
): number {
  const defaults = { type: 'direct', durable: false, autoDelete: false, internal: false, arguments: NO_ARGUMENTS };
  return world.vhost.declareExchange(world.owner, { name, ...defaults, ...options });
}

function bind(world: CoreBroker, queue: string, exchange: string, key: string): number {
  return world.vhost.bindQueue(world.owner, queue, exchange, key, NO_ARGUMENTS);
}

function unbind(world: CoreBroker, queue: string, exchange: string, key: string): number {
  return world.vhost.unbindQueue(world.owner, queue, exchange, key, NO_ARGUMENTS);
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

describe('declaring a queue', () => {
  test('the same again finds it, with other properties it is refused', () => {
    const world = coreBroker();
    const queue = declare(world, 'q', { durable: true });
    expect(declare(world, 'q', { durable: true })).toBe(queue);
    expect(refusalOf(() => declare(world, 'q'))).toBe(
      "406 PRECONDITION_FAILED - inequivalent arg 'durable' for queue 'q' in vhost '/': received 'false' but current is 'true'",
    );
    expect(refusalOf(() => declare(world, 'q', { durable: true, autoDelete: true }))).toBe(
      "406 PRECONDITION_FAILED - inequivalent arg 'auto_delete' for queue 'q' in vhost '/': received 'true' but current is 'false'",
    );
  });

  test('an empty name makes one up, also when only line ends were given', () => {
    const world = coreBroker();
    const names = ['', '\r\n', ''].map((name) => declare(world, name).name);
    for (const name of names) expect(name).toMatch(/^amq\.gen-[\w-]{22}$/);
    expect(new Set(names).size).toBe(3);
  });

  test('line ends vanish from a name that is declared, asked about or deleted, not from one that is read', () => {
    const world = coreBroker();
    declare(world, 'line\r\nend');
    expect(world.vhost.declaredQueue(world.owner, 'line\nend').queue.name).toBe('lineend');
    expect(refusalOf(() => world.vhost.readableQueue(world.owner, 'line\nend'))).toContain('404 NOT_FOUND');
    world.vhost.deleteQueue(world.owner, 'line\nend', NEITHER);
    expect(world.vhost.findQueue('lineend')).toBeUndefined();
  });

  test('a reserved name is refused', () => {
    const refused = "403 ACCESS_REFUSED - queue name 'amq.x' contains reserved prefix 'amq.*'";
    expect(refusalOf(() => declare(coreBroker(), 'amq.x'))).toBe(refused);
    expect(refusalOf(() => declare(coreBroker(), 'am\nq.x'))).toBe(refused);
  });

  test('only a durable queue is a record in the log, and an exclusive one never is', () => {
    const { vhost, owner } = coreBroker();
    const common = { autoDelete: false, arguments: NO_ARGUMENTS };
    expect(vhost.declareQueue(owner, { name: 'a', durable: false, exclusive: false, ...common }).ticket).toBe(0);
    expect(vhost.declareQueue(owner, { name: 'b', durable: true, exclusive: false, ...common }).ticket).toBe(1);
    expect(vhost.declareQueue(owner, { name: 'c', durable: true, exclusive: true, ...common }).ticket).toBe(0);
  });

  test('an exclusive queue is locked for every other connection', () => {
    const world = coreBroker();
    const other = new Owner('guest', 'other');
    declare(world, 'q', { exclusive: true });
    const locked =
      "405 RESOURCE_LOCKED - cannot obtain exclusive access to locked queue 'q' in vhost '/'. It could be originally declared on another connection or the exclusive property value does not match that of the original declaration.";
    expect(refusalOf(() => declare(world, 'q', { exclusive: true }, other))).toBe(locked);
    expect(refusalOf(() => world.vhost.queue(other, 'q'))).toBe(locked);
    expect(refusalOf(() => world.vhost.deleteQueue(other, 'q', NEITHER))).toBe(locked);
    expect(refusalOf(() => world.vhost.purgeQueue(other, 'q'))).toBe(locked);
    expect(refusalOf(() => declare(world, 'q', { exclusive: false }))).toBe(locked);
    expect(declare(world, 'q', { exclusive: true }).name).toBe('q');
  });

  test('a connection that goes takes its exclusive queues along, and no others', () => {
    const world = coreBroker();
    declare(world, 'mine', { exclusive: true });
    declare(world, 'also mine', { exclusive: true });
    declare(world, 'shared');
    world.vhost.ownerClosed(world.owner);
    expect([...world.vhost.queues].map(({ name }) => name)).toEqual(['shared']);
    expect(world.owner.exclusiveQueues.size).toBe(0);
  });
});

describe('declaring an exchange', () => {
  test('the same again is fine, with another type it is refused', () => {
    const world = coreBroker();
    declareExchange(world, 'x', { type: 'topic' });
    declareExchange(world, 'x', { type: 'topic' });
    expect(refusalOf(() => declareExchange(world, 'x', { type: 'fanout' }))).toBe(
      "406 PRECONDITION_FAILED - inequivalent arg 'type' for exchange 'x' in vhost '/': received 'fanout' but current is 'topic'",
    );
  });

  test('a predeclared one may be declared again, a new reserved name not', () => {
    const world = coreBroker();
    expect(declareExchange(world, 'amq.topic', { type: 'topic', durable: true })).toBe(0);
    expect(refusalOf(() => declareExchange(world, 'amq.new'))).toBe(
      "403 ACCESS_REFUSED - exchange name 'amq.new' contains reserved prefix 'amq.*'",
    );
  });

  test.each([
    ['nonsense', "406 PRECONDITION_FAILED - unknown exchange type 'nonsense'"],
    ['direct', 'not refused'],
  ])('type %s', (type, answer) => {
    expect(refusalOf(() => declareExchange(coreBroker(), 'x', { type }))).toBe(answer);
  });

  test('the default exchange cannot be declared, bound or deleted', () => {
    const world = coreBroker();
    declare(world, 'q');
    const refused = '403 ACCESS_REFUSED - operation not permitted on the default exchange';
    expect(refusalOf(() => declareExchange(world, ''))).toBe(refused);
    expect(refusalOf(() => bind(world, 'q', '', 'k'))).toBe(refused);
    expect(refusalOf(() => unbind(world, 'q', '', 'q'))).toBe(refused);
    expect(refusalOf(() => world.vhost.deleteExchange(world.owner, '', { ifUnused: false }))).toBe(refused);
  });
});

describe('binding', () => {
  test('binding twice is one binding and one record, unbinding twice is no error', () => {
    const world = coreBroker();
    declare(world, 'q', { durable: true });
    expect(bind(world, 'q', 'amq.direct', 'k')).toBe(2);
    expect(bind(world, 'q', 'amq.direct', 'k')).toBe(2);
    expect(world.vhost.exchange('amq.direct').bindingCount).toBe(1);
    expect(unbind(world, 'q', 'amq.direct', 'k')).toBe(3);
    expect(unbind(world, 'q', 'amq.direct', 'k')).toBe(3);
    expect(world.log.appended).toBe(3);
  });

  test('what is missing is named', () => {
    const world = coreBroker();
    declare(world, 'q');
    expect(refusalOf(() => bind(world, 'q', 'x', 'k'))).toBe("404 NOT_FOUND - no exchange 'x' in vhost '/'");
    expect(refusalOf(() => bind(world, 'p', 'amq.direct', 'k'))).toBe("404 NOT_FOUND - no queue 'p' in vhost '/'");
  });
});

describe('deleting', () => {
  test('a queue in use or not empty stays when the client says so', () => {
    const world = coreBroker();
    const queue = declare(world, 'q');
    publishText(world, '', 'q', 'm');
    expect(refusalOf(() => world.vhost.deleteQueue(world.owner, 'q', { ifUnused: false, ifEmpty: true }))).toBe(
      "406 PRECONDITION_FAILED - queue 'q' in vhost '/' not empty",
    );
    new RecordingSink(world.broker).consume(queue);
    expect(refusalOf(() => world.vhost.deleteQueue(world.owner, 'q', { ifUnused: true, ifEmpty: false }))).toBe(
      "406 PRECONDITION_FAILED - queue 'q' in vhost '/' in use",
    );
    expect(world.vhost.deleteQueue(world.owner, 'q', NEITHER).messages).toBe(1);
    expect(world.vhost.findQueue('q')).toBeUndefined();
  });

  test('a missing queue or exchange is no error', () => {
    const { vhost, owner } = coreBroker();
    expect(vhost.deleteQueue(owner, 'q', NEITHER)).toEqual({ messages: 0, ticket: 0 });
    expect(vhost.deleteExchange(owner, 'x', { ifUnused: true })).toBe(0);
  });

  test('an exchange in use stays when the client says so, a system exchange always', () => {
    const world = coreBroker();
    declare(world, 'q');
    declareExchange(world, 'x');
    bind(world, 'q', 'x', 'k');
    expect(refusalOf(() => world.vhost.deleteExchange(world.owner, 'x', { ifUnused: true }))).toBe(
      "406 PRECONDITION_FAILED - exchange 'x' in vhost '/' in use",
    );
    expect(refusalOf(() => world.vhost.deleteExchange(world.owner, 'amq.direct', { ifUnused: false }))).toBe(
      "403 ACCESS_REFUSED - deletion of system exchange 'amq.direct' in vhost '/' not allowed",
    );
    world.vhost.deleteExchange(world.owner, 'x', { ifUnused: false });
    expect(world.vhost.findExchange('x')).toBeUndefined();
  });

  test('an auto-delete queue goes with its last consumer', () => {
    const world = coreBroker();
    const queue = declare(world, 'q', { autoDelete: true });
    const consumer = new RecordingSink(world.broker).consume(queue);
    expect(world.vhost.findQueue('q')).toBe(queue);
    queue.removeConsumer(consumer);
    expect(world.vhost.findQueue('q')).toBeUndefined();
  });

  test.each([
    ['unbind', (world: CoreBroker) => void unbind(world, 'q', 'x', 'k')],
    ['the queue is deleted', (world: CoreBroker) => void world.vhost.deleteQueue(world.owner, 'q', NEITHER)],
  ])('an auto-delete exchange goes with its last binding: %s', (_how, remove) => {
    const world = coreBroker();
    declare(world, 'q');
    declareExchange(world, 'x', { autoDelete: true });
    expect(world.vhost.findExchange('x')).toBeDefined();
    bind(world, 'q', 'x', 'k');
    remove(world);
    expect(world.vhost.findExchange('x')).toBeUndefined();
  });

  test('a deletion is done when the log has all that went with the queue', () => {
    const world = coreBroker();
    declare(world, 'q', { durable: true });
    declareExchange(world, 'x', { durable: true, autoDelete: true });
    bind(world, 'q', 'x', 'k');
    const { ticket } = world.vhost.deleteQueue(world.owner, 'q', NEITHER);
    expect(world.vhost.findExchange('x')).toBeUndefined();
    expect(ticket).toBe(world.log.appended);
  });

  test('a durable queue with a hundred thousand messages is gone at once and its memory after some turns', () => {
    const world = coreBroker();
    declare(world, 'q', { durable: true });
    for (let index = 0; index < 100_000; index++) publishText(world, '', 'q', 'm', true);
    expect(world.vhost.deleteQueue(world.owner, 'q', NEITHER).messages).toBe(100_000);
    expect(world.vhost.queueCount).toBe(0);
    expect(runAll(world.broker)).toBeGreaterThan(50);
    expect(world.broker.messages.stats.blocks).toBe(0);
  });
});

describe('publishing', () => {
  test('routes follow every change at once', () => {
    const world = coreBroker();
    const [a, b] = [declare(world, 'a'), declare(world, 'b')];
    declareExchange(world, 'x');
    const counts = () => {
      publishText(world, 'x', 'k', 'm');
      return [a.readyCount, b.readyCount];
    };
    bind(world, 'a', 'x', 'k');
    expect(counts()).toEqual([1, 0]);
    bind(world, 'b', 'x', 'k');
    expect(counts()).toEqual([2, 1]);
    unbind(world, 'a', 'x', 'k');
    expect(counts()).toEqual([2, 2]);
    world.vhost.deleteQueue(world.owner, 'b', NEITHER);
    expect(counts()).toEqual([2, 0]);
    expect(world.broker.messages.stats.blocks).toBe(2);
  });

  test('a queue or exchange declared again starts anew', () => {
    const world = coreBroker();
    declare(world, 'q');
    publishText(world, '', 'q', 'm');
    world.vhost.deleteQueue(world.owner, 'q', NEITHER);
    publishText(world, '', 'q', 'lost');
    const again = declare(world, 'q');
    publishText(world, '', 'q', 'm');
    expect(again.readyCount).toBe(1);
    declareExchange(world, 'x');
    bind(world, 'q', 'x', 'k');
    publishText(world, 'x', 'k', 'm');
    world.vhost.deleteExchange(world.owner, 'x', { ifUnused: false });
    declareExchange(world, 'x');
    publishText(world, 'x', 'k', 'lost');
    expect(again.readyCount).toBe(2);
  });

  test('each queue gets one copy, and only durable ones with persistent messages are in the log', () => {
    const world = coreBroker();
    for (const name of ['a', 'b']) declare(world, name, { durable: name === 'a' });
    for (const name of ['a', 'b']) bind(world, name, 'amq.fanout', '');
    const appended = world.log.appended;
    expect(publishText(world, 'amq.fanout', '', 'm')).toBe(appended);
    expect(publishText(world, 'amq.fanout', '', 'm', true)).toBe(appended + 1);
    expect([...world.vhost.queues].map(({ readyCount }) => readyCount)).toEqual([2, 2]);
    expect(world.broker.messages.stats.blocks).toBe(2);
  });

  test('what goes nowhere is counted and freed', () => {
    const world = coreBroker();
    publishText(world, '', 'nowhere', 'm');
    expect(world.vhost.counters).toEqual({ published: 1, unroutable: 1 });
    expect(world.broker.messages.stats.blocks).toBe(0);
  });

  test('a route stays the same while nothing changes', () => {
    const world = coreBroker();
    declare(world, 'q');
    const key = textRegion('q');
    const routeTo = () => world.vhost.routeTo(world.vhost.exchange(''), key, 0, 1);
    expect(routeTo()).toBe(routeTo());
  });
});

describe('without permission', () => {
  test.each([
    ['configure queue q', (w: CoreBroker) => declare(w, 'q')],
    ['configure queue q', (w: CoreBroker) => w.vhost.deleteQueue(w.owner, 'q', NEITHER)],
    ['configure exchange x', (w: CoreBroker) => declareExchange(w, 'x')],
    ['configure exchange x', (w: CoreBroker) => w.vhost.deleteExchange(w.owner, 'x', { ifUnused: false })],
    ['write queue q', (w: CoreBroker) => bind(w, 'q', 'x', 'k')],
    ['read exchange x', (w: CoreBroker) => bind(w, 'q', 'x', 'k')],
    ['write queue q', (w: CoreBroker) => unbind(w, 'q', 'x', 'k')],
    ['read exchange x', (w: CoreBroker) => unbind(w, 'q', 'x', 'k')],
    ['read queue q', (w: CoreBroker) => w.vhost.readableQueue(w.owner, 'q')],
    ['read queue q', (w: CoreBroker) => w.vhost.purgeQueue(w.owner, 'q')],
    ['write exchange x', (w: CoreBroker) => w.vhost.publishableExchange(w.owner, 'x')],
    ['write exchange amq.default', (w: CoreBroker) => w.vhost.publishableExchange(w.owner, '')],
  ] as const)('to %s it is refused', (permission, action) => {
    const world = coreBroker();
    declare(world, 'q');
    declareExchange(world, 'x');
    const [access, kind, name] = permission.split(' ') as [
      'configure' | 'write' | 'read',
      'queue' | 'exchange',
      string,
    ];
    world.permissions.revoke(access, kind, name);
    expect(refusalOf(() => action(world))).toBe(
      `403 ACCESS_REFUSED - ${access} access to ${kind} '${name}' in vhost '/' refused for user 'guest'`,
    );
  });

  test('to publish to an internal exchange it is refused', () => {
    const world = coreBroker();
    declareExchange(world, 'x', { internal: true });
    expect(refusalOf(() => world.vhost.publishableExchange(world.owner, 'x'))).toBe(
      "403 ACCESS_REFUSED - cannot publish to internal exchange 'x' in vhost '/'",
    );
  });
});
