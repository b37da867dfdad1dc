/** What a queue tells whoever takes its messages out of memory, and what it gives on request. */

import { expect, test } from 'vitest';
import { type CoreBrokerOptions, coreBroker, createMessage, RecordingSink } from '../../../test/support/core-broker.ts';
import { ClassicQueue } from './classic.ts';

const OPTIONS = { durable: true, owner: undefined, autoDelete: false, arguments: new Map() };

function queueWorld(options: CoreBrokerOptions = {}) {
  const { broker, residency } = coreBroker(options);
  const queue = new ClassicQueue(1, 'q', OPTIONS, { ...broker, unused: () => undefined });
  const sink = new RecordingSink(broker);
  let published = 0;
  let taken = 0;
  return {
    broker,
    residency,
    queue,
    sink,
    publish: (count: number) => {
      for (let left = count; left > 0; left--) queue.enqueue(createMessage(broker.messages, `${published++}`));
    },
    /** Takes so many, and checks their order. */
    take: (count: number, noAck = true) => {
      for (let left = count; left > 0; ) {
        const tag = queue.take(sink.unacked, noAck, {
          taken: (message) => expect(sink.bodyOf(message)).toBe(`${taken++}`),
        });
        if (tag < 0) broker.endTurn(1000);
        else left--;
      }
    },
  };
}

test('on request all that is ready goes, what is first and last and came back included, and comes back in order', () => {
  const { broker, residency, queue, sink, publish, take } = queueWorld({ shouldPageOut: () => true });
  publish(3000);
  take(5, false);
  sink.unacked.requeueAll();
  while (queue.pageOutReady());
  expect([broker.messages.stats.blocks, queue.readyCount]).toEqual([0, 3000]);
  const again = new RecordingSink(broker);
  again.consume(queue, { noAck: true });
  while (broker.endTurn(1000));
  expect(again.bodies).toEqual(Array.from({ length: 3000 }, (_, index) => `${index}`));
  expect(again.deliveries.filter(({ redelivered }) => redelivered).length).toBe(5);
  expect(residency.pageCount).toBe(0);
});

test('what came back stays while others may still come back', () => {
  const { broker, queue, sink, publish, take } = queueWorld({ shouldPageOut: () => true });
  publish(100);
  take(5, false);
  sink.unacked.settle(2, false, 'requeue');
  while (queue.pageOutReady());
  expect(broker.messages.stats.blocks).toBe(5);
});

test('a queue drains when about as many messages leave as come, for some time', () => {
  const { queue, publish, take } = queueWorld();
  publish(20_000);
  expect(queue.isDraining).toBe(false);
  for (let round = 0; round < 4; round++) {
    publish(2000);
    take(2000);
  }
  expect(queue.isDraining).toBe(true);
  publish(10_000);
  expect(queue.isDraining).toBe(false);
});
