/**
 * What the operating system's errors say: their code, and the reason in words.
 */

import { getSystemErrorMap } from 'node:util';

/** `ENOSPC` say; undefined when the error is not the system's. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** `no space left on device (ENOSPC)` say. */
export function errorReason(error: unknown): string {
  const code = errorCode(error);
  const known = [...getSystemErrorMap().values()].find(([name]) => name === code);
  if (known !== undefined) return `${known[1]} (${known[0]})`;
  return error instanceof Error ? error.message : String(error);
}
