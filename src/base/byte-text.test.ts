/** Bytes as texts: any bytes come back. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { byteText, putByteText } from './byte-text.ts';

test('any bytes are a text of as many characters, and are the same bytes again', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 255 }), (bytes) => {
      const text = byteText(bytes);
      const view = new DataView(new ArrayBuffer(text.length));
      putByteText(view, 0, text);
      expect(text).toHaveLength(bytes.length);
      expect(new Uint8Array(view.buffer)).toEqual(bytes);
    }),
  );
});
