/** What the core tells the log of definitions: each lasting change once, and nothing else. */

import { describe, expect, test } from 'vitest';
import { recordDefinitions } from '../../test/support/recorded-definitions.ts';
import { Topology } from '../../test/support/topology.ts';
import { EMPTY_TABLE, table } from '../base/field-table.ts';
import { DefinitionLog } from './definition-log.ts';
import type { DefinitionRecord } from './definition-record.ts';
import { Owner } from './owner.ts';

const ALWAYS = { ifUnused: false, ifEmpty: false };

function recorded(): { world: Topology; records: DefinitionRecord[] } {
  const world = new Topology();
  return { world, records: recordDefinitions(world.core.log) };
}

/** A durable exchange, bound to a durable queue and handed on to by another exchange; the records so far are dropped. */
function chain(options: { autoDelete: boolean }): { world: Topology; records: DefinitionRecord[]; ids: number[] } {
  const { world, records } = recorded();
  for (const name of ['x', 'y']) world.exchange(name, { durable: true, ...options });
  world.queue('q', true);
  world.handOn('x', 'y');
  world.bind('y', 'q');
  const ids = records.splice(0).flatMap((record) => ('id' in record ? [record.id] : []));
  return { world, records, ids };
}

describe('a declaration', () => {
  test('is a record with all that was declared, the first time', () => {
    const { world, records } = recorded();
    const { vhost, owner } = world.core;
    const queue = {
      name: 'q',
      durable: true,
      exclusive: false,
      autoDelete: true,
      arguments: table({ 'x-max-length': 5 }),
    };
    const exchange = { type: 'topic', durable: true, internal: true, arguments: table({ 'alternate-exchange': 'y' }) };
    for (let times = 0; times < 2; times++) {
      vhost.declareQueue(owner, queue);
      world.exchange('x', exchange);
    }
    const { id } = vhost.queue(owner, 'q');
    const common = { vhost: '/', arguments: queue.arguments };
    expect(records).toEqual([
      { kind: 'queue.declared', id, ...common, name: 'q', autoDelete: true },
      {
        kind: 'exchange.declared',
        id: vhost.exchange('x').id,
        vhost: '/',
        name: 'x',
        type: 'topic',
        autoDelete: false,
        internal: true,
        arguments: exchange.arguments,
      },
    ]);
  });

  test('of what does not survive a restart has no record, and neither has its end', () => {
    const { world, records } = recorded();
    const { vhost } = world.core;
    const owner = new Owner('guest', 'other');
    world.queue('transient');
    world.exchange('transient');
    vhost.declareQueue(owner, { name: 'e', durable: true, exclusive: true, autoDelete: false, arguments: EMPTY_TABLE });
    for (const queue of ['transient', 'e']) {
      vhost.bindQueue(owner, queue, 'transient', '', EMPTY_TABLE);
      vhost.bindQueue(owner, queue, 'amq.fanout', '', EMPTY_TABLE);
      vhost.unbindQueue(owner, queue, 'amq.fanout', '', EMPTY_TABLE);
    }
    world.handOn('transient', 'amq.fanout');
    world.handOn('amq.fanout', 'transient');
    vhost.deleteQueue(owner, 'transient', ALWAYS);
    world.delete('transient');
    vhost.ownerClosed(owner);
    expect(records).toEqual([]);
  });

  test('under a name that was used before has another id', () => {
    const { world, records } = recorded();
    const { vhost, owner } = world.core;
    for (let times = 0; times < 2; times++) {
      world.queue('q', true);
      world.exchange('x', { durable: true });
      vhost.deleteQueue(owner, 'q', ALWAYS);
      world.delete('x');
    }
    const ids = records.flatMap((record) => ('id' in record ? [record.id] : []));
    expect(new Set(ids).size).toBe(4);
    expect(ids.slice(0, 2)).toEqual(ids.slice(2, 4));
  });
});

describe('a binding', () => {
  test('names exchanges and queue by id, and an exchange of the broker by name', () => {
    const { world, records } = recorded();
    world.exchange('x', { durable: true });
    const queueId = world.queue('q', true).id;
    const source = world.core.vhost.exchange('x').id;
    records.length = 0;
    world.bind('x', 'q', 'k', table({ a: 1 }));
    world.bind('amq.topic', 'q');
    world.handOn('x', 'amq.topic');
    world.handOn('amq.topic', 'x');
    const id = expect.any(Number);
    const rest = { id, vhost: '/', key: '', arguments: EMPTY_TABLE };
    expect(records).toEqual([
      { kind: 'binding.added', ...rest, source, queueId, key: 'k', arguments: table({ a: 1 }) },
      { kind: 'binding.added', ...rest, source: 'amq.topic', queueId },
      { kind: 'exchange-binding.added', ...rest, source, destination: 'amq.topic' },
      { kind: 'exchange-binding.added', ...rest, source: 'amq.topic', destination: source },
    ]);
  });

  test('ends with a record of its id, once', () => {
    const { world, records } = recorded();
    world.queue('q', true);
    world.bind('amq.topic', 'q', 'k');
    for (let times = 0; times < 2; times++) world.unbind('amq.topic', 'q', 'k');
    const [, added, ...rest] = records;
    expect(rest).toEqual([{ kind: 'binding.removed', id: added?.kind === 'binding.added' ? added.id : 0 }]);
  });
});

describe('a deletion', () => {
  test('is one record, which says that the bindings went too', () => {
    const { world, records, ids } = chain({ autoDelete: false });
    const [, y, q] = ids;
    world.core.vhost.deleteQueue(world.core.owner, 'q', ALWAYS);
    world.delete('y');
    expect(records).toEqual([
      { kind: 'queue.deleted', id: q },
      { kind: 'exchange.deleted', id: y },
    ]);
  });

  test('is followed by one for each exchange that goes with its last binding', () => {
    const { world, records, ids } = chain({ autoDelete: true });
    const [x, y, q] = ids;
    const { ticket } = world.core.vhost.deleteQueue(world.core.owner, 'q', ALWAYS);
    expect(records).toEqual([
      { kind: 'queue.deleted', id: q },
      { kind: 'exchange.deleted', id: y },
      { kind: 'exchange.deleted', id: x },
    ]);
    expect(ticket).toBe(world.core.log.appended);
  });

  test('of a vhost is one record, whatever was in it', () => {
    const { world, records } = chain({ autoDelete: true });
    const { broker, log } = world.core;
    expect(broker.deleteVhost('/')).toBe(log.appended);
    expect(records).toEqual([{ kind: 'vhost.deleted', vhost: '/' }]);
    expect(broker.deleteVhost('/')).toBe(0);
  });
});

test('a vhost is added once, with its metadata', () => {
  const { world, records } = recorded();
  const metadata = { description: 'of the shop', tags: ['production'], defaultQueueType: 'classic' };
  for (let times = 0; times < 2; times++) world.core.broker.addVhost('shop', metadata);
  expect(records).toEqual([{ kind: 'vhost.added', vhost: 'shop', metadata }]);
  expect(world.core.broker.findVhost('shop')?.metadata).toEqual(metadata);
});

test('limits are records', () => {
  const { world, records } = recorded();
  world.core.broker.limitVhost('/', 5);
  world.core.broker.limitVhost('/', undefined);
  world.core.broker.limitUser('guest', { channelsMax: 7 });
  expect(records).toEqual([
    { kind: 'vhost-limits.set', vhost: '/', connectionsMax: 5, queuesMax: undefined },
    { kind: 'vhost-limits.set', vhost: '/', connectionsMax: undefined, queuesMax: undefined },
    { kind: 'user-limits.set', user: 'guest', connectionsMax: undefined, channelsMax: 7 },
  ]);
});

describe('what was there before', () => {
  test('is as durable as the log says: who is told that it is there waits for what the log was opened with', () => {
    const log = { appended: 1, define: () => 2 };
    const definitions = new DefinitionLog(log);
    expect(definitions.newest).toBe(1);

    definitions.define({ kind: 'queue.deleted', id: 1 });
    expect(definitions.newest).toBe(2);
  });
});
