/**
 * Field tables as JSON: a list of [name, type, value], in their order. AMQP's own encoding is not used, because it cuts
 * names at 255 bytes, which one that came as broken UTF-8 may have outgrown by then.
 */

import { unreachable } from '../base/assert.ts';
import { CodecError } from '../base/codec-error.ts';
import type { Field, FieldTable } from '../base/field-table.ts';
import type { Json } from '../base/json.ts';
import type { Form } from './json-form.ts';

export const fieldTable: Form<FieldTable> = { write: writeTable, read: readTable };

type Type = Field['type'];

function writeTable(table: FieldTable): Json {
  return [...table].map(([name, field]) => [name, ...writeField(field)]);
}

function writeField(field: Field): readonly Json[] {
  switch (field.type) {
    case 't':
    case 'b':
    case 'B':
    case 's':
    case 'u':
    case 'I':
    case 'i':
      return [field.type, field.value];
    case 'f':
    case 'd':
      return [field.type, writeDouble(field.value)];
    case 'l':
    case 'L':
    case 'T':
      return [field.type, field.value.toString()];
    case 'D':
      return [field.type, [field.scale, field.value]];
    case 'S':
    case 'x':
      return [field.type, Buffer.from(field.value).toString('base64')];
    case 'A':
      return [field.type, field.value.map(writeField)];
    case 'F':
      return [field.type, writeTable(field.value)];
    case 'V':
      return [field.type];
    default:
      return unreachable(field);
  }
}

function readTable(json: Json | undefined, name: string): FieldTable {
  return new Map(listIn(json, name).map((entry) => readEntry(listIn(entry, name), name)));
}

function readEntry([key, ...field]: readonly Json[], name: string): [string, Field] {
  if (typeof key !== 'string') throw wrong(key, name);
  return [key, readField(field, name)];
}

function readField([type, value]: readonly (Json | undefined)[], name: string): Field {
  switch (type as Type) {
    case 't':
      if (typeof value !== 'boolean') throw wrong(value, name);
      return { type: 't', value };
    case 'b':
    case 'B':
    case 's':
    case 'u':
    case 'I':
    case 'i':
      return { type: type as 'i', value: numberIn(value, name) };
    case 'f':
    case 'd':
      return { type: type as 'd', value: doubleIn(value, name) };
    case 'l':
    case 'L':
    case 'T':
      return { type: type as 'l', value: bigintIn(value, name) };
    case 'D': {
      const [scale, unscaled] = listIn(value, name);
      return { type: 'D', scale: numberIn(scale, name), value: numberIn(unscaled, name) };
    }
    case 'S':
    case 'x':
      return { type: type as 'S', value: bytesIn(value, name) };
    case 'A':
      return { type: 'A', value: listIn(value, name).map((item) => readField(listIn(item, name), name)) };
    case 'F':
      return { type: 'F', value: readTable(value, name) };
    case 'V':
      return { type: 'V' };
    default:
      throw wrong(type, name);
  }
}

/** What JSON has no numbers for. */
const NAMED_DOUBLES: ReadonlyMap<string, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
  ['-0', -0],
]);

function writeDouble(value: number): Json {
  for (const [name, named] of NAMED_DOUBLES) if (Object.is(value, named)) return name;
  return value;
}

function doubleIn(json: Json | undefined, name: string): number {
  return (typeof json === 'string' ? NAMED_DOUBLES.get(json) : undefined) ?? numberIn(json, name);
}

function bigintIn(json: Json | undefined, name: string): bigint {
  if (typeof json !== 'string' || !/^-?\d+$/.test(json)) throw wrong(json, name);
  return BigInt(json);
}

function numberIn(json: Json | undefined, name: string): number {
  if (typeof json !== 'number') throw wrong(json, name);
  return json;
}

function textIn(json: Json | undefined, name: string): string {
  if (typeof json !== 'string') throw wrong(json, name);
  return json;
}

/** A copy of their own, so that it keeps nothing else in memory. */
function bytesIn(json: Json | undefined, name: string): Uint8Array {
  return Uint8Array.from(Buffer.from(textIn(json, name), 'base64'));
}

function listIn(json: Json | undefined, name: string): readonly Json[] {
  if (!Array.isArray(json)) throw wrong(json, name);
  return json as readonly Json[];
}

function wrong(json: Json | undefined, name: string): CodecError {
  return new CodecError(`${name} is no field table: ${JSON.stringify(json)}`);
}
