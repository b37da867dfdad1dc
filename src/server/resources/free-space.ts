/**
 * How much space is free on the disk where a folder lies, or will lie.
 */

import { statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** Bytes that a user without special rights may still write. @throws Error when the operating system does not tell */
export async function freeSpaceOf(folder: string): Promise<number> {
  const path = resolve(folder);
  try {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (!isMissing || dirname(path) === path) throw error;
    return freeSpaceOf(dirname(path));
  }
}
