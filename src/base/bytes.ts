/**
 * Copying bytes between two buffers on the hot path.
 *
 * hot path: flat memory
 */

/** Up to here four bytes at a time are fastest. */
const LOOP_BYTES_MAX = 64;
/** Up to here sixteen bytes at a time beat the engine's own copy, whose call costs about 50 ns whatever the length. */
const LONG_LOOP_BYTES_MAX = 256;

/** A region of memory that can be read both as bytes and through a view; both stand on the same bytes. */
export interface Region {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/** Copies `length` bytes. The regions may not overlap. */
export function copyBytes(to: Region, toStart: number, from: Region, fromStart: number, length: number): void {
  if (length > LOOP_BYTES_MAX) return copyMany(to, toStart, from, fromStart, length);
  const target = to.view;
  const source = from.view;
  let index = 0;
  for (; index + 4 <= length; index += 4) {
    target.setInt32(toStart + index, source.getInt32(fromStart + index, true), true);
  }
  for (; index < length; index++) target.setUint8(toStart + index, source.getUint8(fromStart + index));
}

function copyMany(to: Region, toStart: number, from: Region, fromStart: number, length: number): void {
  if (length > LONG_LOOP_BYTES_MAX) {
    // A third less than subarray, which looks for species. The view gives its buffer without a call, the array does not.
    const { buffer, byteOffset } = from.view;
    to.bytes.set(new Uint8Array(buffer, byteOffset + fromStart, length), toStart);
    return;
  }
  const target = to.view;
  const source = from.view;
  const last = fromStart + length - 16;
  let at = toStart;
  let fromAt = fromStart;
  for (; fromAt <= last; fromAt += 16, at += 16) {
    target.setInt32(at, source.getInt32(fromAt, true), true);
    target.setInt32(at + 4, source.getInt32(fromAt + 4, true), true);
    target.setInt32(at + 8, source.getInt32(fromAt + 8, true), true);
    target.setInt32(at + 12, source.getInt32(fromAt + 12, true), true);
  }
  copyBytes(to, at, from, fromAt, fromStart + length - fromAt);
}

/** True when `length` bytes at both places are the same. */
export function equalBytes(a: Region, aStart: number, b: Region, bStart: number, length: number): boolean {
  const left = a.view;
  const right = b.view;
  let index = 0;
  for (; index + 4 <= length; index += 4) {
    if (left.getInt32(aStart + index, true) !== right.getInt32(bStart + index, true)) return false;
  }
  for (; index < length; index++) {
    if (left.getUint8(aStart + index) !== right.getUint8(bStart + index)) return false;
  }
  return true;
}

/** No bytes at all. */
export const EMPTY_REGION: Region = { bytes: new Uint8Array(0), view: new DataView(new ArrayBuffer(0)) };

/** A region over bytes that already exist. */
export function regionOf(bytes: Uint8Array): Region {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
}
