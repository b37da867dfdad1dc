/** Checkpoints: what is in one, when it counts, and what happens when it cannot be read or written. */

import { describe, expect, test } from 'vitest';
import { LogWorld, logWith, queueDeclared, vhostAdded } from '../../../test/support/opened-log.ts';
import type { SimulatedDisk } from '../../../test/support/simulated-disk.ts';
import { settled, simulatedDisk } from '../../../test/support/simulated-disk-steps.ts';
import { checksum } from './batch-format.ts';
import { checkpointName, checkpointNumber, readNewestCheckpoint } from './checkpoint.ts';

const Q = 11;

/** The bytes of a checkpoint, to be changed. */
function change(disk: SimulatedDisk, number: number, make: (view: DataView) => void): void {
  const file = disk.open(checkpointName(number));
  const bytes = new Uint8Array(file.size);
  file.readNow(bytes, 0);
  make(new DataView(bytes.buffer));
  settled(disk, (done) => file.write(bytes, 0, done));
}

function names({ disk }: LogWorld): string[] {
  return [...disk.list()].filter((name) => name.startsWith('checkpoint')).sort();
}

describe('a checkpoint', () => {
  test('has a name with its number', () => {
    expect(checkpointName(12)).toBe('checkpoint-000012');
    expect(['checkpoint-000012', 'checkpoint-000012.unfinished', 'checkpoint-1'].map(checkpointNumber)).toEqual([
      12,
      undefined,
      undefined,
    ]);
  });

  test('has the definitions and the marks of all queues, and says from where on the log must be read', () => {
    const world = logWith([11, 12]);
    world.publish('a', [11, 7]);
    world.log.watermark(12, 5, 64);
    world.flush();
    expect(world.checkpoint()).toBeUndefined();

    const { checkpoint, damaged } = readNewestCheckpoint(world.disk);
    expect(damaged).toBeUndefined();
    expect(checkpoint).toMatchObject({ number: 1, headSegment: 1, headBatch: 1, batch: 3 });
    expect(checkpoint?.definitions.slice(1)).toEqual([vhostAdded(), queueDeclared(11), queueDeclared(12)]);
    expect(checkpoint?.marks).toEqual([
      { id: 11, highest: 7, watermark: 0 },
      { id: 12, highest: 0, watermark: 64 },
    ]);
  });

  test('is written in steps, while the log goes on', () => {
    const world = logWith([Q], { checkpointRecords: 1 });
    let isDone = false;
    world.opened.checkpoint(() => {
      isDone = true;
    });
    world.flush(2);
    world.log.define(queueDeclared(12));
    world.log.define({ kind: 'queue.deleted', id: Q });
    expect(isDone).toBe(false);
    world.flush(10);

    expect(isDone).toBe(true);
    expect(queuesOf(world.cutOff())).toEqual([12]);
  });

  test('does not count before the log has come to where it was when the listing ended', () => {
    const world = logWith([Q]);
    world.log.define({ kind: 'queue.deleted', id: Q });
    world.disk.stall('segment-000001.log');
    world.opened.checkpoint(() => {});
    world.flush(10);
    expect([names(world), queuesOf(world.cutOff())]).toEqual([['checkpoint-000001.unfinished'], [Q]]);

    world.disk.resume();
    world.flush(3);
    expect([names(world), queuesOf(world.cutOff())]).toEqual([['checkpoint-000001'], []]);
  });

  test('is kept with the one before it, and no others', () => {
    const world = logWith([Q]);
    for (let count = 0; count < 4; count++) world.checkpoint();
    world.flush();

    expect(names(world)).toEqual(['checkpoint-000003', 'checkpoint-000004']);
  });

  test('is for whoever asked before it was begun', () => {
    const world = logWith([Q], { checkpointRecords: 1 });
    const done: string[] = [];
    world.opened.checkpoint(() => done.push(`first with ${names(world)}`));
    world.flush();
    world.opened.checkpoint(() => done.push(`second with ${names(world)}`));
    world.flush(20);

    expect(done).toEqual(['first with checkpoint-000001', 'second with checkpoint-000001,checkpoint-000002']);
  });

  test.each(['open', 'write', 'sync', 'rename', 'syncNames'] as const)(
    'that cannot be had because %s fails is said to be so, and tried again later',
    (operation) => {
      const world = logWith([Q]);
      world.flush();
      world.disk.faults.failNext(operation);
      expect(world.checkpoint()?.code).toBe('EIO');

      expect([world.checkpoint(), queuesOf(world.cutOff())]).toEqual([undefined, [Q]]);
      expect(world.faults.said).toEqual([]);
    },
  );

  test('that fails is not tried again before time goes by', () => {
    const world = logWith([Q]);
    let tries = 0;
    world.disk.faults.failNext('open', { times: 1 });
    world.opened.checkpoint(() => tries++);
    world.opened.checkpoint(() => tries++);
    for (let turn = 0; turn < 5; turn++) {
      world.log.flush();
      world.disk.runAll();
    }
    expect(tries).toBe(1);

    world.flush(3);
    expect(tries).toBe(2);
  });
});

describe('the newest checkpoint', () => {
  test('is not there in a new directory', () => {
    expect(readNewestCheckpoint(simulatedDisk())).toEqual({
      checkpoint: undefined,
      damaged: undefined,
      highestNumber: 0,
    });
  });

  test('that cannot be read is named, and the one before it is taken', () => {
    const world = logWith([Q]);
    world.checkpoint();
    world.checkpoint();
    world.disk.flip('checkpoint-000002', 70, 1);

    const { checkpoint, damaged } = readNewestCheckpoint(world.disk);
    expect(checkpoint?.number).toBe(1);
    expect(damaged).toMatchObject({ file: 'checkpoint-000002', from: 0, queueIds: undefined, hasDefinitions: true });
  });

  test('that cannot be read costs nothing when the log before it is there', () => {
    const world = logWith([Q]);
    world.publish('a', [Q, 1]);
    world.flush();
    world.checkpoint();
    world.disk.flip('checkpoint-000001', 70, 1);
    const next = world.cutOff();

    expect([next.opened.found.damages, queuesOf(next), next.restored()]).toEqual([[], [Q], ['11:1=a']]);
  });

  test('of a newer program is refused', () => {
    const world = logWith([Q]);
    world.checkpoint();
    change(world.disk, 1, (view) => {
      view.setUint32(4, 3, true);
      view.setUint32(60, checksum(view, 0, 60), true);
    });

    expect(() => new LogWorld(world.disk.copy())).toThrow(
      'checkpoint-000001 has version 3 of its form, and this program knows versions up to 2. It was written by a newer',
    );
  });
});

function queuesOf({ opened }: LogWorld): number[] {
  return [...opened.definitions.records()].flatMap((record) => (record.kind === 'queue.declared' ? [record.id] : []));
}
