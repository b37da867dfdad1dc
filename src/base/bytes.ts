/**
 * Copying bytes between two buffers on the hot path.
 *
 * hot path: flat memory
 */

/** Up to here four bytes at a time beat the engine's own copy, whose call costs about 30 ns whatever the length. */
const LOOP_BYTES_MAX = 64;

/** A region of memory that can be read both as bytes and through a view; both stand on the same bytes. */
export interface Region {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/** Copies `length` bytes. The regions may not overlap. */
export function copyBytes(to: Region, toStart: number, from: Region, fromStart: number, length: number): void {
  if (length > LOOP_BYTES_MAX) {
    to.bytes.set(from.bytes.subarray(fromStart, fromStart + length), toStart);
    return;
  }
  const target = to.view;
  const source = from.view;
  let index = 0;
  for (; index + 4 <= length; index += 4) {
    target.setInt32(toStart + index, source.getInt32(fromStart + index, true), true);
  }
  for (; index < length; index++) target.setUint8(toStart + index, source.getUint8(fromStart + index));
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
