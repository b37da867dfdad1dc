/** The classic queue keeps the contract of a queue, and comes back from a log. */

import { describe, expect, test } from 'vitest';
import { coreBroker, createMessage, RecordingSink, runAll } from '../../../test/support/core-broker.ts';
import { EMPTY_TABLE } from '../../base/field-table.ts';
import { ClassicQueue } from './classic.ts';
import { describeQueue } from './queue.test-suite.ts';
import type { Queue } from './queue.ts';
import { RingRestoration } from './ring-restoration.ts';

describeQueue('a classic queue', (id, name, options, world) => new ClassicQueue(id, name, options, world));

interface Kept {
  readonly messages: Readonly<Record<number, string>>;
  readonly highest: number;
  readonly watermark: number;
}

/** A durable queue that a log has kept. */
function restored({ messages, highest, watermark }: Kept) {
  const { broker, vhost, log } = coreBroker();
  const shape = { vhost: '/', autoDelete: false, arguments: EMPTY_TABLE };
  const queue: Queue = vhost.restoreQueue({ kind: 'queue.declared', id: 1, name: 'q', ...shape });
  const restoration = new RingRestoration();
  for (const [sequence, body] of Object.entries(messages)) {
    restoration.add(Number(sequence), createMessage(broker.messages, body, true));
  }
  queue.restore(restoration, { highest, watermark });
  const sink = new RecordingSink(broker);
  const deliver = (count: number) => {
    const { deliveries } = sink;
    const before = deliveries.length;
    while (deliveries.length < before + count && queue.readyCount > 0) {
      sink.unacked.credit.limit = count;
      const tag = queue.take(sink.unacked, false, {
        taken: (message, taken, redelivered) => {
          deliveries.push({ consumerId: 0, body: sink.bodyOf(message), tag: taken, redelivered });
        },
      });
      if (tag < 0) log.flush();
    }
    return deliveries.slice(before).map(({ body, redelivered }) => (redelivered ? `${body} again` : body));
  };
  return { broker, queue, log, sink, deliver };
}

describe('a queue that comes back from a log', () => {
  test('has its messages in order, and says which of them may have been delivered before', () => {
    const { queue, deliver } = restored({ messages: { 9: 'c', 3: 'a', 4: 'b' }, highest: 9, watermark: 4 });

    expect(queue.readyCount).toBe(3);
    expect(deliver(3)).toEqual(['a again', 'b again', 'c']);
    expect(queue.readyCount).toBe(0);
  });

  test('puts new messages behind all that it ever had, and those are new', () => {
    const { broker, queue, deliver } = restored({ messages: { 3: 'a' }, highest: 5, watermark: 64 });

    expect(queue.enqueue(createMessage(broker.messages, 'new', true))).toBeGreaterThan(64);
    expect(deliver(2)).toEqual(['a again', 'new']);
  });

  test('says at its end how far deliveries came, those before the restart included', () => {
    const kept = { messages: { 2: 'a', 3: 'b', 8: 'c', 9: 'd' }, highest: 9, watermark: 4 };
    const untouched = restored(kept);
    expect(untouched.queue.deliveredUpTo).toBe(4);

    const { queue, deliver } = restored(kept);
    deliver(3);
    expect(queue.deliveredUpTo).toBe(8);
  });

  test('waits with deliveries until the log says that what it found is durable', () => {
    const { broker, vhost, log } = coreBroker();
    const shape = { vhost: '/', autoDelete: false, arguments: EMPTY_TABLE };
    const queue = vhost.restoreQueue({ kind: 'queue.declared', id: 1, name: 'q', ...shape });
    const restoration = new RingRestoration();
    restoration.add(1, createMessage(broker.messages, 'a', true));
    log.define({ kind: 'ids.used', highest: 1 });
    queue.restore(restoration, { highest: 1, watermark: 64 });
    const sink = new RecordingSink(broker);
    sink.consume(queue);
    runAll(broker);
    expect(sink.bodies).toEqual([]);

    log.flush();
    runAll(broker);
    expect(sink.bodies).toEqual(['a']);
  });
});
