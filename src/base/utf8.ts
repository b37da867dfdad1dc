/**
 * Text to bytes and back. Names and keys are short and mostly ASCII, for which a loop costs a fraction of what a call
 * of the engine's coders does.
 *
 * Bytes that are no UTF-8 become U+FFFD, as do lone surrogates: what must come back unchanged is kept as bytes, and
 * what must be UTF-8 is asked for with `findUtf8`.
 *
 * hot path: flat memory
 */

import type { Region } from './bytes.ts';

/** Joining characters one by one pays up to here; beyond it the engine's decoder is faster, and its texts smaller. */
const DECODE_LOOP_BYTES_MAX = 12;
const ENCODE_LOOP_LENGTH_MAX = 48;

const REPLACEMENT = '\ufffd';

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();

/** The most bytes that a UTF-16 code unit can take. */
export const UTF8_BYTES_PER_UNIT_MAX = 3;

/** The text of bytes `start` up to `end`. */
export function decodeUtf8(region: Region, start: number, end: number): string {
  if (end - start > DECODE_LOOP_BYTES_MAX) return decoder.decode(region.bytes.subarray(start, end));
  let text = '';
  for (let index = start; index < end; index++) {
    const byte = region.view.getUint8(index);
    if (byte >= 0x80) return decoder.decode(region.bytes.subarray(start, end));
    text += String.fromCharCode(byte);
  }
  return text;
}

/** The text of bytes `start` up to `end`; undefined when they are no UTF-8. */
export function findUtf8(region: Region, start: number, end: number): string | undefined {
  const text = decodeUtf8(region, start, end);
  // The character may also have been sent.
  if (!text.includes(REPLACEMENT)) return text;
  const bytes = region.bytes.subarray(start, end);
  const again = encoder.encode(text);
  return again.length === bytes.length && again.every((byte, index) => byte === bytes[index]) ? text : undefined;
}

/**
 * Writes a text at `start`, where there must be room for `text.length * UTF8_BYTES_PER_UNIT_MAX` bytes.
 * @returns how many bytes it took.
 */
export function encodeUtf8(text: string, region: Region, start: number): number {
  if (text.length > ENCODE_LOOP_LENGTH_MAX) return encoder.encodeInto(text, region.bytes.subarray(start)).written;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit >= 0x80) return encoder.encodeInto(text, region.bytes.subarray(start)).written;
    region.view.setUint8(start + index, unit);
  }
  return text.length;
}
