/**
 * The version of this package.
 */

import { readFileSync } from 'node:fs';

/** As package.json has it, which stands two folders up from here both in `src/` and in `dist/`. */
export const LEVERET_VERSION: string = readVersion();

function readVersion(): string {
  const parsed: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  if (typeof parsed !== 'object' || parsed === null || !('version' in parsed)) return 'unknown';
  return String(parsed.version);
}
