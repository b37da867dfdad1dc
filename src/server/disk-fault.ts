/**
 * The disk's faults from the operating system's errors.
 */

import type { DiskFault } from '../storage/disk/disk.ts';
import { errorCode, errorReason } from './system-error.ts';

export function faultOrNone(error: NodeJS.ErrnoException | null, what: string, path: string): DiskFault | undefined {
  return error === null ? undefined : faultOf(error, what, path);
}

export function faultOf(error: unknown, what: string, path: string): DiskFault {
  return { code: errorCode(error) ?? 'UNKNOWN', message: `cannot ${what} ${path}: ${errorReason(error)}` };
}
