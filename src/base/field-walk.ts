/**
 * Goes over the fields of a table by their lengths alone: says whether they are what they should be, and where each ends,
 * without reading a value. Nothing is allocated.
 */

import { CodecError } from './codec-error.ts';

/** How deep tables and arrays may stand in each other; RabbitMQ has no limit of its own, real ones have two or three. */
export const FIELD_TABLE_DEPTH_MAX = 128;

const LENGTH_BYTES = 4;
const LETTER_A = 0x41;
const LETTER_F = 0x46;
/** In `FIELD_BYTES`: values that begin with their length, and no type at all. */
const LENGTH_FIRST = -1;
const UNKNOWN = -2;

/** By the code of a type's letter: how many bytes its values take. */
const FIELD_BYTES = fieldBytes({ V: 0, t: 1, b: 1, B: 1, s: 2, u: 2, I: 4, i: 4, f: 4, D: 5, l: 8, L: 8, d: 8, T: 8 });

function fieldBytes(fixed: Readonly<Record<string, number>>): Int8Array {
  const byCode = new Int8Array(256).fill(UNKNOWN);
  for (const [type, bytes] of Object.entries(fixed)) byCode[type.charCodeAt(0)] = bytes;
  for (const type of 'SxAF') byCode[type.charCodeAt(0)] = LENGTH_FIRST;
  return byCode;
}

/**
 * Where the field ends whose type stands at `at`: goes past it, and over all that is in it. hot path.
 * @param depth of the table or array that it is in
 * @throws CodecError when it goes beyond `end`, is of an unknown type, or too deep.
 */
export function fieldEnd(view: DataView, at: number, end: number, depth = 1): number {
  if (at >= end) throw cutShort();
  const type = view.getUint8(at);
  const bytes = FIELD_BYTES[type] ?? UNKNOWN;
  if (bytes === UNKNOWN) throw unknownType(String.fromCharCode(type));
  const next = bytes === LENGTH_FIRST ? at + 1 + LENGTH_BYTES + lengthAt(view, at + 1, end) : at + 1 + bytes;
  if (next > end) throw cutShort();
  if (type === LETTER_F) walkTable(view, at + 1 + LENGTH_BYTES, next, depth + 1);
  else if (type === LETTER_A) walkArray(view, at + 1 + LENGTH_BYTES, next, depth + 1);
  return next;
}

/** Where the key ends whose length stands at `at`, and its field begins. @throws CodecError when that is beyond `end`. */
export function keyEnd(view: DataView, at: number, end: number): number {
  const next = at + 1 + view.getUint8(at);
  if (next > end) throw new CodecError('table key is cut short');
  return next;
}

export function unknownType(type: string): CodecError {
  return new CodecError(`unknown field type ${JSON.stringify(type)}`);
}

export function tooDeep(what: string): CodecError {
  return new CodecError(`${what} is nested more than ${FIELD_TABLE_DEPTH_MAX} deep`);
}

function walkTable(view: DataView, start: number, end: number, depth: number): void {
  if (depth > FIELD_TABLE_DEPTH_MAX) throw tooDeep('table');
  for (let at = start; at < end; ) at = fieldEnd(view, keyEnd(view, at, end), end, depth);
}

function walkArray(view: DataView, start: number, end: number, depth: number): void {
  if (depth > FIELD_TABLE_DEPTH_MAX) throw tooDeep('array');
  for (let at = start; at < end; ) at = fieldEnd(view, at, end, depth);
}

function lengthAt(view: DataView, at: number, end: number): number {
  if (at + LENGTH_BYTES > end) throw cutShort();
  return view.getUint32(at);
}

function cutShort(): CodecError {
  return new CodecError('field is cut short');
}
