/** What is left on the simulated disk after a power cut, and after a sync that has failed. */

import { describe, expect, test } from 'vitest';
import { bytesOf, textOf } from '../../src/storage/disk/disk.test-suite.ts';
import { contentOf, diskWith, outcomes, SEEDS, settled, simulatedDisk, write } from './simulated-disk-steps.ts';

const SECTOR_BYTES = 512;

describe('a power cut', () => {
  test('never loses what was synced, with its name', () => {
    const seen = outcomes((seed) => contentOf(diskWith(seed, 'a', 'hello').disk.crash(), 'a'));

    expect(seen).toEqual(new Map([['hello', SEEDS.length]]));
  });

  test('keeps, loses or tears what was not synced, at any byte', () => {
    const seen = outcomes((seed) => {
      const { disk, file } = diskWith(seed, 'a', 'hello');
      write(disk, file, 'WORLD');
      return contentOf(disk.crash(), 'a');
    });

    expect([...seen.keys()]).toEqual(expect.arrayContaining(['hello', 'WORLD', 'Wello', 'WORLo', 'hellD']));
    expect(seen.get('hello')).toBeGreaterThan(30);
    expect(seen.get('WORLD')).toBeGreaterThan(30);
  });

  test('writes the sectors of one write in any order', () => {
    const seen = outcomes((seed) => {
      const { disk, file } = diskWith(seed, 'a', '.'.repeat(4 * SECTOR_BYTES));
      write(disk, file, 'x'.repeat(4 * SECTOR_BYTES));
      const content = contentOf(disk.crash(), 'a') ?? '';
      return [0, 1, 2, 3].map((sector) => content[sector * SECTOR_BYTES]).join('');
    });

    expect([...seen.keys()]).toEqual(expect.arrayContaining(['.x.x', 'x.x.', '.xx.', '...x']));
  });

  test('may lose a write and keep the next one', () => {
    const seen = outcomes((seed) => {
      const { disk, file } = diskWith(seed, 'a', '..');
      write(disk, file, '1', 0);
      write(disk, file, '2', 1);
      return contentOf(disk.crash(), 'a');
    });

    expect([...seen.keys()].sort()).toEqual(['..', '.2', '1.', '12']);
  });

  test('may keep the new size of a file without its new bytes', () => {
    const seen = outcomes((seed) => {
      const { disk, file } = diskWith(seed, 'a', 'hello');
      write(disk, file, '!', 5);
      return contentOf(disk.crash(), 'a');
    });

    expect([...seen.keys()].sort()).toEqual(['hello', 'hello\0', 'hello!']);
  });

  test('keeps or loses a cut', () => {
    const seen = outcomes((seed) => {
      const { disk, file } = diskWith(seed, 'a', 'hello');
      settled(disk, (done) => file.resize(2, done));
      return contentOf(disk.crash(), 'a');
    });

    expect([...seen.keys()].sort()).toEqual(['he', 'hello']);
  });

  test('keeps or loses the name of a file whose content was synced', () => {
    const seen = outcomes((seed) => {
      const disk = simulatedDisk(seed);
      const file = disk.open('a');
      write(disk, file, 'hello');
      settled(disk, (done) => file.sync(done));
      return contentOf(disk.crash(), 'a');
    });

    expect([...seen.keys()].sort()).toEqual(['hello', undefined]);
  });

  test('leaves the old file or the new one when a name was not synced, and never none', () => {
    const seen = outcomes((seed) => {
      const { disk } = diskWith(seed, 'a', 'old');
      const file = disk.open('new');
      write(disk, file, 'new');
      settled(disk, (done) => file.sync(done));
      settled(disk, (done) => disk.rename('new', 'a', done));
      const after = disk.crash();
      return `${contentOf(after, 'a')} ${contentOf(after, 'new')}`;
    });

    expect([...seen.keys()].sort()).toEqual(['new undefined', 'old new', 'old undefined']);
  });

  test('keeps or loses the removal of a file', () => {
    const removed = (seed: number, syncs: boolean) => {
      const { disk } = diskWith(seed, 'a', 'hello');
      settled(disk, (done) => disk.remove('a', done));
      if (syncs) settled(disk, (done) => disk.syncNames(done));
      return contentOf(disk.crash(), 'a');
    };

    expect([...outcomes((seed) => removed(seed, false)).keys()].sort()).toEqual(['hello', undefined]);
    expect([...outcomes((seed) => removed(seed, true)).keys()]).toEqual([undefined]);
  });

  test('may have let happen what was under way, but nothing behind it, and never calls back', () => {
    const calls: string[] = [];
    const seen = outcomes((seed) => {
      const { disk, file } = diskWith(seed, 'a', '...');
      file.write(bytesOf('1'), 0, () => calls.push('write'));
      file.write(bytesOf('2'), 1, () => calls.push('write'));
      const after = disk.crash();
      disk.runAll();
      return contentOf(after, 'a');
    });

    expect([...seen.keys()].sort()).toEqual(['...', '1..']);
    expect(calls).toEqual([]);
  });

  test('may come again before anything is done', () => {
    const seen = outcomes((seed) => {
      const { disk, file } = diskWith(seed, 'a', 'hello');
      write(disk, file, 'WORLD');
      const first = disk.crash();
      const text = contentOf(first, 'a');
      return String(contentOf(first.crash(), 'a') === text);
    });

    expect([...seen.keys()]).toEqual(['true']);
  });

  test('is the same for the same seed', () => {
    const run = (seed: number) => {
      const { disk, file } = diskWith(seed, 'a', '.'.repeat(5000));
      for (let index = 0; index < 20; index++) write(disk, file, 'x'.repeat(100), index * 217);
      return contentOf(disk.crash(), 'a');
    };

    for (const seed of SEEDS.slice(0, 20)) expect(run(seed)).toBe(run(seed));
    expect(new Set(SEEDS.slice(0, 20).map(run)).size).toBeGreaterThan(5);
  });
});

describe('a sync that has failed', () => {
  /** Writes, fails to sync, and syncs again without a fault. */
  const lied = (seed: number) => {
    const { disk, file } = diskWith(seed, 'a', 'old');
    write(disk, file, 'NEW');
    disk.faults.failNext('sync');
    expect(settled(disk, (done) => file.sync(done))?.code).toBe('EIO');
    expect(settled(disk, (done) => file.sync(done))).toBeUndefined();
    return { disk, file };
  };

  test('is followed by one that succeeds though the bytes are lost', () => {
    const seen = outcomes((seed) => contentOf(lied(seed).disk.crash(), 'a'));

    expect(seen.get('old')).toBeGreaterThan(20);
    expect(seen.get('NEW')).toBeGreaterThan(20);
  });

  test('leaves lost bytes readable, or forgets them', () => {
    const seen = outcomes((seed) => {
      const { disk, file } = lied(seed);
      return `${textOf(file)} ${contentOf(disk.crash(), 'a')}`;
    });

    expect([...seen.keys()]).toEqual(expect.arrayContaining(['NEW old', 'old old', 'NEW NEW']));
  });

  test('says nothing against what is written again', () => {
    const seen = outcomes((seed) => {
      const { disk, file } = lied(seed);
      write(disk, file, 'NEW');
      settled(disk, (done) => file.sync(done));
      return contentOf(disk.crash(), 'a');
    });

    expect([...seen.keys()]).toEqual(['NEW']);
  });

  test('of names loses some of them as well', () => {
    const seen = outcomes((seed) => {
      const disk = simulatedDisk(seed);
      disk.open('a');
      disk.faults.failNext('syncNames');
      expect(settled(disk, (done) => disk.syncNames(done))?.code).toBe('EIO');
      expect(settled(disk, (done) => disk.syncNames(done))).toBeUndefined();
      return disk.crash().list().join();
    });

    expect([...seen.keys()].sort()).toEqual(['', 'a']);
  });
});

describe('a program that ends', () => {
  test('leaves what it had written for the next one, to be lost with the power until that one syncs it', () => {
    const next = (seed: number) => {
      const { disk, file } = diskWith(seed, 'a', 'old');
      write(disk, file, 'NEW');
      return disk.kill();
    };
    const seen = outcomes((seed) => {
      const disk = next(seed);
      return `${contentOf(disk, 'a')} ${contentOf(disk.crash(), 'a')}`;
    });
    const synced = outcomes((seed) => {
      const disk = next(seed);
      const file = disk.open('a');
      settled(disk, (done) => file.sync(done));
      return contentOf(disk.crash(), 'a');
    });

    expect([...seen.keys()]).toEqual(expect.arrayContaining(['NEW old', 'NEW NEW']));
    expect([...seen.keys()].every((text) => text?.startsWith('NEW '))).toBe(true);
    expect([...synced.keys()]).toEqual(['NEW']);
  });

  test('may have done what was under way, but nothing behind it, and is never called back', () => {
    const calls: string[] = [];
    const seen = outcomes((seed) => {
      const { disk, file } = diskWith(seed, 'a', '..');
      file.write(bytesOf('1'), 0, () => calls.push('write'));
      file.write(bytesOf('2'), 1, () => calls.push('write'));
      const after = disk.kill();
      disk.runAll();
      return contentOf(after, 'a');
    });

    expect([...seen.keys()].sort()).toEqual(['..', '1.']);
    expect(calls).toEqual([]);
  });
});

describe('what a disk has for certain', () => {
  test('is what was synced, and the disk itself stays as it is', () => {
    const { disk, file } = diskWith(1, 'a', 'old');
    write(disk, file, 'NEW');
    disk.open('b');

    const certain = disk.certain();
    expect([certain.list(), contentOf(certain, 'a')]).toEqual([['a'], 'old']);
    settled(disk, (done) => file.sync(done));
    expect([contentOf(disk, 'a'), contentOf(disk.certain(), 'a')]).toEqual(['NEW', 'NEW']);
  });
});
