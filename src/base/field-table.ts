/**
 * AMQP's field tables: what clients put into headers and arguments, in RabbitMQ's dialect of the types
 * (`s` is a signed 16-bit number, `x` a byte string, `l` and `L` are signed 64-bit numbers).
 *
 * Every value keeps the type it came with, so that a table that passes through leaves as it came. Of two fields with
 * one name the first counts, as in RabbitMQ's lookups. Values are plain data: nothing here knows what a key means.
 */

import { unreachable } from './assert.ts';
import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import { regionOf } from './bytes.ts';
import { CodecError, FieldTableError } from './codec-error.ts';
import { FIELD_TABLE_DEPTH_MAX, tooDeep, unknownType } from './field-walk.ts';
import { decodeUtf8 } from './utf8.ts';

export type FieldTable = ReadonlyMap<string, Field>;

/** A value with the letter of its type on the wire. */
export type Field =
  /** boolean */
  | { readonly type: 't'; readonly value: boolean }
  /** signed and unsigned numbers of 8, 16 and 32 bits */
  | { readonly type: 'b' | 'B' | 's' | 'u' | 'I' | 'i'; readonly value: number }
  /** signed numbers of 64 bits */
  | { readonly type: 'l' | 'L'; readonly value: bigint }
  /** floating point of 32 and 64 bits */
  | { readonly type: 'f' | 'd'; readonly value: number }
  /** decimal: `value` (0 to 2^32 - 1) divided by ten to the power of `scale` (0 to 255) */
  | { readonly type: 'D'; readonly scale: number; readonly value: number }
  /** text and byte string; a text is nearly always UTF-8, see `text` */
  | { readonly type: 'S' | 'x'; readonly value: Uint8Array }
  /** timestamp: seconds since 1970 */
  | { readonly type: 'T'; readonly value: bigint }
  | { readonly type: 'A'; readonly value: readonly Field[] }
  | { readonly type: 'F'; readonly value: FieldTable }
  /** nothing */
  | { readonly type: 'V' };

export const EMPTY_TABLE: FieldTable = new Map();

const TRUE: Field = { type: 't', value: true };
const FALSE: Field = { type: 't', value: false };
const VOID: Field = { type: 'V' };

/** The text of a string field (`S` or `x`); undefined for any other type and for a field that is absent. */
export function text(field: Field | undefined): string | undefined {
  if (field?.type !== 'S' && field?.type !== 'x') return undefined;
  return decodeUtf8(regionOf(field.value), 0, field.value.length);
}

/**
 * Reads a table: its length in four bytes, then its fields.
 * @throws CodecError when it is cut short; FieldTableError when what is in it is no table, or one nested deeper than
 * `FIELD_TABLE_DEPTH_MAX`.
 */
export function readFieldTable(reader: ByteReader): FieldTable {
  const outerEnd = enter(reader, 'table', 1);
  try {
    return readContents(reader, 1);
  } catch (thrown) {
    throw thrown instanceof CodecError ? new FieldTableError(thrown.message) : thrown;
  } finally {
    reader.widen(outerEnd);
  }
}

/** Writes a table with its length. @throws CodecError when a key takes more than 255 bytes. */
export function writeFieldTable(writer: ByteWriter, table: FieldTable): void {
  const length = writer.beginLength();
  for (const [key, field] of table) {
    writer.shortString(key);
    writeField(writer, field);
  }
  writer.endLength(length);
}

function readTable(reader: ByteReader, depth: number): FieldTable {
  const outerEnd = enter(reader, 'table', depth);
  const table = readContents(reader, depth);
  reader.widen(outerEnd);
  return table;
}

function readContents(reader: ByteReader, depth: number): FieldTable {
  return reader.remaining === 0 ? EMPTY_TABLE : readFields(reader, depth);
}

function readFields(reader: ByteReader, depth: number): FieldTable {
  const table = new Map<string, Field>();
  while (reader.remaining > 0) {
    const key = reader.shortString('table key');
    const field = readField(reader, depth);
    if (!table.has(key)) table.set(key, field);
  }
  return table;
}

function readArray(reader: ByteReader, depth: number): readonly Field[] {
  const outerEnd = enter(reader, 'array', depth);
  const fields: Field[] = [];
  while (reader.remaining > 0) fields.push(readField(reader, depth));
  reader.widen(outerEnd);
  return fields;
}

function enter(reader: ByteReader, what: string, depth: number): number {
  if (depth > FIELD_TABLE_DEPTH_MAX) throw tooDeep(what);
  return reader.narrow(reader.u32(what), what);
}

function readField(reader: ByteReader, depth: number): Field {
  const type = String.fromCharCode(reader.u8('field type'));
  switch (type) {
    case 't':
      return reader.u8('boolean') === 0 ? FALSE : TRUE;
    case 'b':
      return { type, value: reader.i8() };
    case 'B':
      return { type, value: reader.u8() };
    case 's':
      return { type, value: reader.i16() };
    case 'u':
      return { type, value: reader.u16() };
    case 'I':
      return { type, value: reader.i32() };
    case 'i':
      return { type, value: reader.u32() };
    case 'l':
    case 'L':
      return { type, value: reader.i64() };
    case 'f':
      return { type, value: reader.f32() };
    case 'd':
      return { type, value: reader.f64() };
    case 'D':
      return { type, scale: reader.u8('decimal'), value: reader.u32('decimal') };
    case 'S':
    case 'x':
      return { type, value: reader.longString() };
    case 'T':
      return { type, value: reader.u64('timestamp') };
    case 'A':
      return { type, value: readArray(reader, depth + 1) };
    case 'F':
      return { type, value: readTable(reader, depth + 1) };
    case 'V':
      return VOID;
    default:
      throw unknownType(type);
  }
}

function writeField(writer: ByteWriter, field: Field): void {
  writer.u8(field.type.charCodeAt(0));
  switch (field.type) {
    case 't':
      writer.bits(field.value);
      break;
    case 'b':
      writer.i8(field.value);
      break;
    case 'B':
      writer.u8(field.value);
      break;
    case 's':
      writer.i16(field.value);
      break;
    case 'u':
      writer.u16(field.value);
      break;
    case 'I':
      writer.i32(field.value);
      break;
    case 'i':
      writer.u32(field.value);
      break;
    case 'l':
    case 'L':
      writer.i64(field.value);
      break;
    case 'f':
      writer.f32(field.value);
      break;
    case 'd':
      writer.f64(field.value);
      break;
    case 'D':
      writer.u8(field.scale);
      writer.u32(field.value);
      break;
    case 'S':
    case 'x':
      writer.longString(field.value);
      break;
    case 'T':
      writer.u64(field.value);
      break;
    case 'A':
      writeArray(writer, field.value);
      break;
    case 'F':
      writeFieldTable(writer, field.value);
      break;
    case 'V':
      break;
    default:
      unreachable(field);
  }
}

function writeArray(writer: ByteWriter, fields: readonly Field[]): void {
  const length = writer.beginLength();
  for (const field of fields) writeField(writer, field);
  writer.endLength(length);
}

/** What `table` makes fields of. */
export type PlainValue =
  | string
  | boolean
  | number
  | bigint
  | Uint8Array
  | null
  | readonly PlainValue[]
  | FieldTable
  | { readonly [key: string]: PlainValue };

/**
 * A table from plain values, in their order: text becomes `S`, boolean `t`, a whole number `I` or, when it does not fit
 * 32 bits, `l`, any other number `d`, bigint `l`, bytes `x`, null `V`, an array `A`, an object or a table `F`.
 *
 * @example table({ product: 'Leveret', capabilities: { 'basic.nack': true } })
 */
export function table(values: { readonly [key: string]: PlainValue }): FieldTable {
  return new Map(Object.entries(values).map(([key, value]) => [key, fieldOf(value)]));
}

function fieldOf(value: PlainValue): Field {
  if (typeof value === 'string') return { type: 'S', value: new TextEncoder().encode(value) };
  if (typeof value === 'boolean') return value ? TRUE : FALSE;
  if (typeof value === 'number') return numberField(value);
  if (typeof value === 'bigint') return { type: 'l', value };
  if (value === null) return VOID;
  if (value instanceof Uint8Array) return { type: 'x', value };
  if (value instanceof Map) return { type: 'F', value };
  if (Array.isArray(value)) return { type: 'A', value: value.map(fieldOf) };
  return { type: 'F', value: table(value as { readonly [key: string]: PlainValue }) };
}

function numberField(value: number): Field {
  if (!Number.isSafeInteger(value) || Object.is(value, -0)) return { type: 'd', value };
  return value === (value | 0) ? { type: 'I', value } : { type: 'l', value: BigInt(value) };
}
