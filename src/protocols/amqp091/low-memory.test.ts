/** A channel of a broker that is low on memory: what is half received is given up, what would be kept is refused. */

import { describe, expect, test } from 'vitest';
import { contentHeader, TestChannel } from '../../../test/support/amqp-channel.ts';
import { table } from '../../base/field-table.ts';
import type { Method } from './methods.ts';

const NO_ARGUMENTS = table({});
const PUBLISH = { name: 'basic.publish', exchange: '', routingKey: 'q', mandatory: false, immediate: false } as const;

function consume(queue: string): Method {
  const flags = { noLocal: false, noAck: false, exclusive: false, noWait: true };
  return { name: 'basic.consume', queue, consumerTag: 'c', ...flags, arguments: NO_ARGUMENTS };
}

function ack(deliveryTag: number): Method {
  return { name: 'basic.ack', deliveryTag, multiple: false };
}

/** A channel with the queue `q`. */
function withQueue(): TestChannel {
  const channel = new TestChannel();
  const flags = { passive: false, durable: false, exclusive: false, autoDelete: false, noWait: true };
  channel.send({ name: 'queue.declare', queue: 'q', ...flags, arguments: NO_ARGUMENTS });
  return channel;
}

describe('a message that is half received', () => {
  test('is given up when the broker needs its memory: the channel is closed with 311', () => {
    const channel = withQueue();
    const { incompleteBodies } = channel.world.broker;
    channel.send(PUBLISH);
    channel.header(contentHeader(500_000));
    channel.body(new Uint8Array(100_000));
    expect(incompleteBodies.heldBytes).toBe(100_000);
    expect(incompleteBodies.refuseDownTo(0)).toBe(1);
    expect(incompleteBodies.heldBytes).toBe(0);
    expect(() => channel.turn()).toThrow(
      'CONTENT_TOO_LARGE - low on memory: a message of 500000 bytes was given up half received',
    );
  });

  test('counts no longer when it is complete, or its channel is closed', () => {
    const channel = withQueue();
    const { incompleteBodies } = channel.world.broker;
    channel.publish('', 'q', new Uint8Array(100_000), { pieces: [50_000, 50_000] });
    channel.publish('', 'q', 'small', { pieces: [2, 3] });
    expect([incompleteBodies.count, incompleteBodies.heldBytes]).toEqual([0, 0]);
    channel.send(PUBLISH);
    channel.header(contentHeader(500_000));
    channel.body(new Uint8Array(10));
    expect([incompleteBodies.count, incompleteBodies.heldBytes]).toEqual([1, 4096]);
    channel.channel.close();
    expect([incompleteBodies.count, incompleteBodies.heldBytes]).toEqual([0, 0]);
  });
});

describe('while there is no memory for more', () => {
  const LOW = 'the broker is low on memory';

  test('a consumer is refused, and so is a settle in a transaction, which is kept until the commit', () => {
    const channel = withQueue();
    const { alarms } = channel.world.broker;
    channel.publish('', 'q', 'a');
    channel.send({ name: 'basic.get', queue: 'q', noAck: false });
    channel.send({ name: 'tx.select' });
    alarms.isOutOfRoom = true;
    expect(() => channel.send(consume('q'))).toThrow(`PRECONDITION_FAILED - cannot consume: ${LOW}`);
    expect(() => channel.send(ack(1))).toThrow(`PRECONDITION_FAILED - cannot settle more in this transaction: ${LOW}`);
    alarms.isOutOfRoom = false;
    channel.send(ack(1));
    channel.send(consume('q'));
  });
});
