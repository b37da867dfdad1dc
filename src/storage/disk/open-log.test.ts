/** A log that is opened again: after a power cut, after the broker was killed, after a clean stop, after damage. */

import { describe, expect, test } from 'vitest';
import { LogWorld, logWith, queueDeclared, vhostAdded } from '../../../test/support/opened-log.ts';
import type { SimulatedDisk } from '../../../test/support/simulated-disk.ts';
import { settled, simulatedDisk } from '../../../test/support/simulated-disk-steps.ts';
import { SETTLE_REASONS } from '../../core/records.ts';

const ACKED = SETTLE_REASONS.acked;

function files({ disk }: LogWorld, prefix: string): string[] {
  return [...disk.list()].filter((name) => name.startsWith(prefix)).sort();
}

describe('a directory without a log', () => {
  test('is opened as an empty one, and what is written to it is there the next time', () => {
    const world = new LogWorld();
    expect([world.opened.definitions.isEmpty, world.log.appended, world.restored()]).toEqual([true, 0, []]);

    world.log.define(vhostAdded());
    world.log.define(queueDeclared(11));
    world.publish('a', [11, 1]);
    world.flush();
    expect(world.cutOff().restored()).toEqual(['11:1=a']);
  });
});

describe('a log that is opened again', () => {
  test('has the messages that were not settled, with their places, and each in memory once', () => {
    const world = logWith([11, 12]);
    world.publish('both', [11, 1], [12, 1]);
    world.publish('gone', [11, 2]);
    world.publish('x'.repeat(100_000), [12, 3]);
    world.flush();
    world.log.settle(11, 2, ACKED);
    world.flush();
    const next = world.cutOff();
    const found: [number, number, number][] = [];
    const reading = next.opened.readMessages((...one) => void found.push(one));
    while (reading.next().done !== true);

    const [[, , both] = []] = found;
    expect(found).toEqual([
      [11, 1, both],
      [12, 1, both],
      [12, 3, expect.any(Number)],
    ]);
    expect(next.messages.stats).toMatchObject({ blocks: 2, largeBytes: 0 });
  });

  test('says how far its reading has come', () => {
    const world = logWith([11]);
    for (let sequence = 1; sequence <= 3; sequence++) {
      world.publish('a', [11, sequence]);
      world.flush();
    }
    const progress = [...world.killed().opened.readMessages(() => {})];

    expect(progress.map(({ bytes }) => bytes)).toEqual([...progress.map(({ bytes }) => bytes)].sort((a, b) => a - b));
    expect(progress.every(({ bytes, of }) => bytes < of)).toBe(true);
  });

  test('has the marks of its queues', () => {
    const world = logWith([11, 12]);
    world.publish('a', [11, 5]);
    world.flush();
    world.log.watermark(11, 5, 64);
    world.log.settle(11, 5, ACKED);
    world.flush();

    const { opened } = world.cutOff();
    expect(opened.marksOf(11)).toMatchObject({ highest: 5, watermark: 64 });
    expect(opened.marksOf(12)).toBeUndefined();
  });

  test('has nothing of a queue that was deleted, also when another one has its name', () => {
    const world = logWith([11]);
    world.publish('old', [11, 1]);
    world.flush();
    world.log.define({ kind: 'queue.deleted', id: 11 });
    world.log.define(queueDeclared(12, 'q11'));
    world.publish('new', [12, 1]);
    world.flush();

    expect(world.cutOff().restored()).toEqual(['12:1=new']);
  });

  test('goes on in a file of its own, with numbers above all that were used', () => {
    const world = logWith([11]);
    world.publish('a', [11, 1]);
    world.flush();
    const next = world.cutOff();
    next.publish('b', [11, 2]);
    next.flush();

    expect(files(next, 'segment')).toEqual(['segment-000001.log', 'segment-000002.log']);
    expect(next.cutOff().restored()).toEqual(['11:1=a', '11:2=b']);
  });

  test('never uses a number again, also when the files that had it are gone', () => {
    const world = logWith([11], { segmentBytes: 300 });
    for (let sequence = 1; sequence <= 7; sequence++) {
      world.publish('x'.repeat(300), [11, sequence]);
      world.log.settle(11, sequence, ACKED);
      world.log.define({ kind: 'ids.used', highest: 100 + sequence });
      world.flush();
    }
    world.checkpoint();
    const head = world.opened.found.segments.current?.number ?? 0;
    // Only the checkpoint knows how far the numbers had come.
    const next = new LogWorld(withoutSegments(world));
    next.publish('kept', [11, 100]);
    next.flush();

    expect(next.opened.found.segments.current?.number).toBeGreaterThanOrEqual(head);
    expect(next.cutOff().restored()).toEqual(['11:100=kept']);
  });

  test('removes a checkpoint that was not finished', () => {
    const disk = simulatedDisk();
    disk.open('checkpoint-000004.unfinished');
    const world = new LogWorld(disk);
    world.flush();

    expect(files(world, 'checkpoint')).toEqual([]);
  });

  test('removes checkpoints that the broker before had no time to remove', () => {
    const world = logWith([11]);
    for (let checkpoints = 4; checkpoints > 0; checkpoints--) world.checkpoint();
    const disk = world.disk.kill();
    disk.open('checkpoint-000001');
    const next = new LogWorld(disk);
    next.flush();

    expect(files(next, 'checkpoint')).toEqual(['checkpoint-000003', 'checkpoint-000004']);
    expect(next.cutOff().opened.definitions.findQueue(11)?.name).toBe('q11');
  });

  test('keeps the newest checkpoint that can be read, and the one before it', () => {
    const world = logWith([11]);
    for (let checkpoints = 2; checkpoints > 0; checkpoints--) world.checkpoint();
    const disk = world.disk.kill();
    for (const damaged of ['checkpoint-000003', 'checkpoint-000004']) disk.open(damaged);
    const next = new LogWorld(disk);
    next.flush();

    expect(next.opened.found.damages).toEqual([]);
    expect(files(next, 'checkpoint').slice(0, 2)).toEqual(['checkpoint-000001', 'checkpoint-000002']);
  });

  test('reads only what a clean stop has left to be read', () => {
    const world = logWith([11]);
    world.publish('a', [11, 1]);
    world.log.watermark(11, 1, 64);
    world.log.settle(11, 1, ACKED);
    world.flush();
    world.opened.deliveredUpTo(11, 1);
    world.checkpoint();
    const { opened, log } = world.cutOff();

    expect(opened.marksOf(11)).toMatchObject({ highest: 0, watermark: 1 });
    // All of it was durable: nothing needs to be written again.
    expect(log.appended).toBe(0);
  });
});

describe('a broker that was killed', () => {
  /** Killed with a batch that was written and not synced. */
  function killed(): LogWorld {
    const world = logWith([11]);
    world.publish('a', [11, 1]);
    world.log.define(queueDeclared(12));
    world.publish('b', [12, 1]);
    const { writes } = world.disk.counts;
    world.log.flush();
    while (world.disk.counts.writes === writes) world.disk.step();
    return world.killed();
  }

  test('leaves a batch that the power can still take: it is durable again before anything that is built on it', () => {
    const world = killed();
    expect([world.restored(), world.log.appended, world.log.durable]).toEqual([['11:1=a', '12:1=b'], 1, 0]);

    world.publish('c', [12, 2]);
    world.log.flush();
    while (world.disk.step()) {
      const after = world.cutOff();
      expect(after.opened.found.damages).toEqual([]);
      expect(after.restored().length).toBeGreaterThanOrEqual([0, 2, 3][world.log.durable] ?? 3);
    }
    expect(world.log.durable).toBe(2);
    expect(world.cutOff().restored()).toEqual(['11:1=a', '12:1=b', '12:2=c']);
  });

  test('may be killed again and again', () => {
    let world = killed();
    for (let count = 0; count < 5; count++) {
      world.disk.step();
      world = world.killed();
      expect(world.restored()).toEqual(['11:1=a', '12:1=b']);
    }
    world.flush();
    expect(world.cutOff().restored()).toEqual(['11:1=a', '12:1=b']);
  });

  test('after a sync that had failed leaves what the system only says it has', () => {
    for (let seed = 0; seed < 20; seed++) {
      const world = logWith([11], {}, simulatedDisk(seed));
      world.publish('a', [11, 1]);
      world.disk.faults.failNext('sync', { times: 2 });
      world.flush();
      const next = world.killed();
      const found = next.restored();
      next.publish('b', [11, 2]);
      next.flush();

      expect(next.cutOff().restored()).toEqual([...found, '11:2=b']);
    }
  });

  test('leaves a checkpoint whose name the power can still take: nothing is used again before it is safe', () => {
    const world = logWith([11], { segmentBytes: 300 });
    for (let sequence = 1; sequence <= 3; sequence++) {
      world.publish('x'.repeat(300), [11, sequence]);
      world.flush();
    }
    for (let sequence = 1; sequence <= 3; sequence++) world.log.settle(11, sequence, ACKED);
    world.flush();
    const { nameSyncs } = world.disk.counts;
    world.opened.checkpoint(() => {});
    // The rename is done, its sync is not.
    while (!files(world, 'checkpoint').includes('checkpoint-000001')) {
      world.opened.tick();
      world.disk.step();
    }
    expect(world.disk.counts.nameSyncs).toBe(nameSyncs);
    const next = world.killed({ segmentBytes: 300 });
    next.log.flush();
    do {
      const after = next.cutOff();
      expect([after.opened.found.damages, after.opened.definitions.findQueue(11)?.name]).toEqual([[], 'q11']);
    } while (next.disk.step());
  });
});

describe('a damaged log', () => {
  /** Four batches with definitions and messages, in one segment. */
  function damaged(at: number): LogWorld {
    const world = logWith([11]);
    world.log.define(queueDeclared(12));
    world.flush();
    world.publish('a', [11, 1], [12, 1]);
    world.flush();
    world.publish('b', [11, 2]);
    world.flush();
    world.disk.flip('segment-000001.log', at, 0);
    return world.cutOff();
  }
  const FIRST = 200;

  test('goes on without what cannot be read, names the file and the queues, and keeps the segment', () => {
    const world = damaged(FIRST);
    const { damages, lostQueues, segments } = world.opened.found;

    expect(damages).toMatchObject([{ file: 'segment-000001.log', from: 0, queueIds: [11], hasDefinitions: true }]);
    expect(segments.oldest?.isDamaged).toBe(true);
    // The vhost of both is gone.
    expect([...lostQueues].sort()).toEqual([11, 12]);
    world.flush(20);
    expect(segments.oldest?.number).toBe(1);
  });

  test('serves the other queues through further starts, and names the same every time', () => {
    const world = logWith([11, 12], { segmentBytes: 300 });
    for (let sequence = 1; sequence <= 3; sequence++) {
      world.publish('x'.repeat(300), [11, sequence]);
      world.flush();
    }
    world.disk.flip('segment-000003.log', 200, 0);
    let next = world.cutOff({ segmentBytes: 300 });
    for (let sequence = 1; sequence <= 6; sequence++) {
      expect(next.opened.found.damages).toMatchObject([{ file: 'segment-000003.log', queueIds: [11] }]);
      next.publish('x'.repeat(300), [12, sequence]);
      if (sequence > 1) next.log.settle(12, sequence - 1, ACKED);
      next.flush(20);
      next.checkpoint();
      next = sequence % 2 === 0 ? next.cutOff({ segmentBytes: 300 }) : next.killed({ segmentBytes: 300 });
    }

    const kept = next.restored().map((text) => text.replace(/=.*/, ''));
    expect(kept).toEqual(['11:1', '11:3', '12:6']);
  });

  test('names the queues whose declaration is lost and whose messages are there', () => {
    const second = logWith([11]).opened.metrics.bytes + 150;

    const { damages, lostQueues } = damaged(second).opened.found;
    expect(damages).toMatchObject([{ queueIds: [12], hasDefinitions: true }]);
    expect([...lostQueues]).toEqual([12]);
  });

  test('whose last batch was durable when a checkpoint was written is damaged and not torn', () => {
    const world = logWith([11, 12]);
    world.publish('a', [11, 1]);
    world.flush();
    const { bytes } = world.opened.metrics;
    world.publish('b', [12, 1]);
    world.flush();
    world.disk.flip('segment-000001.log', bytes + 80, 0);
    expect(world.cutOff().opened.found).toMatchObject({ damages: [], torn: { queueIds: [12] } });

    world.checkpoint();
    expect(world.cutOff().opened.found).toMatchObject({ damages: [{ queueIds: [12] }], torn: undefined });
  });

  test('whose last batch is torn says so, also when a segment is missing behind it', () => {
    const world = logWith([11]);
    world.publish('a', [11, 1]);
    world.flush();
    const { bytes } = world.opened.metrics;
    world.publish('b', [11, 2]);
    world.flush();
    world.disk.flip('segment-000001.log', bytes + 80, 0);
    world.disk.open('segment-000003.log');
    settled(world.disk, (done) => world.disk.syncNames(done));
    const { damages, torn } = world.cutOff().opened.found;

    expect(damages).toEqual([]);
    expect(torn).toMatchObject({ file: 'segment-000001.log', queueIds: [11] });
  });

  test('may lack anything when its files are gone, and never takes a number of theirs again', () => {
    const world = logWith([11]);
    world.publish('a', [11, 1]);
    world.flush();
    world.checkpoint();
    const next = new LogWorld(withoutSegments(world));
    expect(next.opened.found.damages).toMatchObject([{ file: 'segment-000001.log', queueIds: undefined }]);

    next.log.define(queueDeclared(12));
    next.flush();
    expect(next.cutOff().opened.definitions.findQueue(12)?.name).toBe('q12');
  });

  test('may lack anything when the newest checkpoint cannot be read and no log says what it said', () => {
    const world = logWith([11]);
    world.checkpoint();
    world.log.define(queueDeclared(12));
    world.flush();
    const next = world.cutOff();
    next.checkpoint();
    const disk = withoutSegments(next);
    expect(new LogWorld(disk.copy()).opened.found.damages).toEqual([]);

    disk.flip('checkpoint-000002', 70, 0);
    const { damages, definitions } = new LogWorld(disk).opened.found;
    expect(damages.at(-1)).toMatchObject({ queueIds: undefined, hasDefinitions: true });
    expect(definitions.findQueue(11)?.name).toBe('q11');
  });

  test('has checkpoints that are newer than one that cannot be read', () => {
    const world = logWith([11]);
    world.checkpoint();
    world.publish('a', [11, 1]);
    world.flush();
    world.checkpoint();
    world.disk.flip('checkpoint-000002', 70, 0);
    const next = world.cutOff();
    expect(next.opened.found).toMatchObject({ lastCheckpoint: 1, highestCheckpoint: 2, damages: [] });

    next.checkpoint();
    expect(next.cutOff().opened.found).toMatchObject({ lastCheckpoint: 3, highestCheckpoint: 3, damages: [] });
    expect(next.cutOff().restored()).toEqual(['11:1=a']);
  });

  test('has the younger of two queues of one name, when the record between them is lost', () => {
    const world = logWith([11]);
    world.publish('old', [11, 1]);
    world.flush();
    const { bytes } = world.opened.metrics;
    world.log.define({ kind: 'queue.deleted', id: 11 });
    world.flush();
    world.log.define(queueDeclared(12, 'q11'));
    world.publish('new', [12, 1]);
    world.flush();
    world.disk.flip('segment-000001.log', bytes + 80, 0);
    const next = world.cutOff();

    expect(next.opened.found.damages).toMatchObject([{ queueIds: [11], hasDefinitions: true }]);
    expect(next.restored()).toEqual(['12:1=new']);
    expect(next.opened.definitions.findQueue(11)).toBeUndefined();
  });
});

function withoutSegments({ disk }: LogWorld): SimulatedDisk {
  const copy = disk.copy();
  for (const name of copy.list()) if (name.startsWith('segment')) settled(copy, (done) => copy.remove(name, done));
  return copy;
}
