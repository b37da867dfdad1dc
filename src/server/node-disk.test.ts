/** The real disk: the contract, and what only the operating system can do. */

import { mkdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { isAvailable } from '../../test/support/requirement.ts';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { bytesOf, describeDisk, textOf } from '../storage/disk/disk.test-suite.ts';
import type { DiskFault, Done } from '../storage/disk/disk.ts';
import { NodeDisk } from './node-disk.ts';

/** What the operating system takes and gives in one call at most; it may always do less than asked for. */
const system = vi.hoisted(() => ({ callBytesMax: Number.POSITIVE_INFINITY }));

vi.mock('node:fs', async (importOriginal) => {
  const fs = await importOriginal<typeof import('node:fs')>();
  type Call = [number, Uint8Array, number, number, number, (error: Error | null, bytes: number) => void];
  const limited = (length: number) => Math.min(length, system.callBytesMax);
  return {
    ...fs,
    write: (...[file, bytes, offset, length, position, done]: Call) =>
      fs.write(file, bytes, offset, limited(length), position, done),
    read: (...[file, bytes, offset, length, position, done]: Call) =>
      fs.read(file, bytes, offset, limited(length), position, done),
    readSync: (file: number, bytes: Uint8Array, offset: number, length: number, position: number) =>
      fs.readSync(file, bytes, offset, limited(length), position),
  };
});

afterEach(() => {
  system.callBytesMax = Number.POSITIVE_INFINITY;
});

function settled(ask: (done: Done) => void): Promise<DiskFault | undefined> {
  return new Promise((resolve) => ask(resolve));
}

describeDisk('the real one', () => {
  const disk = new NodeDisk(temporaryFolder());
  return { disk, drive: () => {}, close: () => disk.close() };
});

describe('the real disk', () => {
  test('goes on where the system took or gave only a part', async () => {
    const file = new NodeDisk(temporaryFolder()).open('a');
    system.callBytesMax = 3;

    expect(await settled((done) => file.write(bytesOf('hello world'), 0, done))).toBeUndefined();
    expect(textOf(file)).toBe('hello world');
    const into = new Uint8Array(100);
    expect(await new Promise((resolve) => file.read(into, 0, (_, bytes) => resolve(bytes)))).toBe(11);
    expect(new TextDecoder().decode(into.subarray(0, 11))).toBe('hello world');
  });

  test('keeps its files from other users', () => {
    const folder = temporaryFolder();
    new NodeDisk(folder).open('a');

    expect(statSync(join(folder, 'a')).mode & 0o777).toBe(0o600);
  });

  test.runIf(isAvailable('a device that is always full', ['/dev/full']))(
    'a full disk is a fault with its code, the file and what was tried',
    async () => {
      const folder = temporaryFolder();
      symlinkSync('/dev/full', join(folder, 'a'));
      const file = new NodeDisk(folder).open('a');

      expect(await settled((done) => file.write(bytesOf('x'), 0, done))).toEqual({
        code: 'ENOSPC',
        message: `cannot write ${folder}/a: no space left on device (ENOSPC)`,
      });
    },
  );

  test('a file that cannot be synced or cut is a fault too', async () => {
    const folder = temporaryFolder();
    symlinkSync('/dev/null', join(folder, 'a'));
    const file = new NodeDisk(folder).open('a');

    expect(await settled((done) => file.sync(done))).toEqual({
      code: 'EINVAL',
      message: `cannot sync ${folder}/a: invalid argument (EINVAL)`,
    });
    expect((await settled((done) => file.resize(3, done)))?.message).toContain(`cannot resize ${folder}/a: `);
  });

  test('what cannot be opened or listed is an error that names it', () => {
    const folder = temporaryFolder();
    const disk = new NodeDisk(folder);
    mkdirSync(join(folder, 'a'));
    expect(() => disk.open('a')).toThrow(`cannot open ${folder}/a: illegal operation on a directory (EISDIR)`);

    rmSync(folder, { recursive: true });
    expect(() => disk.list()).toThrow(`cannot list ${folder}: no such file or directory (ENOENT)`);
    expect(() => disk.open('b')).toThrow(`cannot open ${folder}/b: no such file or directory (ENOENT)`);
  });

  test('lists files only', () => {
    const folder = temporaryFolder();
    const disk = new NodeDisk(folder);
    mkdirSync(join(folder, 'folder'));
    disk.open('a');

    expect(disk.list()).toEqual(['a']);
  });

  test('is closed when all that was asked for is done', async () => {
    const folder = temporaryFolder();
    const disk = new NodeDisk(folder);
    const order: string[] = [];
    const file = disk.open('a');
    file.write(new Uint8Array(1_000_000), 0, () => order.push('written'));
    file.sync(() => order.push('synced'));
    file.read(new Uint8Array(10), 0, () => order.push('read'));
    disk.rename('a', 'b', () => order.push('renamed'));
    await disk.close();
    await disk.close();

    expect(order.sort()).toEqual(['read', 'renamed', 'synced', 'written']);
    expect(readFileSync(join(folder, 'b')).length).toBe(1_000_000);
    expect(() => disk.open('a')).toThrow('after it was closed');
    expect(() => file.sync(() => {})).toThrow('after it was closed');
  });
});
