/** When memory is given back. */

import { expect, test } from 'vitest';
import { RevocablePermissions } from '../../test/support/core-broker.ts';
import { ManualClock } from '../base/clock.ts';
import { ChunkPool } from '../base/output.ts';
import { SeededRandom } from '../base/random.ts';
import { Broker } from '../core/broker.ts';
import { MemoryLog } from '../storage/memory/memory-log.ts';
import { MemoryResidency } from '../storage/memory/memory-residency.ts';
import { MemoryKeeper } from './memory-keeper.ts';

const MB = 1024 * 1024;
const ORIGIN = { id: 1, exchangeBytes: region(0), keyBytes: region(0) };

function region(bytes: number) {
  const memory = new Uint8Array(bytes);
  return { bytes: memory, view: new DataView(memory.buffer) };
}

function testBroker(): Broker {
  return new Broker({
    clock: new ManualClock(),
    random: new SeededRandom(1),
    log: new MemoryLog(),
    permissions: new RevocablePermissions(),
    openResidency: (messages, pump) =>
      new MemoryResidency(messages, pump, { shouldPageOut: () => false, turnsLate: () => 1 }),
  });
}

test('memory that a peak left behind is given back when the broker has been quiet for seven seconds', () => {
  const { broker, keeper, collected } = peak();
  for (let tick = 0; tick < 13; tick++) keeper.tick();
  expect(broker.messages.stats.slabBytes).toBeGreaterThan(150 * MB);
  keeper.tick();

  expect(collected()).toBe(1);
  expect(broker.messages.stats.slabBytes).toBe(0);
});

test('with traffic it is given back some minutes later, a few slabs at a time', () => {
  const { broker, keeper, collected } = peak();
  const tick = () => {
    broker.pump.handedOut += 10_000;
    keeper.tick();
  };
  for (let count = 0; count < 479; count++) tick();
  expect(collected()).toBe(0);
  tick();

  expect(collected()).toBe(1);
  expect(broker.messages.stats.slabBytes).toBe(64 * MB);
});

/** A broker that held 180 MB of messages and holds none any more. */
function peak() {
  const broker = testBroker();
  let collected = 0;
  const keeper = new MemoryKeeper(broker, new ChunkPool(), (what) => {
    if (what !== 'young') collected++;
  });
  const body = region(60_000);
  const messages = Array.from({ length: 3000 }, () =>
    broker.messages.create(ORIGIN, false, 0, 0, body, 0, 0, body, 0, 60_000),
  );
  for (const message of messages) broker.messages.release(message);
  return { broker, keeper, collected: () => collected };
}

test('memory is given back at once when it is needed for something else', () => {
  const { broker, keeper, collected } = peak();
  expect(keeper.giveBack()).toBeGreaterThanOrEqual(0);
  expect([broker.messages.stats.slabBytes, collected()]).toEqual([0, 1]);
});

test('spare memory is given back with a collection only when there is any', () => {
  const { broker, keeper, collected } = peak();
  keeper.giveBackSpare();
  keeper.giveBackSpare();
  expect([broker.messages.stats.slabBytes, collected()]).toEqual([0, 1]);
});

test('a broker that has become quiet is collected once, its new objects more than five seconds before', () => {
  const collected: string[] = [];
  const keeper = new MemoryKeeper(testBroker(), new ChunkPool(), (what) => void collected.push(`${what} ${ticks}`));
  let ticks = 0;
  for (; ticks < 100; ticks++) keeper.tick();
  expect(collected).toEqual(['young 1', 'compact 13']);
});
