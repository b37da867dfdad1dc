/** The files of a log: which one is written to, how the next one comes, and what becomes of the old ones. */

import { describe, expect, test } from 'vitest';
import { simulatedDisk } from '../../../test/support/simulated-disk-steps.ts';
import { SafeNames } from './safe-names.ts';
import { type Segment, Segments, segmentName, segmentNumber } from './segments.ts';

function world(lastNumber = 0) {
  const disk = simulatedDisk();
  const segments = new Segments(disk, new SafeNames(disk), lastNumber, 1000);
  const said: string[] = [];
  const roll = (): Segment | undefined => segments.roll((fault) => void said.push(fault?.code ?? 'ready'));
  return { disk, segments, roll, said };
}

/** The next segment, when it has to be waited for. */
function next({ disk, roll }: ReturnType<typeof world>): Segment {
  const atHand = roll();
  if (atHand !== undefined) return atHand;
  disk.runAll();
  const segment = roll();
  if (segment === undefined) throw new Error('there is no segment');
  return segment;
}

describe('the names of segments', () => {
  test('have six digits or more, and are told from others', () => {
    expect([segmentName(1), segmentName(1_234_567)]).toEqual(['segment-000001.log', 'segment-1234567.log']);
    expect(
      ['segment-000012.log', 'segment-1234567.log', 'segment-12.log', 'lock', 'x-segment-000012.log'].map(
        segmentNumber,
      ),
    ).toEqual([12, 1_234_567, undefined, undefined, undefined]);
  });
});

describe('segments', () => {
  test('begin with none, and the first one has a name that is safe', () => {
    const { disk, segments, roll, said } = world();
    segments.begin([]);
    expect([segments.current, roll()]).toEqual([undefined, undefined]);
    disk.runAll();

    expect([said, roll()?.number, segments.current?.number]).toEqual([['ready'], 1, 1]);
    expect(disk.certain().list()).toEqual(['segment-000001.log']);
  });

  test('are not made before it is known what is free', () => {
    const { disk, segments, roll, said } = world();
    roll();
    disk.runAll();
    expect([said, disk.list()]).toEqual([[], []]);

    segments.begin([]);
    disk.runAll();
    expect(said).toEqual(['ready']);
  });

  test('have numbers above all that were ever used', () => {
    const present = world(41);
    present.segments.begin([]);

    expect(next(present).number).toBe(42);
    expect(next(present).number).toBe(43);
  });

  test('have the next one at hand when it was prepared', () => {
    const { disk, segments, roll } = world();
    segments.begin([]);
    disk.runAll();

    expect(roll()?.number).toBe(1);
  });

  test('use the file of the oldest again when that is retired, under another name', () => {
    const present = world();
    const { disk, segments } = present;
    segments.begin([]);
    next(present);
    next(present);
    segments.retireOldest();
    segments.prepare();
    disk.runAll();

    expect([segments.oldest?.number, segments.length]).toEqual([2, 1]);
    expect([...disk.certain().list()].sort()).toEqual(['segment-000002.log', 'segment-000003.log']);
    expect(present.roll()).toMatchObject({ number: 3, slot: 1 });
  });

  test('keep a few free files and remove the others', () => {
    const present = world();
    const { disk, segments } = present;
    segments.begin([]);
    for (let count = 0; count < 8; count++) next(present);
    for (let count = 0; count < 7; count++) segments.retireOldest();
    disk.runAll();

    expect(disk.list()).toHaveLength(4 + 1);
  });

  test('take files over that nothing needs', () => {
    const present = world(2);
    present.segments.begin([present.disk.open(segmentName(1)), present.disk.open(segmentName(2))]);
    present.disk.runAll();

    expect([...present.disk.list()].sort()).toEqual(['segment-000002.log', 'segment-000003.log']);
    expect(next(present).number).toBe(3);
  });

  test('write nothing more to those that were found, once sealed', () => {
    const present = world(1);
    const { segments } = present;
    segments.adopt(1, present.disk.open(segmentName(1)), 1);
    expect([segments.current?.number, segments.upcomingNumber]).toEqual([1, 1]);

    segments.seal();
    expect([segments.current, segments.upcomingNumber]).toEqual([undefined, 2]);
    segments.begin([]);
    expect(segments.upcomingNumber).toBe(2);
    expect([next(present).number, segments.upcomingNumber]).toEqual([2, 2]);
  });

  test.each(['open', 'syncNames'] as const)('say why when %s fails, and make one when asked again', (operation) => {
    const present = world();
    const { disk, segments, roll, said } = present;
    segments.begin([]);
    disk.runAll();
    roll();
    disk.faults.failNext(operation);
    roll();
    disk.runAll();
    expect(said).toEqual(['EIO']);

    expect(next(present).number).toBe(3);
  });

  test('say why none can be had when the file that is free cannot be renamed', () => {
    const present = world(1);
    present.disk.faults.failNext('rename');
    present.segments.begin([present.disk.open(segmentName(1))]);
    present.roll();
    present.disk.runAll();

    expect(present.said).toEqual(['EIO']);
    expect(next(present).number).toBe(3);
  });
});
