/** Copying and comparing, below and above the length from which the engine's own copy is used. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { copyBytes, equalBytes, regionOf } from './bytes.ts';

const contents = fc.uint8Array({ maxLength: 200 });

test('copies exactly the bytes asked for', () => {
  fc.assert(
    fc.property(contents, fc.nat(20), fc.nat(20), (bytes, before, after) => {
      const from = regionOf(Uint8Array.from([...new Uint8Array(before).fill(1), ...bytes]));
      const to = regionOf(new Uint8Array(after + bytes.length + 1).fill(2));
      copyBytes(to, after, from, before, bytes.length);
      expect([...to.bytes]).toEqual([...new Uint8Array(after).fill(2), ...bytes, 2]);
    }),
  );
});

test('tells equal runs from runs that differ in one byte', () => {
  fc.assert(
    fc.property(contents, fc.nat(20), fc.nat(), (bytes, shift, at) => {
      const a = regionOf(bytes);
      const b = regionOf(Uint8Array.from([...new Uint8Array(shift), ...bytes]));
      expect(equalBytes(a, 0, b, shift, bytes.length)).toBe(true);
      if (bytes.length === 0) return;
      const position = shift + (at % bytes.length);
      b.view.setUint8(position, b.view.getUint8(position) ^ 1);
      expect(equalBytes(a, 0, b, shift, bytes.length)).toBe(false);
    }),
  );
});
