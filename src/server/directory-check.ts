/**
 * Whether a data directory can be looked through without taking it: it is there, no broker uses it, and its format is known.
 */

import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { assertKnownFormat, DataDirectoryError } from './data-directory.ts';
import { DirectoryLock } from './directory-lock.ts';
import { errorCode, errorReason } from './system-error.ts';

/**
 * Changes nothing.
 *
 * @returns its absolute path
 * @throws DataDirectoryError when it cannot be looked through
 */
export async function assertCheckable(path: string): Promise<string> {
  const directory = resolve(path);
  try {
    if (!(await stat(directory)).isDirectory()) throw new DataDirectoryError(`${directory} is no folder.`);
    const holder = await DirectoryLock.holderOf(directory);
    if (holder !== undefined) {
      throw new DataDirectoryError(
        `the data directory ${directory} is in use by process ${holder}. Stop that process first.`,
      );
    }
    await assertKnownFormat(directory);
    return directory;
  } catch (error) {
    if (error instanceof DataDirectoryError || errorCode(error) === undefined) throw error;
    if (errorCode(error) === 'ENOENT') {
      throw new DataDirectoryError(`there is no data directory ${directory}.`, { cause: error });
    }
    throw new DataDirectoryError(`the data directory ${directory} cannot be read: ${errorReason(error)}.`, {
      cause: error,
    });
  }
}
