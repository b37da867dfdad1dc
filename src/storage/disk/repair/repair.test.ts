/** Going on without what is damaged: what is kept, what comes back, and crashes at every step. */

import { describe, expect, test } from 'vitest';
import { LogWorld, logWith, queueDeclared } from '../../../../test/support/opened-log.ts';
import { inspected, KEPT, repaired, repairedUpTo } from '../../../../test/support/repaired-log.ts';
import type { SimulatedDisk } from '../../../../test/support/simulated-disk.ts';
import { settled } from '../../../../test/support/simulated-disk-steps.ts';
import { SETTLE_REASONS } from '../../../core/records.ts';

const SIZES = { segmentBytes: 300 };
const FAR = 2 ** 24;

/** A log with a message in each of three segments, and one byte of the second of them flipped. */
function damagedLog(): LogWorld {
  const world = logWith([11, 12], SIZES);
  for (let sequence = 1; sequence <= 3; sequence++) {
    world.publish(`${sequence}`.repeat(300), [11, sequence]);
    world.publish(`other ${sequence}`, [12, sequence]);
    world.flush();
  }
  world.disk.flip('segment-000003.log', 200, 0);
  return world;
}

/** Two messages in one queue, one batch each, after a checkpoint that has the declaration. */
function damagedSettle(): LogWorld {
  const world = logWith([11, 12]);
  world.publish('a', [11, 1]);
  world.publish('b', [12, 1]);
  world.flush();
  const { bytes } = world.opened.metrics;
  world.log.settle(11, 1, SETTLE_REASONS.acked);
  world.flush();
  world.publish('c', [12, 2]);
  world.flush();
  world.disk.flip('segment-000001.log', bytes + 80, 0);
  return world;
}

function keys(world: LogWorld): string[] {
  return world.restored().map((text) => text.replace(/=.*/, ''));
}

describe('a log that is repaired', () => {
  test('has all that can be read, in order, and finds nothing wrong at the next start', () => {
    const { disk } = damagedLog();
    const before = repaired(disk, SIZES);
    const next = new LogWorld(disk.certain(), SIZES);

    expect(before.damages).toMatchObject([{ file: 'segment-000003.log', queueIds: [11, 12], loss: 'records' }]);
    expect(next.opened.found).toMatchObject({ damages: [], torn: undefined });
    expect(next.restored()).toEqual([
      `11:1=${'1'.repeat(300)}`,
      `11:3=${'3'.repeat(300)}`,
      '12:1=other 1',
      '12:3=other 3',
    ]);
    expect([...next.opened.found.segments].some(({ isDamaged }) => isDamaged)).toBe(false);
  });

  test('leaves a copy of the damaged file, with every byte as it was', () => {
    const { disk } = damagedLog();
    const bytes = contentOf(disk, 'segment-000003.log');
    repaired(disk, SIZES);

    expect(contentOf(disk.certain(), `${KEPT}segment-000003.log`)).toEqual(bytes);
  });

  test('brings acknowledged messages back whose settle is lost, and says that they are redelivered', () => {
    const { disk } = damagedSettle();
    repaired(disk);
    const { opened, ...next } = new LogWorld(disk.certain());

    expect(new LogWorld(disk.certain()).restored()).toEqual(['11:1=a', '12:1=b', '12:2=c']);
    expect(next.faults.said).toEqual([]);
    expect(opened.marksOf(11)?.watermark).toBeGreaterThanOrEqual(1);
    // Nothing of the other one is lost.
    expect(opened.marksOf(12)).toMatchObject({ highest: 2, watermark: 0 });
  });

  test('never uses a sequence or an id again that may have been used in what is lost', () => {
    const { disk } = damagedLog();
    disk.flip('segment-000001.log', 200, 0);
    const { lostQueues } = repaired(disk, SIZES);
    const { opened } = new LogWorld(disk.certain(), SIZES);

    expect([...lostQueues].sort()).toEqual([11, 12]);
    expect(opened.definitions.highestId).toBeGreaterThan(2 ** 20);

    const other = damagedSettle().disk;
    repaired(other);
    expect(new LogWorld(other).opened.marksOf(11)?.highest).toBeGreaterThanOrEqual(FAR);
  });

  test('keeps the files with messages of a queue whose declaration is lost', () => {
    const { disk } = damagedLog();
    disk.flip('segment-000001.log', 200, 0);
    const files = disk.list().filter((name) => name.startsWith('segment'));
    repaired(disk, SIZES);

    expect([...disk.list()].sort().filter((name) => name.startsWith(KEPT))).toEqual(
      files.sort().map((name) => KEPT + name),
    );
    expect(inspected(disk).damages).toEqual([]);
  });

  test('goes on where a checkpoint cannot be read', () => {
    const world = logWith([11]);
    world.checkpoint();
    world.publish('a', [11, 1]);
    world.flush();
    world.checkpoint();
    world.disk.flip('checkpoint-000002', 70, 0);
    expect(inspected(world.disk).damages).toMatchObject([{ file: 'checkpoint-000002', loss: 'nothing' }]);
    repaired(world.disk);

    expect(inspected(world.disk)).toMatchObject({ damages: [], queues: [{ name: 'q11', messages: 1 }] });
    expect(new LogWorld(world.disk).opened.marksOf(11)).toMatchObject({ highest: 1 });
  });

  test('goes on where files are gone, and is named until then, whatever checkpoints are wanted', () => {
    const world = logWith([11]);
    world.checkpoint();
    const disk = world.disk.copy();
    for (const name of disk.list().filter((file) => file.startsWith('segment'))) {
      settled(disk, (done) => disk.remove(name, done));
    }
    const started = new LogWorld(disk);
    expect(started.opened.found.damages).toHaveLength(1);
    started.log.define(queueDeclared(12));
    started.flush();
    expect(started.checkpoint()).toMatchObject({ message: 'the log is damaged' });
    expect(inspected(disk).damages).toHaveLength(1);

    repaired(disk);
    expect(inspected(disk)).toMatchObject({ damages: [], queues: [{ name: 'q11' }, { name: 'q12' }] });
  });

  test('is not held up by what is left of a long queue that was deleted', () => {
    const world = logWith([11, 12], { segmentBytes: 1_000_000 });
    world.publish('kept', [12, 1]);
    for (let chunk = 1; chunk <= 2000; chunk++) world.publish('of the deleted one', [11, chunk * 256]);
    world.flush();
    world.log.define({ kind: 'queue.deleted', id: 11 });
    world.flush();
    const { bytes } = world.opened.metrics;
    world.publish('lost', [12, 2]);
    world.flush();
    world.publish('after', [12, 3]);
    world.flush();
    world.disk.flip('segment-000001.log', bytes + 80, 0);
    repaired(world.disk);

    expect(inspected(world.disk).damages).toEqual([]);
    expect(new LogWorld(world.disk.certain()).restored()).toEqual(['12:1=kept', '12:3=after']);
  });

  test('is left alone when there is nothing wrong', () => {
    const world = logWith([11]);
    world.publish('a', [11, 1]);
    world.flush();
    const before = allContents(world.disk);
    repaired(world.disk);

    expect(allContents(world.disk)).toEqual(before);
  });
});

describe('a repair', () => {
  test.each(['the power', 'the process'])(
    'that loses %s at any step leaves all messages, or the damage named',
    (lost) => {
      let wasWhole = 0;
      let wasNamed = 0;
      for (let steps = 0, isDone = false; !isDone; steps++) {
        const { disk } = damagedLog();
        isDone = repairedUpTo(steps, disk, SIZES);
        const left = lost === 'the power' ? disk.certain() : disk.kill();
        const { damages } = inspected(left.copy());
        if (damages.length === 0) wasWhole++;
        else wasNamed++;
        expect(damages.flatMap(({ file }) => file)).toEqual(damages.length === 0 ? [] : ['segment-000003.log']);
        expect(keys(new LogWorld(left.copy(), SIZES))).toEqual(['11:1', '11:3', '12:1', '12:3']);
        // And whoever begins again comes to the end.
        repaired(left, SIZES);
        // The name of a checkpoint that was found after a kill may still go with the power, and the damage is there again.
        const next = new LogWorld(lost === 'the power' ? left.certain() : left.copy(), SIZES);
        expect([next.opened.found.damages, keys(next)]).toEqual([[], ['11:1', '11:3', '12:1', '12:3']]);
        expect(left.list()).toContain(`${KEPT}segment-000003.log`);
      }
      expect([wasNamed > 10, wasWhole > 0]).toEqual([true, true]);
    },
  );

  test.each(['write', 'sync', 'rename', 'syncNames'] as const)(
    'whose %s fails says so, and loses nothing',
    (operation) => {
      const { disk } = damagedLog();
      disk.faults.failNext(operation, { times: 50 });
      expect(() => repaired(disk, SIZES)).toThrow(/cannot .*(EIO|simulated)/);
      disk.runAll();

      disk.heal();
      const left = disk.certain();
      repaired(left, SIZES);
      expect(keys(new LogWorld(left.certain(), SIZES))).toEqual(['11:1', '11:3', '12:1', '12:3']);
    },
  );

  test('that finds no room says so, and loses nothing', () => {
    const { disk } = damagedLog();
    disk.bytesMax = disk.usedBytes + 4096;
    expect(() => repaired(disk, SIZES)).toThrow('ENOSPC');
    disk.runAll();

    const left = disk.certain();
    left.heal();
    repaired(left, SIZES);
    expect(keys(new LogWorld(left.certain(), SIZES))).toEqual(['11:1', '11:3', '12:1', '12:3']);
  });
});

function contentOf(disk: SimulatedDisk, name: string): Uint8Array {
  const file = disk.open(name);
  const bytes = new Uint8Array(file.size);
  file.readNow(bytes, 0);
  file.close();
  return bytes;
}

function allContents(disk: SimulatedDisk): (readonly [string, Uint8Array])[] {
  return disk.list().map((name) => [name, contentOf(disk, name)] as const);
}
