/** Fields of tables as text, for comparing them: without the broker's own code for that. */

import type { Field } from '../../../src/base/field-table.ts';

const decoder = new TextDecoder();

export function textOf(field: Field): string {
  if (!('value' in field)) return '';
  return field.value instanceof Uint8Array ? decoder.decode(field.value) : String(field.value);
}
