/**
 * Replaces a part of some bytes, in a copy.
 */

import { type Region, regionOf } from '../../base/bytes.ts';

interface Span {
  readonly start: number;
  readonly end: number;
}

/** The bytes of `whole` with `insertion` where `part` was. */
export function spliced(region: Region, whole: Span, part: Span, insertion: Uint8Array): Region {
  const { bytes } = region;
  const before = part.start - whole.start;
  const copy = new Uint8Array(before + insertion.length + whole.end - part.end);
  copy.set(bytes.subarray(whole.start, part.start));
  copy.set(insertion, before);
  copy.set(bytes.subarray(part.end, whole.end), before + insertion.length);
  return regionOf(copy);
}
