/** Free space, from the operating system. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { freeSpaceOf } from './free-space.ts';

test('of a folder that is not there yet, what the disk has on which it will be', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'leveret-test-'));
  try {
    const free = await freeSpaceOf(folder);
    expect(free).toBeGreaterThan(0);
    // Others write meanwhile.
    expect((await freeSpaceOf(join(folder, 'not', 'there'))) / free).toBeCloseTo(1, 1);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('of what is no folder the reason is told', async () => {
  await expect(freeSpaceOf('/dev/null/folder')).rejects.toThrow('ENOTDIR');
});
