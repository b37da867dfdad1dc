/**
 * Writes numbers, texts and byte strings in network order into memory that grows: the counterpart of `ByteReader`.
 *
 * A writer may be used again and again with `reset`.
 *
 * hot path: flat memory
 */

import { type Region, regionOf } from './bytes.ts';
import { CodecError } from './codec-error.ts';
import { encodeUtf8, UTF8_BYTES_PER_UNIT_MAX } from './utf8.ts';

const FIRST_BYTES = 256;
/** What `reset` keeps for the next use. */
const KEPT_BYTES_MAX = 64 * 1024;
const SHORT_STRING_BYTES_MAX = 255;
const WORD = 2 ** 32;

export class ByteWriter {
  #region: Region = regionOf(new Uint8Array(FIRST_BYTES));
  #length = 0;

  /** The memory written to: valid until the next write, and only its first `length` bytes. */
  get region(): Region {
    return this.#region;
  }

  /** How many bytes were written. */
  get length(): number {
    return this.#length;
  }

  reset(): void {
    this.#length = 0;
    if (this.#region.bytes.length > KEPT_BYTES_MAX) this.#region = regionOf(new Uint8Array(FIRST_BYTES));
  }

  /** A copy of what was written. */
  toBytes(): Uint8Array {
    return this.#region.bytes.slice(0, this.#length);
  }

  u8(value: number): void {
    const at = this.#grow(1);
    this.#region.view.setUint8(at, value);
  }

  u16(value: number): void {
    const at = this.#grow(2);
    this.#region.view.setUint16(at, value);
  }

  u32(value: number): void {
    const at = this.#grow(4);
    this.#region.view.setUint32(at, value);
  }

  u64(value: bigint): void {
    const at = this.#grow(8);
    this.#region.view.setBigUint64(at, value);
  }

  i8(value: number): void {
    const at = this.#grow(1);
    this.#region.view.setInt8(at, value);
  }

  i16(value: number): void {
    const at = this.#grow(2);
    this.#region.view.setInt16(at, value);
  }

  i32(value: number): void {
    const at = this.#grow(4);
    this.#region.view.setInt32(at, value);
  }

  i64(value: bigint): void {
    const at = this.#grow(8);
    this.#region.view.setBigInt64(at, value);
  }

  f32(value: number): void {
    const at = this.#grow(4);
    this.#region.view.setFloat32(at, value);
  }

  f64(value: number): void {
    const at = this.#grow(8);
    this.#region.view.setFloat64(at, value);
  }

  /** Up to eight booleans in one byte, the first in the lowest bit. */
  bits(...values: readonly boolean[]): void {
    let byte = 0;
    for (let index = 0; index < values.length; index++) if (values[index] === true) byte |= 1 << index;
    this.u8(byte);
  }

  /** See `ByteReader.deliveryTag`; `Infinity` is written as the highest number there is. */
  deliveryTag(value: number): void {
    const isExact = Number.isSafeInteger(value);
    this.u32(isExact ? Math.floor(value / WORD) : WORD - 1);
    this.u32(isExact ? value % WORD : WORD - 1);
  }

  /** A text after its length in one byte. @throws CodecError when it takes more than 255 bytes. */
  shortString(text: string): void {
    if (text.length > SHORT_STRING_BYTES_MAX) throw tooLong(text.length);
    const at = this.#grow(1 + text.length * UTF8_BYTES_PER_UNIT_MAX);
    const written = encodeUtf8(text, this.#region, at + 1);
    if (written > SHORT_STRING_BYTES_MAX) throw tooLong(written);
    this.#region.view.setUint8(at, written);
    this.#length = at + 1 + written;
  }

  /** Bytes after their length in four bytes. */
  longString(value: Uint8Array): void {
    this.u32(value.length);
    this.bytes(value);
  }

  bytes(value: Uint8Array): void {
    const at = this.#grow(value.length);
    this.#region.bytes.set(value, at);
  }

  /** Leaves four bytes for a length that is not known yet. @returns their place, for `endLength`. */
  beginLength(): number {
    return this.#grow(4);
  }

  /** Fills in the length of everything written since `beginLength`. */
  endLength(at: number): void {
    this.#region.view.setUint32(at, this.#length - at - 4);
  }

  /** Makes room for `bytes` more. @returns where they begin. */
  #grow(bytes: number): number {
    const at = this.#length;
    const length = at + bytes;
    if (length > this.#region.bytes.length) {
      const larger = regionOf(new Uint8Array(Math.max(length, 2 * this.#region.bytes.length)));
      larger.bytes.set(this.#region.bytes.subarray(0, at));
      this.#region = larger;
    }
    this.#length = length;
    return at;
  }
}

function tooLong(bytes: number): CodecError {
  return new CodecError(`shortstr of at least ${bytes} bytes: at most ${SHORT_STRING_BYTES_MAX} are possible`);
}
