/** A disk that is full: publishes wait, everything else becomes durable, and room comes back by consuming. */

import { describe, expect, test } from 'vitest';
import { type LogWorld, type LogWorldOptions, logWith } from '../../../test/support/opened-log.ts';
import { SETTLE_REASONS } from '../../core/records.ts';

const Q = 11;
const ACKED = SETTLE_REASONS.acked;
const SIZES: LogWorldOptions = { segmentBytes: 16_384, reserveBytes: 16_384 };
const BODY = 'x'.repeat(1000);

/** A log with so many messages in a queue, its reserve, and not a byte of room. */
function fullDisk(messages: number): LogWorld {
  const world = logWith([Q, 12], SIZES);
  publish(world, 1, messages);
  world.flush(20);
  world.disk.bytesMax = world.disk.usedBytes;
  return world;
}

function publish(world: LogWorld, first: number, last: number, queueId = Q): void {
  for (let sequence = first; sequence <= last; sequence++) {
    world.publish(`${BODY}${sequence}`, [queueId, sequence]);
    world.log.flush();
    world.disk.runAll();
  }
}

function acknowledge(world: LogWorld, first: number, last: number): void {
  for (let sequence = first; sequence <= last; sequence++) world.log.settle(Q, sequence, ACKED);
  world.flush(2);
}

/** Publishes until a batch has found no room. @returns the last sequence */
function fill(world: LogWorld, next: number): number {
  let sequence = next - 1;
  while (world.faults.said.length === 0) publish(world, ++sequence, sequence);
  return sequence;
}

/** What a power cut would leave: queue and sequence of each message. */
function certain(world: LogWorld): string[] {
  const sequences = world
    .cutOff()
    .restored()
    .map((text) => text.replace(/=.*/, ''));
  return sequences.sort((a, b) => Number(a.split(':')[1]) - Number(b.split(':')[1]));
}

function list(first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, index) => `${Q}:${first + index}`);
}

describe('the reserve', () => {
  test('is not there before the log is as large as a file of it, then there are three', () => {
    const world = logWith([Q], SIZES);
    const reserve = () => world.disk.list().filter((name) => name.startsWith('reserve')).length;
    world.flush(5);
    expect(reserve()).toBe(0);

    publish(world, 1, 20);
    world.flush(5);
    expect(reserve()).toBe(3);
  });

  test('of which a part is there when the log is closed is finished by the next start', () => {
    const world = logWith([Q], SIZES);
    publish(world, 1, 20);
    world.opened.tick();
    world.disk.step();
    world.opened.close();
    world.disk.runAll();
    expect(world.disk.list().filter((name) => name.startsWith('reserve'))).toEqual(['reserve-1']);

    const next = world.killed(SIZES);
    next.flush(5);
    expect(next.disk.list().filter((name) => name.startsWith('reserve'))).toHaveLength(3);
  });

  test('that another start left is used by the next one', () => {
    const next = fullDisk(20).killed(SIZES);
    next.flush();
    acknowledge(next, 1, 5);

    expect([next.faults.said, certain(next)]).toEqual([['no room'], list(6, 20)]);
  });
});

describe('a reserve that cannot be had', () => {
  test.each(['rename', 'syncNames', 'open', 'write', 'sync'] as const)(
    'because a %s fails loses nothing, and all goes on when there is room',
    (operation) => {
      const world = fullDisk(20);
      world.disk.faults.failNext(operation, { times: operation === 'sync' || operation === 'write' ? 1 : 3 });
      for (let sequence = 21; sequence <= 40; sequence++) publish(world, sequence, sequence);
      acknowledge(world, 1, 10);
      world.disk.heal();
      world.flush(20);

      expect([world.log.durable, certain(world)]).toEqual([world.log.appended, list(11, 40)]);
      expect(world.disk.list().filter((name) => name.startsWith('reserve'))).toHaveLength(3);
    },
  );
});

describe('on a full disk', () => {
  test('the batch that finds no room goes to the reserve, later publishes wait, and are not durable', () => {
    const world = fullDisk(20);
    const last = fill(world, 21);
    expect([world.log.durable, certain(world)]).toEqual([world.log.appended, list(1, last)]);

    const ticket = world.publish('later', [Q, last + 1]);
    world.flush(5);
    expect([world.log.durable, world.log.saved, certain(world)]).toEqual([ticket - 1, ticket, list(1, last)]);
  });

  test('acknowledgements are durable, though publishes wait before them', () => {
    const world = fullDisk(20);
    const last = fill(world, 21);
    publish(world, last + 1, last + 3);
    acknowledge(world, 1, 10);

    expect(world.log.durable).toBeLessThan(world.log.saved);
    expect([world.log.saved, certain(world)]).toEqual([world.log.appended, list(11, last)]);
  });

  test('a message that is acknowledged while its publish waits is never written, and its publisher is told', () => {
    const world = fullDisk(20);
    const last = fill(world, 21);
    publish(world, last + 1, last + 1);
    expect(world.log.durable).toBeLessThan(world.log.appended);
    acknowledge(world, last + 1, last + 1);

    expect([world.log.durable, certain(world)]).toEqual([world.log.appended, list(1, last)]);
    expect(world.opened.metrics.elided).toBe(1);
  });

  test('a purge, and the end of a queue, reach what waits', () => {
    const world = fullDisk(20);
    const last = fill(world, 21);
    publish(world, last + 1, last + 2);
    publish(world, 1, 2, 12);
    world.log.settleRun(Q, 1, last + 2, SETTLE_REASONS.purged);
    world.log.define({ kind: 'queue.deleted', id: 12 });
    world.flush(40);

    expect([world.log.durable, certain(world)]).toEqual([world.log.appended, []]);
    expect([world.opened.metrics.liveBytes, world.messages.stats.blocks]).toEqual([0, 0]);
  });

  test('room comes back by consuming alone: segments are free, the reserve is whole, publishers go on', () => {
    const world = fullDisk(60);
    const last = fill(world, 61);
    publish(world, last + 1, last + 3);
    acknowledge(world, 1, last);
    world.flush(40);

    expect(world.faults.said).toEqual(['no room', 'room']);
    expect([world.log.durable, certain(world)]).toEqual([world.log.appended, list(last + 1, last + 3)]);
    expect(world.opened.metrics.retired).toBeGreaterThan(2);
    expect(world.disk.list().filter((name) => name.startsWith('reserve'))).toHaveLength(3);
    publish(world, last + 4, last + 10);
    expect(certain(world)).toEqual(list(last + 1, last + 10));
  });

  test('one message that stays does not keep a segment from being free', () => {
    const world = fullDisk(60);
    const last = fill(world, 61);
    acknowledge(world, 2, last);
    world.flush(60);

    expect([world.faults.said, certain(world)]).toEqual([['no room', 'room'], list(1, 1)]);
  });

  test('a crash takes what waits, and nothing else: what was acknowledged does not come back', () => {
    const world = fullDisk(60);
    const last = fill(world, 61);
    publish(world, last + 1, last + 3);
    acknowledge(world, 1, 50);
    const next = world.killed(SIZES);
    expect([next.opened.found.damages, certain(next)]).toEqual([[], list(51, last)]);

    next.disk.heal();
    next.flush(10);
    publish(next, last + 1, last + 2);
    expect([next.log.durable, certain(next)]).toEqual([next.log.appended, list(51, last + 2)]);
  });

  test('what the last batch before a restart holds does not come to stand in one segment twice', () => {
    const sizes = { ...SIZES, segmentBytes: 65_536 };
    const world = logWith([Q], sizes);
    publish(world, 1, 20);
    world.flush(20);
    acknowledge(world, 1, 20);
    publish(world, 21, 21);
    const next = world.killed(sizes);
    next.disk.bytesMax = next.disk.usedBytes;
    next.flush(20);

    expect([next.faults.said, certain(next)]).toEqual([['no room'], list(21, 21)]);
  });

  test('a transaction is not torn: it goes to the reserve as a whole', () => {
    const world = fullDisk(20);
    const last = fill(world, 21);
    world.log.beginGroup();
    world.publish('committed', [Q, last + 1]);
    world.log.settle(Q, 1, ACKED);
    world.log.endGroup();
    world.flush();

    expect([world.log.durable, certain(world)]).toEqual([world.log.appended, list(2, last + 1)]);
  });

  test('of which there is no reserve yet, all waits, in its order', () => {
    const world = logWith([Q], { ...SIZES, reserveBytes: 0 });
    publish(world, 1, 20);
    world.disk.bytesMax = world.disk.usedBytes;
    const last = fill(world, 21);
    acknowledge(world, 1, 10);
    expect([world.log.saved < world.log.appended, certain(world)]).toEqual([true, list(1, last - 1)]);

    world.disk.heal();
    world.flush(5);
    expect([world.log.durable, certain(world)]).toEqual([world.log.appended, list(11, last)]);
  });
});
