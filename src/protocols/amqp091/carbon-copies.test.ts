/** Finding CC and BCC in headers, and taking BCC out. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyFieldTable } from '../../../test/support/random-fields.ts';
import { regionOf } from '../../base/bytes.ts';
import { type FieldTable, table } from '../../base/field-table.ts';
import { findCarbonCopies } from './carbon-copies.ts';
import { encodeProperties, readProperties } from './properties.ts';

/** Looks into headers that stand between other properties, somewhere in a buffer. */
function find(headers: FieldTable) {
  const bytes = encodeProperties({ contentType: 'text/plain', headers, appId: 'app' });
  const buffer = regionOf(Buffer.concat([Buffer.alloc(5), bytes, Buffer.alloc(5)]));
  const found = findCarbonCopies(buffer, 5, 5 + bytes.length);
  if (found === undefined) return undefined;
  const { properties } = found;
  return {
    keys: found.keys.map((key) => Buffer.from(key.bytes).toString()),
    properties: properties && readProperties(properties, 0, properties.bytes.length),
  };
}

describe('carbon copies', () => {
  test('are the texts of CC, then those of BCC', () => {
    const found = find(table({ BCC: ['c'], other: 1, CC: ['a', 1, null, 'b'] }));
    expect(found?.keys).toEqual(['a', 'b', 'c']);
  });

  test('BCC is taken out of the properties, and nothing else', () => {
    const found = find(table({ CC: ['a'], BCC: ['b'], z: { n: 1 } }));
    const headers = table({ CC: ['a'], z: { n: 1 } });
    expect(found?.properties).toEqual({ contentType: 'text/plain', headers, appId: 'app' });
  });

  test('with CC alone the properties stay as they came', () => {
    expect(find(table({ CC: ['a'] }))).toEqual({ keys: ['a'], properties: undefined });
  });

  test('names that only look alike are none', () => {
    expect(find(table({ cc: ['a'], C: ['b'], CCC: ['c'], BCC2: ['d'], ACC: ['e'] }))).toBeUndefined();
  });

  test('are found among any headers', () => {
    fc.assert(
      fc.property(anyFieldTable, fc.boolean(), (headers, isFirst) => {
        const others = [...headers].filter(([key]) => key !== 'CC' && key !== 'BCC');
        const copies = [...table({ BCC: ['k'] })];
        const found = find(new Map(isFirst ? [...copies, ...others] : [...others, ...copies]));
        expect(found?.keys).toEqual(['k']);
        expect(found?.properties?.headers).toEqual(new Map(others));
        expect(find(new Map(others))).toBeUndefined();
      }),
    );
  });

  test.each([
    ['CC', 'text', 'longstr'],
    ['BCC', 1, 'signedint'],
    ['CC', null, 'void'],
    ['BCC', true, 'bool'],
    ['CC', { a: 1 }, 'table'],
    ['CC', 1.5, 'double'],
  ])('%s that is no array is refused', (name, value, type) => {
    const text = `PRECONDITION_FAILED - invalid message: {unacceptable_type_in_header,"${name}",${type}}`;
    expect(() => find(table({ [name]: value }))).toThrow(text);
  });

  test('headers that are cut short are no headers', () => {
    const bytes = encodeProperties({ headers: table({ a: 'text' }) });
    expect(() => findCarbonCopies(regionOf(bytes), 0, bytes.length - 1)).toThrow('cut short');
  });
});
