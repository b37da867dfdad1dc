/** How old segments become free: nothing that counts is lost with them, and one stuck message does not pin many. */

import { describe, expect, test } from 'vitest';
import { type LogWorld, logWith } from '../../../test/support/opened-log.ts';
import { SETTLE_REASONS } from '../../core/records.ts';

const ACKED = SETTLE_REASONS.acked;
const SIZES = { segmentBytes: 1000 };
const BODY = 'x'.repeat(400);

/** Publishes messages of 400 bytes with these sequences, each in a batch and a segment of its own. */
function publish(world: LogWorld, queueId: number, from: number, to: number): void {
  for (let sequence = from; sequence <= to; sequence++) {
    world.publish(BODY, [queueId, sequence]);
    world.flush();
  }
}

function settle(world: LogWorld, queueId: number, from: number, to: number): void {
  for (let sequence = from; sequence <= to; sequence++) world.log.settle(queueId, sequence, ACKED);
  world.flush();
}

function numbers({ opened }: LogWorld): number[] {
  return [...opened.found.segments].map(({ number }) => number);
}

function segmentFiles({ disk }: LogWorld): number {
  return disk.list().filter((name) => name.startsWith('segment')).length;
}

/** The sequences that a start after a power cut finds. */
function left(world: LogWorld): number[] {
  return world
    .cutOff(SIZES)
    .restored()
    .map((text) => Number(/:(\d+)=/.exec(text)?.[1]))
    .sort((a, b) => a - b);
}

describe('a segment in which nothing is live', () => {
  test('is used again once a checkpoint counts', () => {
    const world = logWith([11], SIZES);
    publish(world, 11, 1, 6);
    const files = segmentFiles(world);
    expect(numbers(world)).toEqual([1, 2, 3, 4, 5, 6]);
    settle(world, 11, 1, 6);
    world.flush(10);

    expect(numbers(world)).toEqual([6]);
    expect(world.opened.metrics).toMatchObject({ retired: 5, checkpoints: 1, segments: 1 });
    publish(world, 11, 7, 10);
    // The next one is ready already.
    expect(segmentFiles(world)).toBeLessThanOrEqual(files + 1);
    expect(left(world)).toEqual([7, 8, 9, 10]);
  });

  test('stays when the checkpoint cannot be had', () => {
    const world = logWith([11], SIZES);
    publish(world, 11, 1, 6);
    world.disk.faults.failNext('rename', { times: 3 });
    settle(world, 11, 1, 6);
    world.log.flush();
    world.disk.runAll();
    expect([numbers(world), left(world)]).toEqual([[1, 2, 3, 4, 5, 6], []]);

    world.flush(20);
    expect(numbers(world)).toEqual([6]);
  });

  test('stays as long as one before it holds something', () => {
    const world = logWith([11], SIZES);
    publish(world, 11, 1, 3);
    settle(world, 11, 2, 3);
    world.flush(10);

    expect([numbers(world), left(world)]).toEqual([[1, 2, 3], [1]]);
  });

  test('is free when its queue was deleted', () => {
    const world = logWith([11, 12], SIZES);
    publish(world, 11, 1, 6);
    world.log.define({ kind: 'queue.deleted', id: 11 });
    world.flush(10);

    expect([numbers(world).length, left(world)]).toEqual([1, []]);
  });
});

describe('a few live messages in old segments', () => {
  /** Message 1 and every fourth one stay. */
  function sparse(): LogWorld {
    const world = logWith([11, 12], SIZES);
    for (let sequence = 1; sequence <= 20; sequence++) publish(world, sequence % 4 === 1 ? 12 : 11, sequence, sequence);
    settle(world, 11, 1, 20);
    return world;
  }
  const STAY = [1, 5, 9, 13, 17];

  test('are written again at the end, until less than half of the log is dead', () => {
    const world = sparse();
    const before = world.opened.metrics;
    expect(before.deadBytes).toBeGreaterThan(before.liveBytes);
    world.flush(100);

    const { movedBytes, deadBytes, liveBytes, bytes } = world.opened.metrics;
    expect(movedBytes).toBeGreaterThanOrEqual(2 * 400);
    expect(deadBytes <= liveBytes || bytes <= 4 * SIZES.segmentBytes).toBe(true);
    expect(left(world)).toEqual(STAY);
  });

  test('are there at whatever step the power goes', () => {
    const world = sparse();
    for (let turn = 0; turn < 100; turn++) {
      world.log.flush();
      while (world.disk.step()) expect(left(world)).toEqual(STAY);
    }
    expect(world.opened.metrics.movedBytes).toBeGreaterThan(0);
  });

  test('that are settled while they are moved do not come back', () => {
    const world = sparse();
    world.disk.stall();
    for (let turn = 0; turn < 4; turn++) world.opened.tick();
    world.disk.resume();
    settle(world, 12, 1, 20);
    world.flush(50);

    expect([left(world), world.opened.metrics.liveBytes]).toEqual([[], 0]);
  });

  test('stay where they are when they cannot be read there, and so does their segment', () => {
    const world = sparse();
    world.disk.faults.failNext('read');
    world.flush(50);

    expect([numbers(world)[0], left(world)]).toEqual([1, STAY]);
  });

  test('are not written again as if they were whole when they have been damaged meanwhile', () => {
    const world = sparse();
    world.disk.flip('segment-000001.log', 700, 3);
    world.flush(50);

    expect(world.opened.metrics.movedBytes).toBe(0);
    expect(world.cutOff(SIZES).opened.found.damages.length).toBe(1);
  });
});
