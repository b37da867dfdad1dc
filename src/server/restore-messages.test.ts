/** A broker gets its messages back from the log, stops the queues that have lost something, and ends in order. */

import { expect, test } from 'vitest';
import { coreBroker, createMessage, RecordingSink, RevocablePermissions } from '../../test/support/core-broker.ts';
import { LogWorld, logWith } from '../../test/support/opened-log.ts';
import { openedPages } from '../../test/support/opened-pages.ts';
import { ManualClock } from '../base/clock.ts';
import { EMPTY_TABLE } from '../base/field-table.ts';
import { SeededRandom } from '../base/random.ts';
import { Broker } from '../core/broker.ts';
import { Owner } from '../core/owner.ts';
import type { Damage } from '../storage/disk/segment-scan.ts';
import { MemoryResidency } from '../storage/memory/memory-residency.ts';
import { noteDeliveries, restoreMessages, stopDamaged } from './restore-messages.ts';

/** A broker with the queues and messages of a log. */
function restored(world: LogWorld) {
  const core = coreBroker();
  for (const record of world.opened.definitions.records()) {
    if (record.kind === 'queue.declared') core.vhost.restoreQueue(record);
  }
  const { disk, opened, messages } = world;
  const pages = openedPages({ disk, opened, messages, pump: core.broker.pump });
  const restoring = restoreMessages(opened, core.broker, pages);
  for (;;) {
    const { value, done } = restoring.next();
    if (done === true) return { ...core, count: value };
  }
}

function damage(queueIds: readonly number[] | undefined): Damage {
  return { file: 'segment-000001.log', from: 0, to: 1, queueIds, hasDefinitions: false };
}

function stopped({ vhost }: ReturnType<typeof restored>): number[] {
  return [...vhost.queues].filter(({ isStopped }) => isStopped).map(({ id }) => id);
}

test('messages are back in their queues, and are counted', () => {
  const world = logWith([11, 12]);
  world.publish('a', [11, 1], [12, 1]);
  world.publish('b', [11, 2]);
  world.flush();
  const { count, vhost } = restored(world.cutOff());

  expect(count).toBe(3);
  expect([...vhost.queues].map(({ id, readyCount }) => [id, readyCount])).toEqual([
    [11, 2],
    [12, 1],
  ]);
});

test('only the queues that a damage concerns are stopped, and all when it may be any', () => {
  const world = logWith([11, 12, 13]);
  const one = restored(world);
  expect(stopDamaged(damage([12, 99]), one.broker).map(({ id }) => id)).toEqual([12]);
  expect(stopped(one)).toEqual([12]);

  const all = restored(world);
  stopDamaged(damage(undefined), all.broker);
  expect(stopped(all)).toEqual([11, 12, 13]);
});

test('a clean stop notes how far deliveries came, which the log only knows in blocks', () => {
  const world = new LogWorld();
  const { log, messages, opened } = world;
  const broker = new Broker({
    clock: new ManualClock(),
    random: new SeededRandom(1),
    log,
    messages,
    permissions: new RevocablePermissions(),
    openResidency: (kept, pump) => new MemoryResidency(kept, pump, { shouldPageOut: () => false, turnsLate: () => 1 }),
  });
  const shape = { durable: true, exclusive: false, autoDelete: false, arguments: EMPTY_TABLE };
  const { queue } = broker.addVhost('/').declareQueue(new Owner('guest', 'test'), { name: 'q', ...shape });
  for (const body of ['a', 'b', 'c']) {
    const message = createMessage(messages, body, true);
    log.publish(message);
    log.reached(queue.id, queue.enqueue(message));
  }
  new RecordingSink(broker).consume(queue, { prefetch: 2 });
  broker.endTurn(10);
  world.flush();
  expect(opened.marksOf(queue.id)?.watermark).toBe(65);

  noteDeliveries(opened, broker);
  expect(opened.marksOf(queue.id)?.watermark).toBe(2);
});
