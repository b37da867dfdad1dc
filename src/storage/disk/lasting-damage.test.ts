/** What is missing of a log, with nothing left of it to be found: it is not forgotten, whatever is written behind it. */

import { describe, expect, test } from 'vitest';
import { LogWorld, logWith } from '../../../test/support/opened-log.ts';
import { repaired, repairedUpTo } from '../../../test/support/repaired-log.ts';
import type { SimulatedDisk } from '../../../test/support/simulated-disk.ts';
import { settled } from '../../../test/support/simulated-disk-steps.ts';
import { SETTLE_REASONS } from '../../core/records.ts';

const SMALL = { segmentBytes: 300 };

describe.each<[string, () => SimulatedDisk]>([
  ['a segment between others', withoutSecondSegment],
  ['the last segment before a checkpoint', withoutLastSegment],
  ['the newest checkpoint, and the log before it,', withoutNewestCheckpoint],
])('a log that lacks %s', (_what, damagedDisk) => {
  test('is found damaged at every start, whatever was written since, and as whole when it is repaired', () => {
    let world = new LogWorld(damagedDisk(), SMALL);
    for (let sequence = 101; sequence <= 104; sequence++) {
      const { damages } = world.opened.found;
      expect([sequence, damages]).toMatchObject([sequence, [{ queueIds: undefined, hasDefinitions: true }]]);
      world.publish('later', [11, sequence]);
      world.flush(20);
      world.checkpoint();
      world = sequence % 2 === 0 ? world.cutOff(SMALL) : world.killed(SMALL);
    }
    repaired(world.disk, SMALL);

    const { damages } = world.cutOff(SMALL).opened.found;
    expect(damages).toEqual([]);
  });

  test('is found damaged, or repaired to the end, at whatever step the power goes during the repair', () => {
    for (let steps = 0, isDone = false; !isDone; steps++) {
      const disk = damagedDisk();
      isDone = repairedUpTo(steps, disk, SMALL);
      const { opened } = new LogWorld(disk.certain(), SMALL);
      // A queue that has lost records counts as delivered as soon as nothing is said of it any more.
      const mayBeNew = (opened.marksOf(11)?.watermark ?? 0) < 1000;
      expect([steps, opened.found.damages.length > 0]).toEqual([steps, mayBeNew]);
    }
  });
});

/** A message in each of three segments, of which the second is gone; the first holds nothing else that counts. */
function withoutSecondSegment(): SimulatedDisk {
  const world = logWith([11], SMALL);
  world.checkpoint();
  for (let sequence = 1; sequence <= 3; sequence++) {
    world.publish('x'.repeat(300), [11, sequence]);
    world.flush();
  }
  world.log.settle(11, 1, SETTLE_REASONS.acked);
  world.flush();
  const copy = world.disk.copy();
  settled(copy, (done) => copy.remove('segment-000003.log', done));
  settled(copy, (done) => copy.syncNames(done));
  return copy;
}

/** A message in each of three segments; a checkpoint knows of all of them. */
function withoutLastSegment(): SimulatedDisk {
  const world = logWith([11], SMALL);
  for (let sequence = 1; sequence <= 3; sequence++) {
    world.publish('x'.repeat(300), [11, sequence]);
    world.flush();
  }
  world.checkpoint();
  const copy = world.disk.copy();
  settled(copy, (done) => copy.remove('segment-000004.log', done));
  settled(copy, (done) => copy.syncNames(done));
  return copy;
}

function withoutNewestCheckpoint(): SimulatedDisk {
  const world = logWith([11]);
  world.checkpoint();
  const next = world.cutOff();
  next.checkpoint();
  const disk = withoutSegments(next.disk.copy());
  settled(disk, (done) => disk.syncNames(done));
  disk.flip('checkpoint-000002', 70, 0);
  return disk;
}

function withoutSegments(disk: SimulatedDisk): SimulatedDisk {
  for (const name of disk.list()) if (name.startsWith('segment')) settled(disk, (done) => disk.remove(name, done));
  return disk;
}
