/** ByteReader and ByteWriter: what one writes the other reads, in network order, and never past the end. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { regionOf } from './bytes.ts';
import { CodecError, MalformedTextError } from './codec-error.ts';

const readerOf = (...bytes: number[]) => new ByteReader(regionOf(Uint8Array.from(bytes)));

function written(write: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter();
  write(writer);
  return writer.toBytes();
}

describe('reading', () => {
  test('numbers stand in network order, signed and unsigned', () => {
    const bytes = [0x80, 0x80, 0x01, 0x80, 0x01, 0x80, 0, 0, 1, 0x80, 0, 0, 1];
    const reader = readerOf(...bytes, 0x3f, 0xc0, 0, 0);
    expect([reader.i8(), reader.u16(), reader.i16(), reader.u32(), reader.i32(), reader.f32()]).toEqual([
      -128,
      0x8001,
      -32_767,
      0x8000_0001,
      -(2 ** 31) + 1,
      1.5,
    ]);
    reader.expectEnd('numbers');
  });

  test('64-bit numbers are bigints', () => {
    const reader = readerOf(...Array<number>(16).fill(0xff));
    expect([reader.u64(), reader.i64()]).toEqual([2n ** 64n - 1n, -1n]);
  });

  test('a short string has its length in one byte, a long one in four', () => {
    const reader = readerOf(3, 0x66, 0x6f, 0x6f, 0, 0, 0, 2, 0xff, 0x00);
    expect(reader.shortString()).toBe('foo');
    expect(reader.longString()).toEqual(Uint8Array.of(0xff, 0x00));
  });

  test('a long string stays as it was when the memory it was read from is used again', () => {
    const memory = Uint8Array.of(0, 0, 0, 1, 7);
    const value = new ByteReader(regionOf(memory)).longString();
    memory.fill(0);
    expect(value).toEqual(Uint8Array.of(7));
  });

  test('a byte order mark at the beginning of a text is part of the text', () => {
    expect(readerOf(4, 0xef, 0xbb, 0xbf, 0x61).shortString()).toBe('\ufeffa');
  });

  test('only bytes from start up to end are read', () => {
    const reader = new ByteReader(regionOf(Uint8Array.of(1, 2, 3, 4)), 1, 3);
    expect(reader.u16()).toBe(0x0203);
    expect(() => reader.u8()).toThrow(CodecError);
    reader.reset(regionOf(Uint8Array.of(9, 8)), 1, 2);
    expect(reader.u8()).toBe(8);
  });

  test('a length beyond the end is refused before anything is allocated for it, naming the field', () => {
    const reader = readerOf(0xff, 0xff, 0xff, 0xff, 0);
    expect(() => reader.longString('response')).toThrow('response is cut short: 4294967295 bytes expected, 1 left');
  });

  test('bytes left over are an error where there must be none', () => {
    expect(() => readerOf(1, 2).expectEnd('basic.ack')).toThrow(new CodecError('basic.ack has 2 bytes too many'));
  });

  test('within a narrowed part, reading ends where the part does', () => {
    const reader = readerOf(1, 2, 3);
    const outerEnd = reader.narrow(1, 'part');
    expect(reader.u8()).toBe(1);
    expect(() => reader.u8()).toThrow(CodecError);
    reader.widen(outerEnd);
    expect(reader.u16()).toBe(0x0203);
  });
});

describe('delivery tags', () => {
  test.each([0, 1, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY])('%d is kept', (tag) => {
    const bytes = written((writer) => writer.deliveryTag(tag));
    expect(new ByteReader(regionOf(bytes)).deliveryTag()).toBe(tag);
  });

  test('what a double does not hold exactly reads as Infinity', () => {
    expect(readerOf(0, 0x20, 0, 0, 0, 0, 0, 0).deliveryTag()).toBe(Number.POSITIVE_INFINITY);
    expect(readerOf(0, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff).deliveryTag()).toBe(2 ** 53 - 1);
  });
});

describe('writing', () => {
  test('bits share a byte, the first in the lowest bit', () => {
    expect(written((writer) => writer.bits(true, false, true))).toEqual(Uint8Array.of(0b101));
  });

  test('a length that is known only later is filled in', () => {
    const bytes = written((writer) => {
      const length = writer.beginLength();
      writer.u16(7);
      writer.endLength(length);
    });
    expect(bytes).toEqual(Uint8Array.of(0, 0, 0, 2, 0, 7));
  });

  test('a short string of more than 255 bytes is refused, whatever its number of letters', () => {
    const writer = new ByteWriter();
    expect(() => writer.shortString('a'.repeat(256))).toThrow(CodecError);
    expect(() => writer.shortString('ü'.repeat(128))).toThrow(CodecError);
    writer.reset();
    writer.shortString(`${'ü'.repeat(127)}a`);
    expect(writer.length).toBe(256);
  });

  test('a writer that was reset begins again', () => {
    const writer = new ByteWriter();
    writer.bytes(new Uint8Array(100_000));
    writer.reset();
    writer.u8(1);
    expect(writer.toBytes()).toEqual(Uint8Array.of(1));
  });

  test('a short text must be UTF-8, with U+FFFD among its characters or without', () => {
    for (const text of ['', 'name', 'größe €', '\ufffd']) {
      const bytes = new TextEncoder().encode(text);
      expect(readerOf(bytes.length, ...bytes).shortText()).toBe(text);
    }
    for (const bytes of [[0xff], [0x61, 0xc3, 0x28], [0xef, 0xbf, 0xbd, 0xff], [0xc3], [0xed, 0xa0, 0x80]]) {
      expect(() => readerOf(bytes.length, ...bytes).shortText('queue')).toThrow(MalformedTextError);
    }
  });

  test('short strings and long ones of any content come back, after the memory has grown', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 60 });
    fc.assert(
      fc.property(fc.array(fc.tuple(text, fc.uint8Array())), (values) => {
        const fitting = values.filter(([name]) => new TextEncoder().encode(name).length <= 255);
        const bytes = written((writer) => {
          for (const [name, value] of fitting) {
            writer.shortString(name);
            writer.longString(value);
          }
        });
        const reader = new ByteReader(regionOf(bytes));
        for (const [name, value] of fitting) {
          expect(reader.shortString()).toBe(name);
          expect(reader.longString()).toEqual(value);
        }
        reader.expectEnd('values');
      }),
    );
  });
});
