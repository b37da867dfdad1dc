/** Messages of a queue that stand between those of a page, or on two pages at once, as only damage makes them. */

import { describe, expect, test } from 'vitest';
import { PagedBroker } from '../../../../test/support/paged-broker.ts';
import {
  acknowledge,
  bodies,
  checkpoint,
  endOf,
  pagedBroker,
  SIZES,
  served,
  takeSoon,
} from '../../../../test/support/paged-queues.ts';
import { inspected, repaired, repairedUpTo } from '../../../../test/support/repaired-log.ts';
import type { SimulatedDisk } from '../../../../test/support/simulated-disk.ts';
import { simulatedDisk } from '../../../../test/support/simulated-disk-steps.ts';
import { headBytes } from '../batch-format.ts';

/** Of a batch that concerns one queue. */
const FOOT_BYTES = headBytes({ queueIds: [1] });

describe('a page that a checkpoint knows, and of which the record is lost', () => {
  test('does not bring back what is known to be acknowledged', () => {
    const world = new PagedBroker(simulatedDisk(), SIZES);
    world.declare('q');
    world.declare('other');
    world.publish('other', 'keeps the segment');
    for (const body of bodies(1)) world.publish('q', body);
    world.queue('q').pageOutReady();
    world.tick(6);
    const paged = endOf(world);
    world.publish('q', 'last');
    world.quiet();
    checkpoint(world);
    acknowledge(world, 1);
    const disk = world.disk.kill();
    disk.flip('segment-000001.log', paged - FOOT_BYTES - 20, 0);

    expect(inspected(disk).damages).toMatchObject([{ file: 'segment-000001.log', loss: 'records' }]);
    expect(served(disk.copy()).q).toEqual([...bodies(1).slice(1), 'last']);
    repaired(disk, SIZES);
    expect(served(disk.certain()).q).toEqual([...bodies(1).slice(1), 'last']);
  });
});

describe('messages that stand between those of a page', () => {
  const ALL = [...bodies(1), 'last'];

  /** A page of five messages, a batch for each of them and one for the page, of which some cannot be read. */
  function withoutBatches(...lost: readonly number[]): {
    readonly disk: SimulatedDisk;
    /** Once more, and the bytes are what they were. */
    readonly flip: (disk: SimulatedDisk) => void;
  } {
    const world = new PagedBroker(simulatedDisk(), SIZES);
    world.declare('q');
    world.declare('other');
    checkpoint(world);
    const ends: number[] = [];
    for (const body of bodies(1)) {
      world.publish('q', body);
      world.quiet();
      ends.push(endOf(world));
    }
    world.queue('q').pageOutReady();
    world.tick(6);
    ends.push(endOf(world));
    world.publish('q', 'last');
    world.quiet();
    const disk = world.disk.kill();
    const flip = (flipped: SimulatedDisk) => {
      for (const batch of lost) flipped.flip('segment-000001.log', (ends[batch] ?? 0) - FOOT_BYTES - 20, 0);
    };
    flip(disk);
    return { disk, flip };
  }

  test('in the log are served in their order, with what the page has, when nobody knew of it', () => {
    const { disk } = withoutBatches(0, 1, 3, 4, 5);
    expect(served(disk.copy()).q).toEqual(['1.3', 'last']);
    repaired(disk, SIZES);

    expect(served(disk.certain())).toMatchObject({ q: ALL, damaged: [] });
    expect(served(disk.kill())).toMatchObject({ q: ALL, damaged: [] });
  });

  test('in the log are served at whatever step the power goes during the repair', () => {
    for (let steps = 0, isDone = false; !isDone; steps++) {
      const { disk } = withoutBatches(0, 1, 3, 4, 5);
      isDone = repairedUpTo(steps, disk, SIZES);
      const left = disk.certain();
      const isNamed = inspected(left.copy()).damages.length > 0;
      expect(served(left.copy()).q).toEqual(isNamed ? ['1.3', 'last'] : ALL);
      repaired(left, SIZES);
      expect(served(left.certain()).q).toEqual(ALL);
    }
  });

  test('in the log are what is left when the page is damaged too, which is one damage', () => {
    const { disk } = withoutBatches(0, 1, 3, 4, 5);
    repaired(disk, SIZES);
    const [name = ''] = disk.list().filter((file) => file.startsWith('page-'));
    disk.flip(name, 100, 0);

    expect(repaired(disk, SIZES).damages).toMatchObject([{ file: name, loss: 'messages' }]);
    expect(inspected(disk).damages).toEqual([]);
    expect(served(disk.certain())).toMatchObject({ q: ['1.3', 'last'], damaged: [] });
  });

  test('in the log are what is left when the file of the page is gone, which is one damage', () => {
    const { disk } = withoutBatches(0, 1, 3, 4, 5);
    repaired(disk, SIZES);
    const [name = ''] = disk.list().filter((file) => file.startsWith('page-'));
    disk.remove(name, () => undefined);
    disk.runAll();

    expect(new PagedBroker(disk.copy()).opened.found.damages).toMatchObject([{ file: name }]);
  });

  test('on another page, which was made while they were missing, are served in their order', () => {
    const world = new PagedBroker(withoutBatches(1, 3, 5).disk, SIZES);
    world.queue('q').pageOutReady();
    world.tick(6);
    const disk = world.disk.kill();
    expect(served(disk.copy()).q).toEqual(['1.1', '1.3', '1.5', 'last']);
    repaired(disk, SIZES);

    const left = disk.certain();
    expect(served(left.copy())).toMatchObject({ q: ALL, damaged: [] });
    // And each once: a page that counts as several is left as one.
    const next = new PagedBroker(left);
    acknowledge(next, ALL.length);
    expect(served(next.disk.kill()).q).toEqual([]);
  });

  test('in the log are served when the file that had them is brought back, though a page was made without them', () => {
    const { disk, flip } = withoutBatches(1, 3, 5);
    const world = new PagedBroker(disk, SIZES);
    world.queue('q').pageOutReady();
    world.tick(6);
    const left = world.disk.kill();
    expect(served(left.copy()).q).toEqual(['1.1', '1.3', '1.5', 'last']);
    flip(left);

    expect(inspected(left).damages).toEqual([]);
    expect(served(left)).toMatchObject({ q: ALL, damaged: [] });
  });

  test('on a later page do not keep a broker from starting, when it is lost that one of them was acknowledged', () => {
    const first = pagedBroker();
    const tags = bodies(1).map(() => takeSoon(first).tag);
    first.sink.unacked.settle(tags[2] ?? 0, false, 'ack');
    first.quiet();
    const settled = endOf(first);
    first.publish('other', 'another');
    first.quiet();
    let isDue = false;
    const policy = { pagesAhead: 2, isAnyDue: true, shouldPageOut: () => isDue };
    const second = new PagedBroker(first.disk.kill(), { ...SIZES, policy });
    expect(takeSoon(second).body).toBe('1.1');
    isDue = true;
    // All but what is with a consumer, and what was acknowledged.
    second.queue('q').pageOutReady();
    second.tick(6);
    const disk = second.disk.kill();
    expect(served(disk.copy()).q).toEqual([...bodies(1, 2, 3).filter((body) => body !== '1.3'), 'last']);
    disk.flip('segment-000001.log', settled - FOOT_BYTES - 4, 0);

    const all = [...bodies(1, 2, 3), 'last'];
    expect(inspected(disk).damages).toMatchObject([{ file: 'segment-000001.log', loss: 'records' }]);
    expect(served(disk.copy()).q).toEqual(all);
    repaired(disk, SIZES);
    expect(served(disk.certain()).q).toEqual(all);
  });
});
