/**
 * Values of field tables as RabbitMQ compares and prints them: for headers exchanges and for the arguments of a
 * declaration that comes again.
 */

import { unreachable } from '../base/assert.ts';
import { type Field, type FieldTable, text } from '../base/field-table.ts';

/** RabbitMQ's names of the types. */
const TYPE_NAMES: Readonly<Record<Field['type'], string>> = {
  t: 'bool',
  b: 'byte',
  B: 'unsignedbyte',
  s: 'short',
  u: 'unsignedshort',
  I: 'signedint',
  i: 'unsignedint',
  l: 'long',
  L: 'long',
  f: 'float',
  d: 'double',
  D: 'decimal',
  S: 'longstr',
  x: 'binary',
  T: 'timestamp',
  A: 'array',
  F: 'table',
  V: 'void',
};

/** The type as RabbitMQ's refusals call it, e.g. `longstr`. */
export function fieldTypeName(field: Field): string {
  return TYPE_NAMES[field.type];
}

/**
 * True when RabbitMQ takes two values for the same: all numbers (timestamps too) by their value, texts and byte strings
 * by their bytes; an empty array is an empty table, for both are Erlang's empty list. What stands inside an array or a
 * table must also have the same type, and the same order.
 */
export function sameValue(a: Field, b: Field): boolean {
  switch (a.type) {
    case 't':
      return b.type === 't' && a.value === b.value;
    case 'S':
    case 'x':
      return (b.type === 'S' || b.type === 'x') && sameBytes(a.value, b.value);
    case 'D':
      return b.type === 'D' && a.scale === b.scale && a.value === b.value;
    case 'A':
      return b.type === 'F' ? areEmpty(b.value, a.value) : b.type === 'A' && sameArrays(a.value, b.value);
    case 'F':
      return b.type === 'A' ? areEmpty(a.value, b.value) : b.type === 'F' && sameTables(a.value, b.value);
    case 'V':
      return b.type === 'V';
    default:
      return sameNumber(a.value, b);
  }
}

/** The value as it stands between quotes in RabbitMQ's refusals. */
export function fieldText(field: Field): string {
  return text(field) ?? fieldTerm(field);
}

/** The value as Erlang prints a term: `<<"text">>`, `5`, `undefined`, `[{signedint,1}]`. */
export function fieldTerm(field: Field): string {
  switch (field.type) {
    case 'S':
    case 'x':
      return `<<${bytesTerm(field.value)}>>`;
    case 'A':
      return `[${field.value.map((item) => `{${fieldTypeName(item)},${fieldTerm(item)}}`).join()}]`;
    case 'F':
      return `[${[...field.value].map(entryTerm).join()}]`;
    case 'D':
      return `{${field.scale},${field.value}}`;
    case 'V':
      return 'undefined';
    case 'f':
    case 'd':
      return Number.isInteger(field.value) ? field.value.toFixed(1) : String(field.value);
    case 't':
    case 'T':
    case 'b':
    case 'B':
    case 's':
    case 'u':
    case 'I':
    case 'i':
    case 'l':
    case 'L':
      return String(field.value);
    default:
      return unreachable(field);
  }
}

/** Numbers of different types are compared by what they are worth, also across the limits of a double. */
function sameNumber(value: number | bigint, other: Field): boolean {
  switch (other.type) {
    case 't':
    case 'S':
    case 'x':
    case 'D':
    case 'A':
    case 'F':
    case 'V':
      return false;
    default:
      return value <= other.value && value >= other.value;
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  // Values are short: views over them would cost more than they save.
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
}

function sameTyped(a: Field, b: Field | undefined): boolean {
  return b !== undefined && fieldTypeName(a) === fieldTypeName(b) && sameValue(a, b);
}

function sameArrays(a: readonly Field[], b: readonly Field[]): boolean {
  return a.length === b.length && a.every((field, index) => sameTyped(field, b[index]));
}

function areEmpty(table: FieldTable, array: readonly Field[]): boolean {
  return table.size === 0 && array.length === 0;
}

function sameTables(a: FieldTable, b: FieldTable): boolean {
  const others = [...b];
  return (
    a.size === b.size &&
    [...a].every(([key, field], index) => others[index]?.[0] === key && sameTyped(field, b.get(key)))
  );
}

function entryTerm([key, field]: readonly [string, Field]): string {
  return `{${bytesTermOf(key)},${fieldTypeName(field)},${fieldTerm(field)}}`;
}

function bytesTermOf(key: string): string {
  return `<<${bytesTerm(new TextEncoder().encode(key))}>>`;
}

/** Quoted when all of it can be printed, else the bytes one by one. */
function bytesTerm(bytes: Uint8Array): string {
  if (bytes.length === 0) return '';
  const isPrintable = bytes.every((byte) => byte >= 0x20 && byte < 0x7f);
  if (!isPrintable) return bytes.join();
  return `"${new TextDecoder().decode(bytes).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
