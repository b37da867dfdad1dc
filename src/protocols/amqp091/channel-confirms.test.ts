/** When a channel's publishes are confirmed. */

import { describe, expect, test } from 'vitest';
import { TestChannel, type TestChannelOptions } from '../../../test/support/amqp-channel.ts';
import { table } from '../../base/field-table.ts';
import type { Method } from './methods.ts';

const NO_ARGUMENTS = table({});
const PERSISTENT = { properties: { deliveryMode: 2 } };

function declare(queue: string, durable = false): Method {
  const flags = { passive: false, exclusive: false, autoDelete: false, noWait: true };
  return { name: 'queue.declare', queue, durable, ...flags, arguments: NO_ARGUMENTS };
}

function bind(queue: string, exchange: string): Method {
  return { name: 'queue.bind', queue, exchange, routingKey: '', noWait: true, arguments: NO_ARGUMENTS };
}

/** A channel with the durable queue `q`, whatever that needed out of the way. */
function withQueue(options: TestChannelOptions = {}): TestChannel {
  const channel = new TestChannel(options);
  channel.send(declare('q', true));
  return channel;
}

/** The same with confirms. */
function confirming(options: TestChannelOptions = {}): TestChannel {
  const channel = withQueue(options);
  channel.send({ name: 'confirm.select', noWait: true });
  return channel;
}

describe('confirms', () => {
  test('one for a single message, one for all of a turn', () => {
    const channel = confirming();
    channel.publish('', 'q', 'm');
    expect(channel.turnAndTake()).toEqual(['basic.ack 1']);
    for (let count = 0; count < 3; count++) channel.publish('', 'q', 'm');
    expect(channel.turnAndTake()).toEqual(['basic.ack 4 multiple']);
    expect(channel.turnAndTake()).toEqual([]);
  });

  test('only messages after confirm.select count, and selecting again changes nothing', () => {
    const channel = withQueue();
    channel.publish('', 'q', 'm');
    for (let count = 0; count < 2; count++) channel.send({ name: 'confirm.select', noWait: false });
    channel.publish('', 'q', 'm');
    expect(channel.turnAndTake()).toEqual(['confirm.select-ok', 'confirm.select-ok', 'basic.ack 1']);
  });

  test('wait until the log has what they stand for', () => {
    const channel = confirming({ flushesLate: () => 2 });
    for (let count = 0; count < 3; count++) channel.turn();
    channel.publish('', 'q', 'm', PERSISTENT);
    expect([channel.turnAndTake(), channel.turnAndTake(), channel.turnAndTake()]).toEqual([[], [], ['basic.ack 1']]);
  });

  test.each([
    ['a transient message', {}],
    ['a persistent message', PERSISTENT],
  ])('for %s wait for the declaration of its queue, made in the same turn', (_what, options) => {
    const channel = confirming({ flushesLate: () => 1 });
    channel.publish('', 'q', 'm', options);
    expect([channel.turnAndTake(), channel.turnAndTake()]).toEqual([[], ['basic.ack 1']]);
  });

  test('for a transient message wait for the declaration made by somebody else a turn ago', () => {
    const declaring = new TestChannel({ flushesLate: () => 2 });
    const channel = new TestChannel({ world: declaring.world, number: 2 });
    channel.send({ name: 'confirm.select', noWait: true });
    declaring.send(declare('q', true));
    declaring.turn();
    channel.publish('', 'q', 'm');
    expect([channel.turnAndTake(), channel.turnAndTake()]).toEqual([[], ['basic.ack 1']]);
  });

  test('for a message to a queue that is not durable wait for nothing', () => {
    const channel = confirming({ flushesLate: () => Number.POSITIVE_INFINITY });
    channel.send(declare('t'));
    channel.publish('', 't', 'm', PERSISTENT);
    expect(channel.turnAndTake()).toEqual(['basic.ack 1']);
  });

  test('never come when the log is never durable', () => {
    const channel = confirming({ flushesLate: () => Number.POSITIVE_INFINITY });
    channel.publish('', 'q', 'm', PERSISTENT);
    for (let count = 0; count < 10; count++) expect(channel.turnAndTake()).toEqual([]);
  });

  test('of what needs no log do not wait behind what does, whatever becomes of the disk', () => {
    let late = 0;
    const channel = confirming({ flushesLate: () => late });
    for (const method of [declare('t'), bind('q', 'amq.fanout'), bind('t', 'amq.fanout')]) channel.send(method);
    channel.turn();
    late = Number.POSITIVE_INFINITY;
    channel.publish('', 'q', 'm', PERSISTENT);
    channel.publish('', 'q', 'm');
    channel.publish('', 't', 'm', PERSISTENT);
    channel.publish('amq.fanout', '', 'm', PERSISTENT);
    channel.publish('amq.fanout', '', 'm');
    channel.publish('', 'nowhere', 'm', { mandatory: true, ...PERSISTENT });
    expect(channel.turnAndTake()).toEqual([
      "basic.return 312 NO_ROUTE  nowhere 2 'm'",
      ...[2, 3, 5, 6].map((tag) => `basic.ack ${tag}`),
    ]);
    for (let count = 0; count < 10; count++) expect(channel.turnAndTake()).toEqual([]);
  });

  test('of what waited come once, also when later ones have come before', () => {
    const channel = confirming({ flushesLate: () => 2 });
    for (let count = 0; count < 3; count++) channel.turn();
    for (const options of [PERSISTENT, {}, PERSISTENT, {}]) channel.publish('', 'q', 'm', options);
    expect(channel.turnAndTake()).toEqual(['basic.ack 2', 'basic.ack 4']);
    expect([channel.turnAndTake(), channel.turnAndTake()]).toEqual([[], ['basic.ack 3 multiple']]);
  });

  test('wait while the output is full, and become one', () => {
    const channel = confirming({ outputBytesMax: 100 });
    channel.publish('', 'nowhere', new Uint8Array(200), { mandatory: true });
    for (let count = 0; count < 3; count++) {
      channel.publish('', 'q', 'm');
      channel.turn();
    }
    expect(channel.written()).toEqual(['basic.return 312 NO_ROUTE  nowhere 200 bytes']);
    channel.channel.drained();
    expect(channel.written()).toEqual(['basic.ack 4 multiple']);
  });
});
