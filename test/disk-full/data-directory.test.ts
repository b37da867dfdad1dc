/** The data directory and its disk on a file system that is full, or read-only. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DataDirectory } from '../../src/server/data-directory.ts';
import { NodeDisk } from '../../src/server/node-disk.ts';
import { bytesOf, textOf } from '../../src/storage/disk/disk.test-suite.ts';
import type { DiskFault, Done } from '../../src/storage/disk/disk.ts';
import { canMakeSmallDisk, smallDisk } from './small-disk.ts';

const SIZE_MB = 16;

function settled(ask: (done: Done) => void): Promise<DiskFault | undefined> {
  return new Promise((resolve) => ask(resolve));
}

describe.runIf(canMakeSmallDisk)('on a full disk', () => {
  test('a broker that was killed or stopped can start again', async () => {
    const disk = smallDisk(SIZE_MB);
    const path = join(disk.folder, 'data');
    await (await DataDirectory.claim(path)).release();
    // Of a process that no longer is: Linux gives no such number.
    writeFileSync(join(path, 'lock', '4194305.1'), '');
    disk.fill();

    const directory = await DataDirectory.claim(path);
    await expect(DataDirectory.claim(path)).rejects.toThrow(`in use by process ${process.pid}`);
    await directory.release();
    await (await DataDirectory.claim(path)).release();
  });

  test('a new data directory cannot be made, and the user is told what helps', async () => {
    const disk = smallDisk(SIZE_MB);
    disk.fill();
    const path = join(disk.folder, 'data');
    const full = `the data directory ${path} has no space left. Free some, or choose another folder with --data-dir.`;

    await expect(DataDirectory.claim(path)).rejects.toThrow(full);
    disk.free();
    await (await DataDirectory.claim(path)).release();
  });

  test('a write is a fault, what was there is overwritten and read, and later there is room again', async () => {
    const disk = smallDisk(SIZE_MB);
    const files = new NodeDisk(disk.folder);
    const file = files.open('a');
    await settled((done) => file.write(bytesOf('hello'), 0, done));
    await settled((done) => file.sync(done));
    disk.fill();

    expect(await settled((done) => file.write(new Uint8Array(100_000), 5, done))).toEqual({
      code: 'ENOSPC',
      message: `cannot write ${disk.folder}/a: no space left on device (ENOSPC)`,
    });
    expect(await settled((done) => file.write(bytesOf('J'), 0, done))).toBeUndefined();
    expect(await settled((done) => file.sync(done))).toBeUndefined();
    expect(textOf(file).slice(0, 5)).toBe('Jello');
    disk.free();
    expect(await settled((done) => file.write(new Uint8Array(100_000), 5, done))).toBeUndefined();
    await files.close();
  });
});

describe.runIf(canMakeSmallDisk)('on a read-only disk', () => {
  test('a data directory is refused, whether it is there or not', async () => {
    const disk = smallDisk(SIZE_MB);
    mkdirSync(join(disk.folder, 'there'));
    disk.makeReadOnly();
    const refusal = 'is on a file system that is read-only. Choose another folder with --data-dir.';

    for (const name of ['there', 'missing']) {
      const path = join(disk.folder, name);
      await expect(DataDirectory.claim(path)).rejects.toThrow(`the data directory ${path} ${refusal}`);
    }
  });
});
