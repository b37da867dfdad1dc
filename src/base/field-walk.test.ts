/** Going over fields without reading them: the same ends, and the same complaints, as reading them. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyFieldTable } from '../../test/support/random-fields.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { regionOf } from './bytes.ts';
import { CodecError } from './codec-error.ts';
import { type FieldTable, readFieldTable, writeFieldTable } from './field-table.ts';
import { FIELD_TABLE_DEPTH_MAX, fieldEnd, keyEnd } from './field-walk.ts';

function encode(fields: FieldTable): Uint8Array {
  const writer = new ByteWriter();
  writeFieldTable(writer, fields);
  return writer.toBytes();
}

/** A field whose value is a table: `F`, and the bytes of the table. */
function walk(fieldsAndLength: Uint8Array): number {
  const bytes = Uint8Array.of(0x46, ...fieldsAndLength);
  return fieldEnd(regionOf(bytes).view, 0, bytes.length);
}

function isReadable(fieldsAndLength: Uint8Array): boolean {
  try {
    readFieldTable(new ByteReader(regionOf(fieldsAndLength)));
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(CodecError);
    return false;
  }
}

function isWalkable(fieldsAndLength: Uint8Array): boolean {
  try {
    walk(fieldsAndLength);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(CodecError);
    return false;
  }
}

/** So many tables in each other. */
function nested(depth: number): FieldTable {
  let table: FieldTable = new Map();
  for (let level = 1; level < depth; level++) table = new Map([['t', { type: 'F', value: table }]]);
  return table;
}

describe('going past a field', () => {
  test('ends where reading it ends, whatever its type', () => {
    fc.assert(
      fc.property(anyFieldTable, (fields) => {
        const { view } = regionOf(encode(fields));
        let at = 4;
        for (const [key] of fields) {
          const start = keyEnd(view, at, view.byteLength);
          expect(start).toBe(at + 1 + Buffer.byteLength(key));
          at = fieldEnd(view, start, view.byteLength);
          expect(() => fieldEnd(view, start, at - 1)).toThrow('cut short');
        }
        expect(at).toBe(view.byteLength);
      }),
    );
  });

  test('a key that reaches beyond its table is refused', () => {
    expect(() => keyEnd(regionOf(Uint8Array.of(2, 0x6b)).view, 0, 2)).toThrow('table key is cut short');
  });

  test('a field of an unknown type is none', () => {
    expect(() => fieldEnd(new DataView(Uint8Array.of(0x7a, 0).buffer), 0, 2)).toThrow('unknown field type "z"');
  });

  test('a table nested as deep as may be, and one deeper', () => {
    expect(isWalkable(encode(nested(FIELD_TABLE_DEPTH_MAX - 1)))).toBe(true);
    expect(() => walk(encode(nested(FIELD_TABLE_DEPTH_MAX)))).toThrow('table is nested more than 128 deep');
    expect(() => walk(encode(nested(2000)))).toThrow('table is nested more than 128 deep');
  });

  test('what is changed anywhere in a table is refused when it cannot be read, and only then', () => {
    const change = fc.tuple(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.nat(255));
    fc.assert(
      fc.property(anyFieldTable, change, (fields, [place, byte]) => {
        const bytes = encode(fields);
        bytes[Math.floor(place * bytes.length)] = byte;
        expect(isWalkable(bytes)).toBe(isReadable(bytes));
      }),
      { numRuns: 2000 },
    );
  });
});
