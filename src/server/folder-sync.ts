/**
 * Makes the names in a folder survive a power cut: files that were made, renamed and removed there.
 */

import { open } from 'node:fs/promises';
import { errorCode } from './system-error.ts';

/** Windows opens no folders, and keeps names without being asked. */
export const CAN_SYNC_FOLDERS = process.platform !== 'win32';

/** @throws Error of the system */
export async function syncFolder(path: string): Promise<void> {
  if (!CAN_SYNC_FOLDERS) return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } catch (error) {
    if (!isWithoutFolderSync(error)) throw error;
  } finally {
    await folder.close();
  }
}

/** Some network file systems know no sync of a folder; names are as safe there as they can be. */
export function isWithoutFolderSync(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'EINVAL' || code === 'ENOTSUP';
}
