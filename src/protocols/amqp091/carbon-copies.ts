/**
 * More routing keys for one message, in its headers: CC, which receivers see, and BCC, which is taken out before.
 */

import { ByteReader } from '../../base/byte-reader.ts';
import { ByteWriter } from '../../base/byte-writer.ts';
import { type Region, regionOf } from '../../base/bytes.ts';
import { CodecError } from '../../base/codec-error.ts';
import { type FieldTable, readFieldTable, writeFieldTable } from '../../base/field-table.ts';
import { fieldEnd, keyEnd } from '../../base/field-walk.ts';
import { refusal } from '../../core/errors.ts';
import { fieldTypeName } from '../../core/field-value.ts';
import { headersStart } from './properties.ts';
import { spliced } from './splice.ts';

const CC = 'CC';
const BCC = 'BCC';
const LETTER_B = 0x42;
const LETTER_C = 0x43;
const LENGTH_BYTES = 4;

export interface CarbonCopies {
  readonly keys: readonly Region[];
  /** The properties without BCC; undefined when they stay as they are. */
  readonly properties: Region | undefined;
}

const reader = new ByteReader();

/**
 * @returns undefined when the headers of the properties in bytes `start` up to `end` have neither.
 * @throws BrokerError 406 when one of them is no array; CodecError when the headers are malformed.
 */
export function findCarbonCopies(region: Region, start: number, end: number): CarbonCopies | undefined {
  const at = headersStart(region, start, end);
  if (at < 0) return undefined;
  if (!namesCopies(region.view, at, end)) return undefined;
  reader.reset(region, at, end);
  const headers = readFieldTable(reader);
  const keys = [...keysIn(headers, CC), ...keysIn(headers, BCC)];
  if (!headers.has(BCC)) return { keys, properties: undefined };
  return { keys, properties: spliced(region, { start, end }, { start: at, end: reader.position }, without(headers)) };
}

/**
 * Goes over the headers by their lengths alone: nearly all have neither CC nor BCC. hot path.
 * @throws CodecError when the headers are malformed; those behind CC or BCC are not looked at.
 */
function namesCopies(view: DataView, start: number, end: number): boolean {
  if (end - start < LENGTH_BYTES) throw new CodecError('headers are cut short');
  const tableEnd = start + LENGTH_BYTES + view.getUint32(start);
  if (tableEnd > end) throw new CodecError('headers are cut short');
  for (let at = start + LENGTH_BYTES; at < tableEnd; ) {
    const field = keyEnd(view, at, tableEnd);
    if (isCopiesName(view, at + 1, field)) return true;
    at = fieldEnd(view, field, tableEnd);
  }
  return false;
}

/** The name in bytes `at` up to `end` is CC or BCC. */
function isCopiesName(view: DataView, at: number, end: number): boolean {
  const length = end - at;
  if (length !== CC.length && length !== BCC.length) return false;
  if (length === BCC.length && view.getUint8(at) !== LETTER_B) return false;
  return view.getUint8(end - 2) === LETTER_C && view.getUint8(end - 1) === LETTER_C;
}

/** Whatever is no text in the array does not count. */
function keysIn(headers: FieldTable, name: string): Region[] {
  const field = headers.get(name);
  if (field === undefined) return [];
  if (field.type !== 'A') {
    throw refusal.invalidMessage(`{unacceptable_type_in_header,"${name}",${fieldTypeName(field)}}`);
  }
  return field.value.flatMap((key) => (key.type === 'S' ? [regionOf(key.value)] : []));
}

function without(headers: FieldTable): Uint8Array {
  const kept = new Map(headers);
  kept.delete(BCC);
  const writer = new ByteWriter();
  writeFieldTable(writer, kept);
  return writer.toBytes();
}
