/** Basic properties: bytes of the reference, round trips, and the answers to questions about a single one. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyFieldTable, anyShortString } from '../../../test/support/random-fields.ts';
import { regionOf } from '../../base/bytes.ts';
import { CodecError } from '../../base/codec-error.ts';
import { table } from '../../base/field-table.ts';
import {
  checkProperties,
  encodeProperties,
  expiration,
  findHeaders,
  modeIn,
  type Properties,
  priorityIn,
  readProperties,
} from './properties.ts';

const anyProperties: fc.Arbitrary<Properties> = fc.record(
  {
    contentType: anyShortString,
    contentEncoding: anyShortString,
    headers: anyFieldTable,
    deliveryMode: fc.nat(255),
    priority: fc.nat(255),
    correlationId: anyShortString,
    replyTo: anyShortString,
    expiration: anyShortString,
    messageId: anyShortString,
    timestamp: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    type: anyShortString,
    userId: anyShortString,
    appId: anyShortString,
    clusterId: anyShortString,
  },
  { requiredKeys: [] },
);

const decode = (bytes: Uint8Array) => readProperties(regionOf(bytes), 0, bytes.length);

/** The answers about single properties, of bytes that stand somewhere in a larger memory. */
function ask(bytes: Uint8Array) {
  const memory = new Uint8Array(bytes.length + 20).fill(0xff);
  memory.set(bytes, 7);
  const place = [regionOf(memory), 7, 7 + bytes.length] as const;
  const found = checkProperties(place[0].view, place[1], place[2]);
  return {
    headers: findHeaders(...place),
    deliveryMode: modeIn(found),
    priority: priorityIn(found),
    expiration: expiration(...place),
  };
}

describe('the bytes of the reference', () => {
  const headers = table({ k: true });
  const cases: [string, Properties][] = [
    ['0000', {}],
    ['1000 02', { deliveryMode: 2 }],
    ['8000 0a 746578742f706c61696e', { contentType: 'text/plain' }],
    [
      'b900 01 61 00000004 01 6b 74 01 01 09 03 363030',
      { contentType: 'a', headers, deliveryMode: 1, priority: 9, expiration: '600' },
    ],
    ['0040 000000004d2a0f5f', { timestamp: 1_294_602_079n }],
    ['0004 01 63', { clusterId: 'c' }],
  ];

  test.each(cases)('%s', (hexadecimal, properties) => {
    const bytes = Uint8Array.from(Buffer.from(hexadecimal.replaceAll(' ', ''), 'hex'));
    expect(decode(bytes)).toEqual(properties);
    expect(encodeProperties(properties)).toEqual(bytes);
  });
});

describe('properties', () => {
  test('come back as they were', () => {
    fc.assert(
      fc.property(anyProperties, (properties) => {
        expect(decode(encodeProperties(properties))).toEqual(properties);
      }),
    );
  });

  test('that are cut short or too long are refused', () => {
    fc.assert(
      fc.property(anyProperties, (properties) => {
        const bytes = encodeProperties(properties);
        for (let end = 0; end < bytes.length; end++) expect(() => decode(bytes.slice(0, end))).toThrow(CodecError);
        expect(() => decode(Uint8Array.from([...bytes, 0]))).toThrow('properties has 1 bytes too many');
      }),
    );
  });

  test('that are cut short or too long do not pass the check either', () => {
    fc.assert(
      fc.property(anyProperties, (properties) => {
        const bytes = encodeProperties(properties);
        // What follows must not be taken for a part of them.
        const { view } = regionOf(Uint8Array.from([...bytes, 0, 0, 0, 0, 0, 0, 0, 0]));
        for (let end = 0; end < bytes.length; end++) expect(() => checkProperties(view, 0, end)).toThrow(CodecError);
        expect(() => checkProperties(view, 0, bytes.length + 1)).toThrow('properties have 1 bytes too many');
      }),
    );
  });

  test.each([1, 2, 3])('with reserved flags %d are taken as without them', (flags) => {
    const bytes = encodeProperties({ deliveryMode: 2 });
    bytes[1] = flags;
    expect(decode(bytes)).toEqual({ deliveryMode: 2 });
    expect(checkProperties(regionOf(bytes).view, 0, bytes.length)).toBe(2);
  });
});

describe('a question about one property', () => {
  test('is answered as if all were decoded', () => {
    fc.assert(
      fc.property(anyProperties, (properties) => {
        expect(ask(encodeProperties(properties))).toEqual({
          headers: properties.headers,
          deliveryMode: properties.deliveryMode ?? 0,
          priority: properties.priority ?? 0,
          expiration: properties.expiration,
        });
      }),
    );
  });

  test('does not read what stands behind it', () => {
    const bytes = encodeProperties({ expiration: '2', headers: table({ a: 1 }), messageId: 'x' });
    const cut = bytes.subarray(0, bytes.length - 2);
    expect(expiration(regionOf(cut), 0, cut.length)).toBe('2');
  });
});

test('random bytes give properties or a CodecError, nothing else', () => {
  const flags = fc.tuple(
    fc.nat(255),
    fc.nat(255).map((low) => low & 0xfc),
  );
  fc.assert(
    fc.property(flags, fc.uint8Array({ maxLength: 200 }), (start, rest) => {
      const bytes = Uint8Array.from([...start, ...rest]);
      for (const read of [decode, ask]) {
        try {
          read(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(CodecError);
        }
      }
    }),
    { numRuns: 2000 },
  );
});
