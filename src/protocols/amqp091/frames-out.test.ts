/** Frames on their way out: the envelope, and that frames stand in an output one after the other. */

import { expect, test } from 'vitest';
import { CodecError } from '../../base/codec-error.ts';
import { ChunkPool, Output } from '../../base/output.ts';
import { encodeFrame, writeMethodFrame } from './frames-out.ts';

const testOutput = () => new Output(new ChunkPool(), { unpin: () => {} });

function taken(output: Output): Uint8Array {
  return Uint8Array.from(output.take().parts.flatMap((part) => [...part]));
}

test('a frame is type, channel and length, the payload, and the end octet', () => {
  expect(encodeFrame(3, 0x0102, Uint8Array.of(7, 8))).toEqual(Uint8Array.of(3, 1, 2, 0, 0, 0, 2, 7, 8, 0xce));
  expect(encodeFrame(8, 0, new Uint8Array(0))).toEqual(Uint8Array.of(8, 0, 0, 0, 0, 0, 0, 0xce));
});

test('method frames follow one another in the output', () => {
  const output = testOutput();
  writeMethodFrame(output, 1, { name: 'channel.close-ok' });
  writeMethodFrame(output, 2, { name: 'basic.ack', deliveryTag: 3, multiple: true });
  const first = [1, 0, 1, 0, 0, 0, 4, 0, 20, 0, 41, 0xce];
  const second = [1, 0, 2, 0, 0, 0, 13, 0, 60, 0, 80, 0, 0, 0, 0, 0, 0, 0, 3, 1, 0xce];
  expect(taken(output)).toEqual(Uint8Array.from([...first, ...second]));
});

test('a method that cannot be written leaves nothing behind', () => {
  const output = testOutput();
  const replyText = 'x'.repeat(256);
  const close = { name: 'channel.close', replyCode: 404, replyText, classId: 0, methodId: 0 } as const;
  expect(() => writeMethodFrame(output, 1, close)).toThrow(CodecError);
  expect(output.hasBytes).toBe(false);
});

test('a method larger than a chunk of the output is written whole', () => {
  const output = testOutput();
  writeMethodFrame(output, 1, { name: 'connection.secure', challenge: new Uint8Array(300_000).fill(5) });
  const bytes = taken(output);
  expect(bytes.length).toBe(8 + 4 + 4 + 300_000);
  expect(bytes.at(-1)).toBe(0xce);
});
