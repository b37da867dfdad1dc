/**
 * The records inside a batch's payload, one after the other without gaps, little-endian.
 *
 *     publish, moved   see `putContentHead`
 *     settle           kind u8, reason u8, zero u16, count u32, queue u64, first sequence u64
 *     watermark        kind u8, zero u8, zero u16, zero u32, queue u64, sequence u64
 *     used             the same: the highest sequence that was ever logged; in checkpoints only
 *     paged            see `putPaged`
 *     definition       kind u8, zero u8, zero u16, bytes u32, the definition (definition-codec.ts)
 *     facts of messages, seen keys: see side-record-codec.ts; in batches behind all others
 *
 * The run is the message as it stands in memory (core/messages.ts). A kind not listed here is a newer program's: its batch
 * cannot be read. This is a hot path.
 */

import { NEVER_MS } from '../../core/messages.ts';
import { RECORD_KINDS, type SettleReason } from '../../core/records.ts';
import type { SideFact } from '../../core/side-fact.ts';
import { getNumber, putNumber } from './batch-format.ts';
import type { SettledBits } from './pages/durable-page.ts';
import { type PagePlace, UNKNOWN_EXPIRY_MS } from './pages/page-format.ts';
import { isSideKind, readSideFact, sideRecordBytes } from './side-record-codec.ts';

/** Before the targets of a publish. */
export const CONTENT_RECORD_BYTES = 16;
export const TARGET_BYTES = 16;
/** A settle, a watermark, a used. */
export const PAIR_RECORD_BYTES = 24;
/** Before the bits of what is settled. */
export const PAGED_RECORD_BYTES = 48;
/** In the record of a page: none of its messages expires. Without it, the page's head must be asked. */
const NONE_EXPIRES = 1;
/** Before the bytes of a definition. */
export const DEFINITION_RECORD_BYTES = 8;

/**
 * kind u8, zero u8, zero u16, targets u32, run bytes u32, large body bytes u32; behind it targets × (queue u64,
 * sequence u64), the run, the large body.
 */
export function putContentHead(
  view: DataView,
  at: number,
  kind: number,
  targets: number,
  runBytes: number,
  largeBytes: number,
): void {
  view.setUint32(at, kind, true);
  view.setUint32(at + 4, targets, true);
  view.setUint32(at + 8, runBytes, true);
  view.setUint32(at + 12, largeBytes, true);
}

export function putTarget(view: DataView, at: number, queueId: number, sequence: number): void {
  putNumber(view, at, queueId);
  putNumber(view, at + 8, sequence);
}

export function putSettle(
  view: DataView,
  at: number,
  queueId: number,
  sequence: number,
  count: number,
  reason: number,
): void {
  view.setUint32(at, RECORD_KINDS.settle | (reason << 8), true);
  view.setUint32(at + 4, count, true);
  putTarget(view, at + 8, queueId, sequence);
}

export function putWatermark(view: DataView, at: number, queueId: number, sequence: number): void {
  view.setUint32(at, RECORD_KINDS.deliveryWatermark, true);
  view.setUint32(at + 4, 0, true);
  putTarget(view, at + 8, queueId, sequence);
}

export function putUsed(view: DataView, at: number, queueId: number, sequence: number): void {
  view.setUint32(at, RECORD_KINDS.checkpoint, true);
  view.setUint32(at + 4, 0, true);
  putTarget(view, at + 8, queueId, sequence);
}

/**
 * kind u8, expiry u8, zero u16, span u32, queue u64, first sequence u64, file u64, offset u64, bytes u32, settled bytes u32,
 * settled: a bit for each sequence, 1 where nothing is live; when it is empty, all are live.
 * @returns how many bytes it takes
 */
export function putPaged(view: DataView, at: number, page: PagePlace, settled: SettledBits): number {
  const bits = settled?.length ?? 0;
  const expiry = page.earliestExpiryMs === NEVER_MS ? NONE_EXPIRES : 0;
  view.setUint32(at, RECORD_KINDS.paged | (expiry << 8), true);
  view.setUint32(at + 4, page.span, true);
  putTarget(view, at + 8, page.queueId, page.firstSequence);
  putNumber(view, at + 24, page.file);
  putNumber(view, at + 32, page.offset);
  view.setUint32(at + 40, page.bytes, true);
  view.setUint32(at + 44, bits, true);
  for (let index = 0; index < bits; index++) view.setUint8(at + PAGED_RECORD_BYTES + index, settled?.[index] ?? 0);
  return PAGED_RECORD_BYTES + bits;
}

export function putDefinitionHead(view: DataView, at: number, bytes: number): void {
  view.setUint32(at, RECORD_KINDS.definition, true);
  view.setUint32(at + 4, bytes, true);
}

/** What `readRecords` finds. Positions are places in the payload's view. */
export interface RecordReader {
  /** @param targetsAt where the targets begin: see `targetQueue` and `targetSequence` */
  content(targetsAt: number, targets: number, runAt: number, runBytes: number, largeBytes: number): void;
  settle(queueId: number, sequence: number, count: number, reason: SettleReason): void;
  watermark(queueId: number, sequence: number): void;
  used(queueId: number, sequence: number): void;
  /** @param settled of its own */
  paged(page: PagePlace, settled: SettledBits): void;
  definition(at: number, bytes: number): void;
  sideFact(fact: SideFact): void;
}

/** Of a publish or a moved that begins at `at`. */
export function contentTargets(view: DataView, at: number): number {
  return view.getUint32(at + 4, true);
}

export function contentRunBytes(view: DataView, at: number): number {
  return view.getUint32(at + 8, true);
}

export function contentLargeBytes(view: DataView, at: number): number {
  return view.getUint32(at + 12, true);
}

/** The whole record. */
export function contentBytes(view: DataView, at: number): number {
  const body = contentRunBytes(view, at) + contentLargeBytes(view, at);
  return CONTENT_RECORD_BYTES + contentTargets(view, at) * TARGET_BYTES + body;
}

export function targetQueue(view: DataView, targetsAt: number, index: number): number {
  return getNumber(view, targetsAt + index * TARGET_BYTES);
}

export function targetSequence(view: DataView, targetsAt: number, index: number): number {
  return getNumber(view, targetsAt + index * TARGET_BYTES + 8);
}

/**
 * Reads the records from `at` up to `end`.
 * @throws Error when they do not fit, or say what no record can: the checksum was right, so a program wrote this that is not
 * known here.
 */
export function readRecords(view: DataView, at: number, end: number, reader: RecordReader): void {
  let place = at;
  while (place < end) {
    const next = place + recordBytes(view, place, end);
    if (next > end) throw new Error(`a record at byte ${place - at} goes beyond its batch`);
    readRecord(view, place, reader);
    place = next;
  }
}

function recordBytes(view: DataView, at: number, end: number): number {
  if (at + DEFINITION_RECORD_BYTES > end) throw new Error('a batch ends within a record');
  const kind = view.getUint8(at);
  switch (kind) {
    case RECORD_KINDS.publish:
    case RECORD_KINDS.moved:
      if (at + CONTENT_RECORD_BYTES > end) throw new Error('a batch ends within a record');
      return contentBytes(view, at);
    case RECORD_KINDS.settle:
    case RECORD_KINDS.deliveryWatermark:
    case RECORD_KINDS.checkpoint:
      return PAIR_RECORD_BYTES;
    case RECORD_KINDS.paged:
      if (at + PAGED_RECORD_BYTES > end) throw new Error('a batch ends within a record');
      return PAGED_RECORD_BYTES + view.getUint32(at + 44, true);
    case RECORD_KINDS.definition:
      return DEFINITION_RECORD_BYTES + view.getUint32(at + 4, true);
    default:
      if (isSideKind(kind)) return sideRecordBytes(view, at, kind);
      throw new Error(`records of kind ${kind} are not known to this version`);
  }
}

function readRecord(view: DataView, at: number, reader: RecordReader): void {
  const kind = view.getUint8(at);
  if (kind === RECORD_KINDS.publish || kind === RECORD_KINDS.moved) return readContent(view, at, reader);
  if (kind === RECORD_KINDS.definition) {
    return reader.definition(at + DEFINITION_RECORD_BYTES, view.getUint32(at + 4, true));
  }
  if (kind === RECORD_KINDS.paged) return readPaged(view, at, reader);
  if (isSideKind(kind)) return reader.sideFact(readSideFact(view, at, kind));
  const queueId = getNumber(view, at + 8);
  const sequence = getNumber(view, at + 16);
  if (kind === RECORD_KINDS.deliveryWatermark) return reader.watermark(queueId, sequence);
  if (kind === RECORD_KINDS.checkpoint) return reader.used(queueId, sequence);
  reader.settle(queueId, sequence, view.getUint32(at + 4, true), view.getUint8(at + 1) as SettleReason);
}

function readContent(view: DataView, at: number, reader: RecordReader): void {
  const targets = contentTargets(view, at);
  const targetsAt = at + CONTENT_RECORD_BYTES;
  const runAt = targetsAt + targets * TARGET_BYTES;
  reader.content(targetsAt, targets, runAt, contentRunBytes(view, at), contentLargeBytes(view, at));
}

function readPaged(view: DataView, at: number, reader: RecordReader): void {
  const page = {
    queueId: getNumber(view, at + 8),
    firstSequence: getNumber(view, at + 16),
    span: view.getUint32(at + 4, true),
    file: getNumber(view, at + 24),
    offset: getNumber(view, at + 32),
    bytes: view.getUint32(at + 40, true),
    earliestExpiryMs: view.getUint8(at + 1) === NONE_EXPIRES ? NEVER_MS : UNKNOWN_EXPIRY_MS,
  };
  const bits = view.getUint32(at + 44, true);
  const start = view.byteOffset + at + PAGED_RECORD_BYTES;
  reader.paged(page, bits === 0 ? undefined : new Uint8Array(view.buffer, start, bits).slice());
}
