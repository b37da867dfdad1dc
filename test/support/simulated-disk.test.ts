/** The simulated disk: the contract while all is well, faults, a full disk, its order in time and its medium. */

import { describe, expect, test } from 'vitest';
import { bytesOf, describeDisk, textOf } from '../../src/storage/disk/disk.test-suite.ts';
import type { FaultProfile } from './disk-faults.ts';
import { contentOf, diskWith, outcomes, SEEDS, settled, simulatedDisk, write } from './simulated-disk-steps.ts';
import { BLOCK_BYTES } from './sparse-bytes.ts';

describeDisk('the simulated one', () => {
  const disk = simulatedDisk();
  return { disk, drive: () => disk.runAll(), close: async () => {} };
});

describeDisk('the simulated one when it is slow', () => {
  const disk = simulatedDisk(1, { stall: 3 });
  return { disk, drive: () => disk.runAll(), close: async () => {} };
});

describe('a fault', () => {
  test('on command has the code and hits the file that it is for', () => {
    const { disk, file } = diskWith(1, 'a', 'hello');
    const other = disk.open('b');
    disk.faults.failNext('write', { code: 'ENOSPC', file: 'a', times: 2 });

    expect(settled(disk, (done) => other.write(bytesOf('x'), 0, done))).toBeUndefined();
    for (let time = 0; time < 2; time++) {
      expect(settled(disk, (done) => file.write(bytesOf('WORLD'), 0, done))).toEqual({
        code: 'ENOSPC',
        message: 'cannot write a: simulated (ENOSPC)',
      });
    }
    expect(settled(disk, (done) => file.write(bytesOf('WORLD'), 0, done))).toBeUndefined();
  });

  test('of a write leaves any part of it', () => {
    const seen = outcomes((seed) => {
      const { disk, file } = diskWith(seed, 'a', '...');
      disk.faults.failNext('write');
      settled(disk, (done) => file.write(bytesOf('xxx'), 0, done));
      return textOf(file);
    });

    expect([...seen.keys()].sort()).toEqual(['...', 'x..', 'xx.', 'xxx']);
  });

  test('can hit everything else', () => {
    const { disk, file } = diskWith(1, 'a', 'hello');
    for (const operation of ['open', 'readNow', 'read', 'resize', 'remove', 'rename'] as const) {
      disk.faults.failNext(operation);
    }

    expect(() => disk.open('a')).toThrow('cannot open a: simulated (EIO)');
    expect(() => textOf(file)).toThrow('cannot read a: simulated (EIO)');
    expect(settled(disk, (done) => file.read(new Uint8Array(1), 0, done))?.message).toBe(
      'cannot read a: simulated (EIO)',
    );
    expect(settled(disk, (done) => file.resize(0, done))?.code).toBe('EIO');
    expect(settled(disk, (done) => disk.remove('a', done))?.code).toBe('EIO');
    expect(settled(disk, (done) => disk.rename('a', 'b', done))?.message).toBe('cannot rename a to b: simulated (EIO)');
    expect(contentOf(disk, 'a')).toBe('hello');
  });

  test('comes at random as often as the profile says', () => {
    const disk = simulatedDisk(1, { write: 4 });
    const file = disk.open('a');
    let faults = 0;
    for (let round = 0; round < 400; round++) {
      if (settled(disk, (done) => file.write(bytesOf('x'), 0, done)) !== undefined) faults++;
    }
    expect(faults).toBeGreaterThan(70);
    expect(faults).toBeLessThan(130);

    disk.faults.profile = {};
    write(disk, file, 'x');
  });
});

describe('a full disk', () => {
  test('takes what fits, and overwrites what is there', () => {
    const disk = simulatedDisk();
    disk.bytesMax = 3 * BLOCK_BYTES;
    const file = disk.open('a');
    const fault = settled(disk, (done) => file.write(new Uint8Array(5 * BLOCK_BYTES), 10, done));

    expect(fault?.code).toBe('ENOSPC');
    expect([file.size, disk.usedBytes]).toEqual([3 * BLOCK_BYTES, 3 * BLOCK_BYTES]);
    write(disk, file, 'x'.repeat(3 * BLOCK_BYTES));
    expect(settled(disk, (done) => disk.open('b').write(bytesOf('x'), 0, done))?.code).toBe('ENOSPC');
  });

  test('has room again when a file is removed and closed, or cut', () => {
    const disk = simulatedDisk();
    disk.bytesMax = 2 * BLOCK_BYTES;
    const file = disk.open('a');
    write(disk, file, 'x'.repeat(2 * BLOCK_BYTES));
    const other = disk.open('b');
    settled(disk, (done) => disk.remove('a', done));
    expect(settled(disk, (done) => other.write(bytesOf('x'), 0, done))?.code).toBe('ENOSPC');

    settled(disk, (done) => file.resize(BLOCK_BYTES, done));
    write(disk, other, 'x'.repeat(BLOCK_BYTES));
    file.close();
    write(disk, other, 'x'.repeat(2 * BLOCK_BYTES));
  });

  test('has room for the size of a file that is made longer, and none for its bytes', () => {
    const disk = simulatedDisk();
    disk.bytesMax = BLOCK_BYTES;
    const file = disk.open('a');

    expect(settled(disk, (done) => file.resize(100 * BLOCK_BYTES, done))).toBeUndefined();
    write(disk, file, 'x', 50 * BLOCK_BYTES);
    expect(settled(disk, (done) => file.write(bytesOf('x'), 0, done))?.code).toBe('ENOSPC');
  });
});

describe('time on the disk', () => {
  test('has no order among files, but one that the seed gives', () => {
    const order = (seed: number) => {
      const disk = simulatedDisk(seed);
      const calls: string[] = [];
      for (const name of ['a', 'b', 'c']) disk.open(name).write(bytesOf('x'), 0, () => calls.push(name));
      disk.runAll();
      return calls.join('');
    };

    expect([...outcomes(order).keys()].sort()).toEqual(['abc', 'acb', 'bac', 'bca', 'cab', 'cba']);
    for (const seed of SEEDS.slice(0, 20)) expect(order(seed)).toBe(order(seed));
  });

  test('lets a read overtake a write that was asked for before', () => {
    const seen = outcomes((seed) => {
      const { disk, file } = diskWith(seed, 'a', 'old');
      const into = new Uint8Array(3);
      file.write(bytesOf('new'), 0, () => {});
      settled(disk, (done) => file.read(into, 0, done));
      return new TextDecoder().decode(into);
    });

    expect([...seen.keys()].sort()).toEqual(['new', 'old']);
  });

  test('goes on one operation at a time', () => {
    const disk = simulatedDisk();
    const file = disk.open('a');
    let calls = 0;
    file.write(bytesOf('x'), 0, () => calls++);
    file.sync(() => calls++);

    expect([disk.pending, disk.step(), calls]).toEqual([2, true, 1]);
    expect([disk.pending, disk.step(), calls]).toEqual([1, true, 2]);
    expect([disk.pending, disk.step(), calls]).toEqual([0, false, 2]);
  });

  test('stands still for a file, or for all, until it is let go on', () => {
    const disk = simulatedDisk();
    const calls: string[] = [];
    const ask = () => {
      for (const name of ['a', 'b']) disk.open(name).sync(() => calls.push(name));
      disk.runAll();
    };
    disk.stall('a');
    ask();
    expect(calls).toEqual(['b']);

    disk.stall();
    ask();
    expect(calls).toEqual(['b']);
    disk.resume();
    disk.runAll();
    expect(calls.sort()).toEqual(['a', 'a', 'b', 'b']);
  });

  test('stands still by chance while other files go on', () => {
    const overtaken = (seed: number, faults: FaultProfile) => {
      const disk = simulatedDisk(seed, faults);
      const calls: string[] = [];
      disk.open('a').sync(() => calls.push('a'));
      const other = disk.open('b');
      for (let round = 0; round < 50; round++) other.sync(() => calls.push('b'));
      disk.runAll();
      return calls.indexOf('a') > 40;
    };

    expect(SEEDS.some((seed) => overtaken(seed, {}))).toBe(false);
    expect(SEEDS.some((seed) => overtaken(seed, { stall: 10 }))).toBe(true);
  });
});

describe('the medium', () => {
  test('has one bit flipped, also after a power cut, until it is written again', () => {
    const { disk, file } = diskWith(1, 'a', 'hello');
    disk.flip('a', 1, 5);
    expect(textOf(file)).toBe('hEllo');

    const after = disk.crash();
    expect(contentOf(after, 'a')).toBe('hEllo');
    write(after, after.open('a'), 'hello');
    expect(contentOf(after, 'a')).toBe('hello');
    expect(() => after.flip('a', 5, 0)).toThrow('a has no byte 5');
    expect(() => after.flip('b', 0, 0)).toThrow('b has no byte 0');
  });

  test('has bits flipped that were not synced yet', () => {
    const { disk, file } = diskWith(1, 'a', '.....');
    write(disk, file, 'ello', 1);
    disk.flip('a', 1, 5);
    settled(disk, (done) => file.sync(done));

    expect(contentOf(disk.crash(), 'a')).toBe('.Ello');
  });

  test('can be copied; the copy goes its own way', () => {
    const { disk, file } = diskWith(1, 'a', 'hello');
    write(disk, file, 'J');
    const copy = disk.copy();
    write(copy, copy.open('a'), 'cello');

    expect([contentOf(copy.crash(), 'a'), contentOf(disk, 'a')]).toEqual(['cello', 'Jello']);
  });

  test('counts what it does', () => {
    const { disk, file } = diskWith(1, 'a', 'hello');
    settled(disk, (done) => file.read(new Uint8Array(1), 0, done));

    expect(disk.counts).toEqual({ reads: 1, writes: 1, bytesWritten: 5, syncs: 1, nameSyncs: 1 });
  });
});
