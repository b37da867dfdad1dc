/** Random field tables for property tests: every type of field, nested, with keys of any text that fits. */

import fc from 'fast-check';
import type { Field, FieldTable } from '../../src/base/field-table.ts';

/** Text that takes at most 255 bytes on the wire. */
export const anyShortString = fc.string({ unit: 'grapheme', maxLength: 30 }).filter((text) => utf8Bytes(text) <= 255);

export const anyBytes = fc.uint8Array({ maxLength: 40 });

const numberFields: fc.Arbitrary<Field>[] = [
  field('b', fc.integer({ min: -128, max: 127 })),
  field('B', fc.integer({ min: 0, max: 255 })),
  field('s', fc.integer({ min: -32_768, max: 32_767 })),
  field('u', fc.integer({ min: 0, max: 65_535 })),
  field('I', fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
  field('i', fc.integer({ min: 0, max: 2 ** 32 - 1 })),
  field('f', fc.float()),
  field('d', fc.double()),
];

const longField = fc.record({
  type: fc.constantFrom('l' as const, 'L' as const),
  value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
});

const { table } = fc.letrec<{ field: Field; table: FieldTable }>((tie) => ({
  field: fc.oneof(
    { maxDepth: 3 },
    fc.constant<Field>({ type: 'V' }),
    fc.boolean().map((value): Field => ({ type: 't', value })),
    ...numberFields,
    longField,
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((value): Field => ({ type: 'T', value })),
    fc.record({ type: fc.constant('D' as const), scale: fc.nat(255), value: fc.integer({ min: 0, max: 2 ** 32 - 1 }) }),
    fc.record({ type: fc.constantFrom('S' as const, 'x' as const), value: anyBytes }),
    fc.array(tie('field'), { maxLength: 4 }).map((value): Field => ({ type: 'A', value })),
    tie('table').map((value): Field => ({ type: 'F', value })),
  ),
  table: fc.array(fc.tuple(anyShortString, tie('field')), { maxLength: 5 }).map((entries) => new Map(entries)),
}));

export const anyFieldTable: fc.Arbitrary<FieldTable> = table;

function field(type: 'b' | 'B' | 's' | 'u' | 'I' | 'i' | 'f' | 'd', values: fc.Arbitrary<number>): fc.Arbitrary<Field> {
  return values.map((value) => ({ type, value }));
}

function utf8Bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}
