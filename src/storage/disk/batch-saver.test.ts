/** Batches on a disk that does not do what it should: what is said, what is believed, and what is there in the end. */

import { describe, expect, test } from 'vitest';
import { type LogWorld, logWith } from '../../../test/support/opened-log.ts';
import { simulatedDisk } from '../../../test/support/simulated-disk-steps.ts';

const Q = 11;

/** Publishes one message and lets everything happen. @returns whether it is durable */
function publish(world: LogWorld, sequence: number): boolean {
  const ticket = world.publish(`message ${sequence}`, [Q, sequence]);
  world.log.flush();
  world.disk.runAll();
  return world.log.durable >= ticket;
}

/** The sequences of what is on the disk for certain. */
function certain(world: LogWorld): string[] {
  return world
    .cutOff()
    .restored()
    .map((text) => text.replace(/^11:(\d+)=.*/, '$1'));
}

describe('a batch', () => {
  test('is durable once it is written and synced', () => {
    const world = logWith([Q]);

    expect([publish(world, 1), certain(world), world.faults.said]).toEqual([true, ['1'], []]);
  });

  test('says how long its sync took, by the clock that it is given', () => {
    let nowMs = 0;
    const world = logWith([Q], { elapsedMs: () => nowMs });
    const { count } = world.opened.metrics.syncs;
    world.publish('message', [Q, 1]);
    world.log.flush();
    const { syncs } = world.disk.counts;
    while (world.disk.counts.syncs === syncs) {
      nowMs += 5;
      world.disk.step();
    }

    expect(world.opened.metrics.syncs).toEqual({ count: count + 1, totalMs: 5, maxMs: 5, lastMs: 5 });
  });

  test('for which there is no room is tried again when time has gone by, until there is', () => {
    const world = logWith([Q]);
    world.disk.bytesMax = world.disk.usedBytes;
    const large = 'x'.repeat(10_000);
    const ticket = world.publish(large, [Q, 1]);
    world.flush(3);
    expect([world.log.durable < ticket, world.faults.said, certain(world)]).toEqual([true, ['no room'], []]);

    world.disk.bytesMax = Number.POSITIVE_INFINITY;
    world.disk.runAll();
    expect(world.log.durable).toBeLessThan(ticket);
    world.flush();
    expect([world.log.durable, world.faults.said, certain(world)]).toEqual([ticket, ['no room', 'room'], ['1']]);
  });

  test('that could be written only in part goes to another file, whole', () => {
    const world = logWith([Q]);
    world.disk.faults.failNext('write');

    expect([publish(world, 1), world.faults.said]).toEqual([true, ['distrusted: EIO']]);
    expect([publish(world, 2), certain(world), world.opened.metrics.segments]).toEqual([true, ['1', '2'], 2]);
  });

  test.each(['EIO', 'ENOSPC'])(
    'whose sync fails with %s goes to another file: a second sync of the first one lies',
    (code) => {
      for (let seed = 0; seed < 20; seed++) {
        const world = logWith([Q], {}, simulatedDisk(seed));
        publish(world, 1);
        world.disk.faults.failNext('sync', { code });

        expect([publish(world, 2), world.faults.said]).toEqual([true, [`distrusted: ${code}`]]);
        expect(certain(world)).toEqual(['1', '2']);
      }
    },
  );

  test.each(['write', 'sync'] as const)(
    'is given up when the %s of the other file fails as well, and nothing after it is durable',
    (operation) => {
      const world = logWith([Q]);
      world.disk.faults.failNext(operation, { times: 2 });

      expect([publish(world, 1), publish(world, 2)]).toEqual([false, false]);
      world.flush(5);
      expect([world.log.durable < world.log.appended, world.faults.said]).toEqual([
        true,
        ['distrusted: EIO', 'lost: EIO'],
      ]);
    },
  );

  test('may fail again later, when others have been durable since', () => {
    const world = logWith([Q]);
    for (let sequence = 1; sequence <= 3; sequence++) {
      const file = world.opened.found.segments.current?.file.name ?? '';
      world.disk.faults.failNext('sync', { file });
      expect([publish(world, 10 * sequence), publish(world, 10 * sequence + 1)]).toEqual([true, true]);
    }

    expect(world.faults.said).toEqual(['distrusted: EIO', 'distrusted: EIO', 'distrusted: EIO']);
    expect(certain(world)).toEqual(['10', '11', '20', '21', '30', '31']);
  });

  test('that stands in two files is read once', () => {
    const world = logWith([Q]);
    world.disk.faults.failNext('sync');
    publish(world, 1);

    for (const next of [world.killed(), world.cutOff()]) {
      expect([next.restored(), next.opened.found.damages]).toEqual([['11:1=message 1'], []]);
    }
  });
});

describe('a new segment', () => {
  test.each(['open', 'syncNames'] as const)('is asked for once more when %s fails', (operation) => {
    const world = logWith([Q], { segmentBytes: 100 });
    world.flush();
    publish(world, 1);
    world.disk.faults.failNext(operation);

    expect([publish(world, 2), publish(world, 3), certain(world)]).toEqual([true, true, ['1', '2', '3']]);
  });

  test('that cannot be had twice in a row is the end', () => {
    const world = logWith([Q], { segmentBytes: 100 });
    world.disk.faults.failNext('syncNames', { times: 5 });

    expect([publish(world, 1), publish(world, 2), publish(world, 3)].at(-1)).toBe(false);
    expect(world.faults.said).toEqual(['distrusted: EIO', 'lost: EIO']);
  });

  test('for whose name there is no room is waited for', () => {
    const world = logWith([Q], { segmentBytes: 100 });
    world.disk.faults.failNext('syncNames', { code: 'ENOSPC', times: 5 });
    const durable = [publish(world, 1), publish(world, 2), publish(world, 3)];
    expect([durable.at(-1), world.faults.said]).toEqual([false, ['no room']]);

    world.flush(5);
    expect([world.log.durable, world.faults.said]).toEqual([world.log.appended, ['no room', 'room']]);
    expect(certain(world)).toEqual(['1', '2', '3']);
  });
});

describe('a log that was closed', () => {
  test('reports nothing any more', () => {
    const world = logWith([Q]);
    const ticket = world.publish('a', [Q, 1]);
    world.log.flush();
    world.opened.close();
    world.disk.runAll();

    expect(world.log.durable).toBeLessThan(ticket);
  });
});
