/**
 * Messages to a page's bytes and back.
 *
 * hot path: flat memory
 */

import { assert } from '../../../base/assert.ts';
import { copyBytes, type Region } from '../../../base/bytes.ts';
import { type Messages, NEVER_MS } from '../../../core/messages.ts';
import { HOLE } from '../../../core/ports.ts';
import { checksum } from '../batch-format.ts';
import { isSettled, type SettledBits } from './durable-page.ts';
import {
  alignedBytes,
  isContentWhole,
  LARGE_BIT,
  LENGTH_BYTES,
  PAGE_HEAD_BYTES,
  type PagePlace,
  RUN_LENGTH_BYTES,
  readPageHead,
  writePageHead,
} from './page-format.ts';

/** What of a list of messages fits on a page. */
export interface PageMeasure {
  /** So many of the first, with the holes behind the last. */
  readonly span: number;
  /** Of the whole page. */
  readonly bytes: number;
  /** Messages, and how many of them are persistent. */
  readonly entries: number;
  readonly persistent: number;
  /** When the first of them expires: see `PagePlace`. */
  readonly earliestExpiryMs: number;
}

/** @param bytesMax that the page may have unless its first message alone takes more */
export function measurePage(messages: Messages, handles: Uint32Array, bytesMax: number): PageMeasure {
  let bytes = PAGE_HEAD_BYTES;
  let entries = 0;
  let persistent = 0;
  let earliestExpiryMs = NEVER_MS;
  let span = 0;
  for (; span < handles.length; span++) {
    const handle = handles[span]!;
    const more = handle === HOLE ? LENGTH_BYTES : LENGTH_BYTES + contentBytes(messages, handle);
    if (handle !== HOLE && entries > 0 && bytes + more > bytesMax) break;
    bytes += more;
    if (handle === HOLE) continue;
    entries++;
    if (messages.isPersistent(handle)) persistent++;
    const expiresAtMs = messages.expiresAtMs(handle);
    if (expiresAtMs < earliestExpiryMs) earliestExpiryMs = expiresAtMs;
  }
  return { span, bytes: alignedBytes(bytes), entries, persistent, earliestExpiryMs };
}

/** Writes a page to `place.bytes` bytes from `at` on, as measured. */
export function encodePage(
  messages: Messages,
  handles: Uint32Array,
  place: Omit<PagePlace, 'offset'>,
  to: Region,
  at: number,
): void {
  const { view } = to;
  const index = at + PAGE_HEAD_BYTES;
  const end = at + place.bytes;
  let position = index + place.span * LENGTH_BYTES;
  for (let entry = 0; entry < place.span; entry++) {
    const handle = handles[entry]!;
    const length = handle === HOLE ? 0 : encodeMessage(messages, handle, to, position);
    view.setUint32(index + entry * LENGTH_BYTES, length, true);
    position += length & ~LARGE_BIT;
  }
  assert(alignedBytes(position - at) === place.bytes, 'a page has another length than was measured');
  to.bytes.fill(0, position, end);
  const { queueId, firstSequence, file, span, earliestExpiryMs } = place;
  const contentBytes = end - index;
  const contentCrc = checksum(view, index, end);
  writePageHead(view, at, { queueId, firstSequence, file, span, contentBytes, contentCrc, earliestExpiryMs });
}

/** The page's bytes, alone in `view`, are those that were written to that place. */
export function isPageAt(view: DataView, place: PagePlace): boolean {
  const head = readPageHead(view, 0);
  if (head === undefined || PAGE_HEAD_BYTES + head.contentBytes !== place.bytes) return false;
  const { queueId, firstSequence, file, span } = place;
  const isIt = head.queueId === queueId && head.firstSequence === firstSequence && head.file === file;
  return isIt && head.span === span && isContentWhole(view, 0, head);
}

/**
 * Brings the messages of a page, which `isPageAt`, back into memory under new handles.
 * @param handles gets one for each sequence, `HOLE` where there is no message
 */
export function decodePage(messages: Messages, from: Region, handles: Uint32Array): void {
  let position = PAGE_HEAD_BYTES + handles.length * LENGTH_BYTES;
  for (let entry = 0; entry < handles.length; entry++) {
    const length = from.view.getUint32(PAGE_HEAD_BYTES + entry * LENGTH_BYTES, true);
    handles[entry] = length === 0 ? HOLE : decodeMessage(messages, from, position, length, true);
    position += length & ~LARGE_BIT;
  }
}

/** The same for a page that another process wrote: what was settled since stays away, routes are not known any more. */
export function decodeRestoredPage(messages: Messages, from: Region, handles: Uint32Array, settled: SettledBits): void {
  let position = PAGE_HEAD_BYTES + handles.length * LENGTH_BYTES;
  for (let entry = 0; entry < handles.length; entry++) {
    const length = from.view.getUint32(PAGE_HEAD_BYTES + entry * LENGTH_BYTES, true);
    const isGone = length === 0 || isSettled(settled, entry);
    handles[entry] = isGone ? HOLE : decodeMessage(messages, from, position, length, false);
    position += length & ~LARGE_BIT;
  }
}

function contentBytes(messages: Messages, handle: number): number {
  const isLarge = messages.largeBody(handle) !== undefined;
  return messages.storedBytes(handle) + (isLarge ? RUN_LENGTH_BYTES : 0);
}

/** @returns the length for the index */
function encodeMessage(messages: Messages, handle: number, to: Region, at: number): number {
  const runBytes = messages.runBytes(handle);
  const from = messages.regionOf(handle);
  const start = messages.offsetOf(handle);
  const pieces = messages.largeBody(handle);
  if (pieces === undefined) {
    copyBytes(to, at, from, start, runBytes);
    return runBytes;
  }
  to.view.setUint32(at, runBytes, true);
  copyBytes(to, at + RUN_LENGTH_BYTES, from, start, runBytes);
  let position = at + RUN_LENGTH_BYTES + runBytes;
  for (const piece of pieces) {
    to.bytes.set(piece, position);
    position += piece.length;
  }
  return ((position - at) | LARGE_BIT) >>> 0;
}

function decodeMessage(messages: Messages, from: Region, at: number, length: number, isRouted: boolean): number {
  const isLarge = length >= LARGE_BIT;
  const runBytes = isLarge ? from.view.getUint32(at, true) : length;
  const start = isLarge ? at + RUN_LENGTH_BYTES : at;
  const largeBytes = isLarge ? (length & ~LARGE_BIT) - RUN_LENGTH_BYTES - runBytes : 0;
  if (isRouted) return messages.readmit(from, start, runBytes, largeBytes);
  return messages.restore(from, start, runBytes, largeBytes);
}
