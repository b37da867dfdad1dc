/**
 * What Linux tells in files below /proc and /sys: small and never slow, so they are read at once.
 */

import { readFileSync } from 'node:fs';

/** The text of a file; undefined when it cannot be read. */
export type ReadText = (path: string) => string | undefined;

export function readSystemFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
