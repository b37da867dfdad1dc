/**
 * What a test needs from the machine. Missing on a developer's machine: the tests are skipped and a line says why.
 * Missing under CI: an error, so that a green run there means that everything ran.
 */

import { existsSync } from 'node:fs';

/**
 * Whether all the files are there.
 *
 * @param what what they belong to and how to get it, for the message
 * @throws under CI (environment variable CI set) when one is missing
 */
export function isAvailable(what: string, files: readonly string[]): boolean {
  const missing = files.filter((file) => !existsSync(file));
  if (missing.length === 0) return true;
  const message = `${what} is missing (${missing.join(', ')})`;
  if (process.env.CI) throw new Error(message);
  console.warn(`skipped: ${message}`);
  return false;
}
