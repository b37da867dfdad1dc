/** With a log that delivers at commit nobody is given what might still be lost, and the queue goes on by itself. */

import { describe, expect, test } from 'vitest';
import { coreBroker, publishText, RecordingSink, runAll } from '../../../test/support/core-broker.ts';
import type { DurabilityWaiter, Ticket } from '../ports.ts';
import { CommitMark, type CommittingLog } from './commit-mark.ts';
import { NOT_RESIDENT } from './queue.ts';

/** A log whose records become durable, or only saved, when a test says so; marks are known at once. */
class HeldLog implements CommittingLog {
  appended: Ticket = 0;
  saved: Ticket = 0;
  durable: Ticket = 0;
  #waiting: { readonly ticket: Ticket; readonly waiter: DurabilityWaiter }[] = [];

  watermark(): Ticket {
    return 0;
  }

  whenSaved(): void {
    throw new Error('a mark that is known at once was waited for');
  }

  whenDurable(ticket: Ticket, waiter: DurabilityWaiter): void {
    this.#waiting.push({ ticket, waiter });
  }

  reach(durable: Ticket): void {
    this.durable = durable;
    const reached = this.#waiting.filter(({ ticket }) => ticket <= durable);
    this.#waiting = this.#waiting.filter(({ ticket }) => ticket > durable);
    for (const { waiter } of reached) waiter.durabilityReached();
  }
}

function world() {
  const log = new HeldLog();
  let resumed = 0;
  const queue = { id: 1, newestSequence: 0, resume: () => void resumed++ };
  const mark = new CommitMark(queue, log);
  const may = (sequence: number) => sequence <= mark.check || mark.mayDeliver(sequence);
  const publish = () => {
    queue.newestSequence++;
    return ++log.appended;
  };
  return { log, queue, mark, may, publish, resumed: () => resumed };
}

describe('a delivery of a log that delivers at commit', () => {
  test('waits for all that is in the queue, and what comes later waits for itself', () => {
    const { log, may, publish, resumed } = world();
    const tickets = [publish(), publish()];
    expect(may(1)).toBe(false);
    publish();
    log.reach(tickets[0] ?? 0);
    expect([may(1), resumed()]).toEqual([false, 0]);

    log.reach(tickets[1] ?? 0);
    expect([may(1), may(2), may(3), resumed()]).toEqual([true, true, false, 1]);
    log.reach(log.appended);
    expect([may(3), resumed()]).toEqual([true, 2]);
  });

  test('is made at once when nothing is on its way to the log', () => {
    const { log, may, publish } = world();
    log.reach(publish());
    expect(may(1)).toBe(true);
  });

  test('waits for publishes that other records overtake on a full disk', () => {
    const { log, may, publish } = world();
    publish();
    log.saved = log.appended;
    expect(may(1)).toBe(false);

    log.reach(log.appended);
    expect(may(1)).toBe(true);
  });

  test('after a restart waits until what came back is certain', () => {
    const { log, queue, mark, may, resumed } = world();
    log.appended = 1;
    queue.newestSequence = 100;
    mark.restore(0);
    expect([may(1), may(100)]).toEqual([false, false]);

    log.reach(1);
    expect([may(1), may(100), resumed()]).toEqual([true, true, 1]);
  });

  test('does not take the certainty of a restart, in which the queue was empty, for its own', () => {
    const { log, mark, may, publish } = world();
    log.appended = 1;
    mark.restore(0);
    publish();
    expect(may(1)).toBe(false);

    log.reach(1);
    expect(may(1)).toBe(false);
    log.reach(log.appended);
    expect(may(1)).toBe(true);
  });
});

/** A durable queue in a log that delivers at commit, which is a flush late. */
function commitBroker() {
  const core = coreBroker({ deliverAt: 'commit', flushesLate: () => 1 });
  const { vhost, owner, broker, log } = core;
  const shape = { exclusive: false, autoDelete: false, arguments: new Map() };
  const { queue } = vhost.declareQueue(owner, { name: 'q', durable: true, ...shape });
  const other = vhost.declareQueue(owner, { name: 'transient', durable: false, ...shape }).queue;
  for (const { name } of [queue, other]) vhost.bindQueue(owner, name, 'amq.fanout', '', new Map());
  const sink = new RecordingSink(broker);
  const turn = () => {
    runAll(broker);
    log.flush();
    runAll(broker);
  };
  const take = () => queue.take(sink.unacked, true, { taken: () => {} });
  return { ...core, queue, other, sink, turn, take };
}

describe('a durable queue in a log that delivers at commit', () => {
  test('gives persistent messages to nobody before their publishes are durable', () => {
    const world = commitBroker();
    const { queue, sink, turn } = world;
    sink.consume(queue, { id: 1, noAck: true });
    sink.consume(queue, { id: 2, priority: 1, prefetch: 1 });
    for (const body of ['a', 'b']) publishText(world, '', 'q', body, true);
    turn();
    expect([sink.bodies, queue.readyCount]).toEqual([[], 2]);

    turn();
    expect([sink.bodies, queue.readyCount]).toEqual([['a', 'b'], 0]);
  });

  test('counts a message from its publish on, and lets a get wait for it', () => {
    const world = commitBroker();
    const { queue, turn, take } = world;
    publishText(world, '', 'q', 'a', true);
    expect([queue.readyCount, take()]).toEqual([1, NOT_RESIDENT]);

    turn();
    turn();
    expect([take(), queue.readyCount]).toEqual([1, 0]);
  });

  test('drops with a purge also what is not durable, and goes on with what comes then', () => {
    const world = commitBroker();
    const { queue, sink, turn } = world;
    publishText(world, '', 'q', 'a', true);
    sink.consume(queue, { noAck: true });
    runAll(world.broker);
    expect(queue.purge()).toBe(1);
    publishText(world, '', 'q', 'b', true);
    for (let turns = 3; turns > 0; turns--) turn();
    expect(sink.bodies).toEqual(['b']);
  });

  test('gives away at once what a crash would take anyway, unless it stands behind what waits', () => {
    const world = commitBroker();
    const { queue, other, sink, turn } = world;
    sink.consume(queue, { id: 1, noAck: true });
    sink.consume(other, { id: 2, noAck: true });
    publishText(world, '', 'q', 'transient', false);
    publishText(world, 'amq.fanout', '', 'persistent', true);
    publishText(world, '', 'q', 'behind', false);
    runAll(world.broker);
    const seen = () => sink.deliveries.map(({ consumerId, body }) => `${consumerId} ${body}`);
    expect(seen()).toEqual(['1 transient', '2 persistent']);

    turn();
    turn();
    expect(seen().slice(2)).toEqual(['1 persistent', '1 behind']);
  });

  test('gives again at once what comes back', () => {
    const world = commitBroker();
    const { queue, sink, turn } = world;
    sink.consume(queue, { prefetch: 1 });
    publishText(world, '', 'q', 'a', true);
    turn();
    turn();
    publishText(world, '', 'q', 'b', true);
    sink.unacked.settle(1, false, 'requeue');
    runAll(world.broker);
    expect(sink.deliveries.map(({ body, redelivered }) => [body, redelivered])).toEqual([
      ['a', false],
      ['a', true],
    ]);
  });
});
