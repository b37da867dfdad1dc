/**
 * Reads numbers, texts and byte strings in network order from a region, one after the other, and never past its end.
 *
 * Every length is checked before anything is allocated for it. Each method takes the name of what it reads, for the
 * error. A reader may be used again and again with `reset`.
 *
 * hot path: flat memory
 */

import { type Region, regionOf } from './bytes.ts';
import { CodecError, MalformedTextError } from './codec-error.ts';
import { decodeUtf8, findUtf8 } from './utf8.ts';

const EMPTY = regionOf(new Uint8Array(0));
const HIGH_WORD = 2 ** 32;
/** High words from here on make numbers that a double does not hold exactly. */
const HIGH_WORD_INEXACT = 2 ** 21;

export class ByteReader {
  #region: Region;
  #position: number;
  #end: number;

  constructor(region: Region = EMPTY, start = 0, end = region.bytes.length) {
    this.#region = region;
    this.#position = start;
    this.#end = end;
  }

  /** Starts over with bytes `start` up to `end` of a region. */
  reset(region: Region, start: number, end: number): void {
    this.#region = region;
    this.#position = start;
    this.#end = end;
  }

  /** Where in the region the next byte is read. */
  get position(): number {
    return this.#position;
  }

  /** Where in the region reading ends. */
  get end(): number {
    return this.#end;
  }

  get remaining(): number {
    return this.#end - this.#position;
  }

  /** Lets reading end `length` bytes from here, for a nested value. @returns the end until now, for `widen`. */
  narrow(length: number, what: string): number {
    this.#check(length, what);
    const outerEnd = this.#end;
    this.#end = this.#position + length;
    return outerEnd;
  }

  /** The opposite of `narrow`. */
  widen(outerEnd: number): void {
    this.#end = outerEnd;
  }

  /** @throws CodecError unless everything was read. */
  expectEnd(what: string): void {
    if (this.remaining !== 0) throw new CodecError(`${what} has ${this.remaining} bytes too many`);
  }

  skip(length: number, what = 'bytes'): void {
    this.#take(length, what);
  }

  u8(what = 'octet'): number {
    return this.#region.view.getUint8(this.#take(1, what));
  }

  u16(what = 'short'): number {
    return this.#region.view.getUint16(this.#take(2, what));
  }

  u32(what = 'long'): number {
    return this.#region.view.getUint32(this.#take(4, what));
  }

  u64(what = 'longlong'): bigint {
    return this.#region.view.getBigUint64(this.#take(8, what));
  }

  i8(what = 'octet'): number {
    return this.#region.view.getInt8(this.#take(1, what));
  }

  i16(what = 'short'): number {
    return this.#region.view.getInt16(this.#take(2, what));
  }

  i32(what = 'long'): number {
    return this.#region.view.getInt32(this.#take(4, what));
  }

  i64(what = 'longlong'): bigint {
    return this.#region.view.getBigInt64(this.#take(8, what));
  }

  f32(what = 'float'): number {
    return this.#region.view.getFloat32(this.#take(4, what));
  }

  f64(what = 'double'): number {
    return this.#region.view.getFloat64(this.#take(8, what));
  }

  /** An unsigned 64-bit number that is counted up from 1 and so fits a double; `Infinity` from 2^53 on. */
  deliveryTag(what = 'delivery-tag'): number {
    const start = this.#take(8, what);
    const high = this.#region.view.getUint32(start);
    if (high >= HIGH_WORD_INEXACT) return Number.POSITIVE_INFINITY;
    return high * HIGH_WORD + this.#region.view.getUint32(start + 4);
  }

  /** A text of up to 255 bytes after its length in one byte. */
  shortString(what = 'shortstr'): string {
    const length = this.u8(what);
    const start = this.#take(length, what);
    return decodeUtf8(this.#region, start, start + length);
  }

  /** A short string that must be UTF-8. @throws MalformedTextError when it is none. */
  shortText(what = 'shortstr'): string {
    const length = this.u8(what);
    const start = this.#take(length, what);
    const text = findUtf8(this.#region, start, start + length);
    if (text === undefined) throw new MalformedTextError(`${what} is no UTF-8`);
    return text;
  }

  /** A copy of the bytes after their length in four bytes. */
  longString(what = 'longstr'): Uint8Array {
    const length = this.u32(what);
    return this.bytes(length, what);
  }

  /** A copy of the next `length` bytes. */
  bytes(length: number, what = 'bytes'): Uint8Array {
    const start = this.#take(length, what);
    return this.#region.bytes.slice(start, start + length);
  }

  #take(length: number, what: string): number {
    this.#check(length, what);
    const start = this.#position;
    this.#position = start + length;
    return start;
  }

  #check(length: number, what: string): void {
    if (length > this.#end - this.#position) {
      throw new CodecError(`${what} is cut short: ${length} bytes expected, ${this.remaining} left`);
    }
  }
}
