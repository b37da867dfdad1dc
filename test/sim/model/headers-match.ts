/** Whether a message's headers are what a binding of a headers exchange asks for. */

import type { FieldTable } from '../../../src/base/field-table.ts';
import { textOf } from './field-text.ts';

const MODE = 'x-match';

export function matchesHeaders(wanted: FieldTable, headers: FieldTable): boolean {
  const given = wanted.get(MODE);
  const mode = given === undefined ? 'all' : textOf(given);
  const counts = (name: string) => name !== MODE && (mode.endsWith('-with-x') || !name.startsWith('x-'));
  const names = [...wanted.keys()].filter(counts);
  const found = names.filter((name) => has(headers, name, wanted));
  return mode.startsWith('all') ? found.length === names.length : found.length > 0;
}

/** An argument without a value asks only for the header to be there. */
function has(headers: FieldTable, name: string, wanted: FieldTable): boolean {
  const header = headers.get(name);
  const field = wanted.get(name);
  if (header === undefined || field === undefined) return false;
  return field.type === 'V' || (field.type === header.type && textOf(field) === textOf(header));
}
