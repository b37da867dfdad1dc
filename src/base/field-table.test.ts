/** Field tables: RabbitMQ's dialect of the types, byte by byte, and what hostile bytes do. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyFieldTable } from '../../test/support/random-fields.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { regionOf } from './bytes.ts';
import { CodecError, FieldTableError } from './codec-error.ts';
import {
  EMPTY_TABLE,
  type Field,
  type FieldTable,
  readFieldTable,
  table,
  text,
  writeFieldTable,
} from './field-table.ts';
import { FIELD_TABLE_DEPTH_MAX } from './field-walk.ts';

const ascii = (letters: string) => new TextEncoder().encode(letters);

function encode(value: FieldTable): Uint8Array {
  const writer = new ByteWriter();
  writeFieldTable(writer, value);
  return writer.toBytes();
}

function decode(bytes: Uint8Array): FieldTable {
  const reader = new ByteReader(regionOf(bytes));
  const value = readFieldTable(reader);
  reader.expectEnd('table');
  return value;
}

/** The bytes of a table with one field `k`: its type and value given as hexadecimal. */
function tableWith(type: string, value: string): Uint8Array {
  const bytes = [1, 0x6b, type.charCodeAt(0), ...Buffer.from(value.replaceAll(' ', ''), 'hex')];
  return Uint8Array.from([0, 0, 0, bytes.length, ...bytes]);
}

/** Bytes of `depth` tables in each other, each but the innermost with one field. */
function nested(depth: number): Uint8Array {
  let bytes: Uint8Array = Uint8Array.of(0, 0, 0, 0);
  for (let level = 1; level < depth; level++) {
    const head = new Uint8Array(4);
    new DataView(head.buffer).setUint32(0, 2 + bytes.length);
    bytes = Uint8Array.from([...head, 0, 0x46, ...bytes]);
  }
  return bytes;
}

describe('the bytes of each type', () => {
  const cases: [string, string, Field][] = [
    ['t', '01', { type: 't', value: true }],
    ['t', '00', { type: 't', value: false }],
    ['b', 'fe', { type: 'b', value: -2 }],
    ['B', 'fe', { type: 'B', value: 254 }],
    ['s', 'ff fe', { type: 's', value: -2 }],
    ['u', 'ff fe', { type: 'u', value: 65_534 }],
    ['I', 'ff ff ff fe', { type: 'I', value: -2 }],
    ['i', 'ff ff ff fe', { type: 'i', value: 4_294_967_294 }],
    ['l', '80 00 00 00 00 00 00 00', { type: 'l', value: -(2n ** 63n) }],
    ['L', 'ff ff ff ff ff ff ff fe', { type: 'L', value: -2n }],
    ['f', '3f c0 00 00', { type: 'f', value: 1.5 }],
    ['d', 'c0 04 00 00 00 00 00 00', { type: 'd', value: -2.5 }],
    ['D', '02 00 00 01 3a', { type: 'D', scale: 2, value: 314 }],
    ['S', '00 00 00 02 68 69', { type: 'S', value: ascii('hi') }],
    ['x', '00 00 00 02 00 ff', { type: 'x', value: Uint8Array.of(0, 255) }],
    ['T', '00 00 00 00 4d 2a 0f 5f', { type: 'T', value: 1_294_602_079n }],
    ['V', '', { type: 'V' }],
    ['A', '00 00 00 03 56 74 01', { type: 'A', value: [{ type: 'V' }, { type: 't', value: true }] }],
    ['F', '00 00 00 00', { type: 'F', value: EMPTY_TABLE }],
    ['F', '00 00 00 04 01 61 42 07', { type: 'F', value: new Map([['a', { type: 'B', value: 7 }]]) }],
  ];

  test.each(cases)('%s %s', (type, value, field) => {
    const bytes = tableWith(type, value);
    expect(decode(bytes)).toEqual(new Map([['k', field]]));
    expect(encode(new Map([['k', field]]))).toEqual(bytes);
  });
});

describe('what goes through a table', () => {
  test('a table leaves as it came, every field with its type', () => {
    fc.assert(
      fc.property(anyFieldTable, (value) => {
        const bytes = encode(value);
        expect(decode(bytes)).toEqual(value);
        expect(encode(decode(bytes))).toEqual(bytes);
      }),
    );
  });

  test('fields keep their order', () => {
    expect([...decode(encode(table({ z: 1, a: 2, m: 3 }))).keys()]).toEqual(['z', 'a', 'm']);
  });

  test('of two fields with one name the first counts', () => {
    const field = [1, 0x6b, 0x42];
    const bytes = Uint8Array.from([0, 0, 0, 8, ...field, 1, ...field, 2]);
    expect(decode(bytes)).toEqual(new Map([['k', { type: 'B', value: 1 }]]));
  });
});

describe('what is refused', () => {
  test('a table that is cut short anywhere', () => {
    fc.assert(
      fc.property(anyFieldTable, (value) => {
        const bytes = encode(value);
        for (let end = 0; end < bytes.length; end++) expect(() => decode(bytes.slice(0, end))).toThrow(CodecError);
      }),
    );
  });

  test('a field that reaches beyond its table, though the bytes are there', () => {
    const bytes = Uint8Array.of(0, 0, 0, 4, 1, 0x6b, 0x75, 0, 1);
    expect(() => decode(bytes)).toThrow(CodecError);
  });

  test('a table whose contents are wrong, by another error than one that is cut short itself', () => {
    const reader = new ByteReader(regionOf(tableWith('I', '00 00')));
    expect(() => readFieldTable(reader)).toThrow(FieldTableError);
    expect(() => decode(Uint8Array.of(0, 0, 0, 9, 1))).not.toThrow(FieldTableError);
  });

  test('a type that does not exist', () => {
    expect(() => decode(tableWith('Z', '00'))).toThrow('unknown field type "Z"');
  });

  test('a table nested deeper than the limit, however deep', () => {
    expect(() => decode(nested(FIELD_TABLE_DEPTH_MAX))).not.toThrow();
    expect(() => decode(nested(FIELD_TABLE_DEPTH_MAX + 1))).toThrow(CodecError);
    expect(() => decode(nested(1000))).toThrow('table is nested more than 128 deep');
  });

  test('random bytes, with nothing worse than a CodecError', () => {
    const letters = fc.constantFrom(...'tbBsuIilLfdDSxATFV').map((letter) => letter.charCodeAt(0));
    const bytes = fc.array(fc.oneof(fc.nat(255), fc.constantFrom(0, 1), letters), { maxLength: 300 });
    fc.assert(
      fc.property(bytes, (body) => {
        const hostile = Uint8Array.from([0, 0, body.length >> 8, body.length & 255, ...body]);
        try {
          decode(hostile);
        } catch (error) {
          expect(error).toBeInstanceOf(CodecError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('plain values and texts', () => {
  test('a table is made from plain values, each with the type that fits', () => {
    const fields = table({
      text: 'é',
      yes: true,
      small: -(2 ** 31),
      large: 2 ** 31,
      part: 0.5,
      big: 1n,
      bytes: Uint8Array.of(1),
      nothing: null,
      list: ['a', 1],
      object: { a: 1 },
      fields: EMPTY_TABLE,
    });
    expect([...fields.values()].map(({ type }) => type).join('')).toBe('StIldlxVAFF');
    expect(fields.get('large')).toEqual({ type: 'l', value: 2n ** 31n });
    expect(decode(encode(fields))).toEqual(fields);
  });

  test('text is what a string field says, and undefined for any other field', () => {
    const fields = table({ name: 'größe', bytes: ascii('raw'), number: 1 });
    expect(['name', 'bytes', 'number', 'absent'].map((key) => text(fields.get(key)))).toEqual([
      'größe',
      'raw',
      undefined,
      undefined,
    ]);
  });
});
