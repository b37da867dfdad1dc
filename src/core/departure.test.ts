/** The exclusive queues of a connection that is gone: all of them, in turns of bounded work. */

import { expect, test } from 'vitest';
import { coreBroker, publishText } from '../../test/support/core-broker.ts';
import { EMPTY_TABLE } from '../base/field-table.ts';
import { Departure } from './departure.ts';
import { Owner } from './owner.ts';

const OPTIONS = { durable: false, exclusive: true, autoDelete: false, arguments: EMPTY_TABLE };

test('very many queues go in steps, and stay locked until they are gone', () => {
  const { broker, vhost, owner } = coreBroker();
  const count = 3 * Departure.AT_ONCE;
  for (let index = 0; index < count; index++) vhost.declareQueue(owner, { name: `q${index}`, ...OPTIONS });
  vhost.ownerClosed(owner);
  const afterFirst = vhost.queueCount;
  expect(afterFirst).toBeGreaterThan(count / 2);
  expect(() => vhost.queue(new Owner('guest', 'other'), `q${count - 1}`)).toThrow('RESOURCE_LOCKED');
  let turns = 0;
  while (broker.endTurn(4096)) {
    const before = vhost.queueCount;
    turns++;
    expect(before).toBeLessThan(count);
  }
  expect(turns).toBeGreaterThan(5);
  expect([vhost.queueCount, owner.exclusiveQueues.size]).toEqual([0, 0]);
});

test('few queues are gone at once, their messages too', () => {
  const world = coreBroker();
  const { broker, vhost, owner } = world;
  for (const name of ['a', 'b']) {
    vhost.declareQueue(owner, { name, ...OPTIONS });
    publishText(world, '', name, 'm');
  }
  vhost.ownerClosed(owner);
  expect([vhost.queueCount, owner.exclusiveQueues.size, broker.messages.stats.blocks]).toEqual([0, 0, 0]);
});

test('queues with many messages count for more', () => {
  const world = coreBroker();
  const { vhost, owner } = world;
  for (const name of ['a', 'b']) {
    vhost.declareQueue(owner, { name, ...OPTIONS });
    for (let index = 0; index < Departure.AT_ONCE; index++) publishText(world, '', name, 'm');
  }
  vhost.ownerClosed(owner);
  expect([...vhost.queues].map(({ name }) => name)).toEqual(['b']);
});
