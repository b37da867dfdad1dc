/** Limits as an administrator gives them. */

import { AdministrationError } from './administration-error.ts';

/** RabbitMQ's number for "no limit". */
const NONE = -1;

/** @throws AdministrationError when it is no count; `undefined` and -1 are none */
export function limitOf(given: number | undefined): number | undefined {
  if (given === undefined || given === NONE) return undefined;
  if (Number.isSafeInteger(given) && given >= 0) return given;
  throw new AdministrationError('invalid', `a limit is a whole number from 0 up, or -1 for none, not '${given}'`);
}
