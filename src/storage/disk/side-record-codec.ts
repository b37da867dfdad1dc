/**
 * The records of facts about messages and keys (core/side-fact.ts), little-endian.
 *
 *     returned         kind u8, zero u8, zero u16, count u32, queue u64, sequence u64
 *     delayDue         kind u8, zero u8, zero u16, zero u32, queue u64, sequence u64, due u64
 *     delayCancelled   kind u8, zero u8, zero u16, zero u32, queue u64, sequence u64
 *     dedupSeen        kind u8, zero u8, zero u16, key bytes u32, queue u64, until u64, key
 *     groupKey         kind u8, zero u8, zero u16, key bytes u32, queue u64, sequence u64, key
 *
 * Times are milliseconds. Numbers of eight bytes go up to 2^53 - 1, keys up to 255 bytes.
 */

import { assert, unreachable } from '../../base/assert.ts';
import { byteText, putByteText } from '../../base/byte-text.ts';
import { RECORD_KINDS } from '../../core/records.ts';
import { KEY_BYTES_MAX, type SideFact } from '../../core/side-fact.ts';
import { getNumber, putNumber } from './batch-format.ts';

/** Before a due time or a key. */
const HEAD_BYTES = 24;
const DUE_BYTES = 32;
const COUNT_MAX = 0xffff_ffff;

type SideKind = (typeof RECORD_KINDS)[SideFact['kind']];

const KINDS: ReadonlySet<number> = new Set<SideKind>([
  RECORD_KINDS.returned,
  RECORD_KINDS.delayDue,
  RECORD_KINDS.delayCancelled,
  RECORD_KINDS.dedupSeen,
  RECORD_KINDS.groupKey,
]);

export function isSideKind(kind: number): kind is SideKind {
  return KINDS.has(kind);
}

/** How many bytes a fact takes. */
export function sideFactBytes(fact: SideFact): number {
  if (fact.kind === 'delayDue') return DUE_BYTES;
  return fact.kind === 'groupKey' || fact.kind === 'dedupSeen' ? HEAD_BYTES + fact.key.length : HEAD_BYTES;
}

/** A caller that does not keep to the ranges has a bug. */
export function assertSideFact(fact: SideFact): void {
  const why = whyMalformed(fact);
  assert(why === undefined, `${why}`);
}

/** @returns how many bytes it takes */
export function putSideFact(view: DataView, at: number, fact: SideFact): number {
  view.setUint32(at, RECORD_KINDS[fact.kind], true);
  view.setUint32(at + 4, smallNumberOf(fact), true);
  putNumber(view, at + 8, fact.queueId);
  putNumber(view, at + 16, fact.kind === 'dedupSeen' ? fact.untilMs : fact.sequence);
  if (fact.kind === 'delayDue') putNumber(view, at + HEAD_BYTES, fact.dueMs);
  else if (fact.kind === 'groupKey' || fact.kind === 'dedupSeen') putByteText(view, at + HEAD_BYTES, fact.key);
  return sideFactBytes(fact);
}

function smallNumberOf(fact: SideFact): number {
  switch (fact.kind) {
    case 'returned':
      return fact.count;
    case 'groupKey':
    case 'dedupSeen':
      return fact.key.length;
    case 'delayDue':
    case 'delayCancelled':
      return 0;
    default:
      return unreachable(fact);
  }
}

/** How many bytes the record at `at` takes, of which eight are at hand. @throws Error when its key is too long */
export function sideRecordBytes(view: DataView, at: number, kind: SideKind): number {
  if (kind === RECORD_KINDS.delayDue) return DUE_BYTES;
  if (kind !== RECORD_KINDS.groupKey && kind !== RECORD_KINDS.dedupSeen) return HEAD_BYTES;
  const keyBytes = view.getUint32(at + 4, true);
  if (keyBytes > KEY_BYTES_MAX) throw new Error(`a record of kind ${kind} has a key of ${keyBytes} bytes`);
  return HEAD_BYTES + keyBytes;
}

/** Reads a record that is wholly there. @throws Error when it is none that is ever written */
export function readSideFact(view: DataView, at: number, kind: SideKind): SideFact {
  const fact = sideFactAt(view, at, kind);
  const isPlain = view.getUint32(at, true) === kind && view.getUint32(at + 4, true) === smallNumberOf(fact);
  const why = isPlain ? whyMalformed(fact) : 'a byte that is to be zero is not';
  if (why !== undefined) throw new Error(`a record of kind ${kind} is malformed: ${why}`);
  return fact;
}

function sideFactAt(view: DataView, at: number, kind: SideKind): SideFact {
  const small = view.getUint32(at + 4, true);
  const queueId = getNumber(view, at + 8);
  const sequence = getNumber(view, at + 16);
  switch (kind) {
    case RECORD_KINDS.returned:
      return { kind: 'returned', queueId, sequence, count: small };
    case RECORD_KINDS.delayDue:
      return { kind: 'delayDue', queueId, sequence, dueMs: getNumber(view, at + HEAD_BYTES) };
    case RECORD_KINDS.delayCancelled:
      return { kind: 'delayCancelled', queueId, sequence };
    case RECORD_KINDS.groupKey:
      return { kind: 'groupKey', queueId, sequence, key: keyAt(view, at, small) };
    case RECORD_KINDS.dedupSeen:
      return { kind: 'dedupSeen', queueId, key: keyAt(view, at, small), untilMs: sequence };
    default:
      return unreachable(kind);
  }
}

function keyAt(view: DataView, at: number, bytes: number): string {
  return byteText(new Uint8Array(view.buffer, view.byteOffset + at + HEAD_BYTES, bytes));
}

function whyMalformed(fact: SideFact): string | undefined {
  if (!isNumber(fact.queueId)) return `there is no queue ${fact.queueId}`;
  if (fact.kind !== 'dedupSeen' && !isNumber(fact.sequence)) return `there is no sequence ${fact.sequence}`;
  switch (fact.kind) {
    case 'returned':
      return fact.count > 0 && isNumber(fact.count) && fact.count <= COUNT_MAX
        ? undefined
        : `nothing comes back ${fact.count} times`;
    case 'delayDue':
      return isNumber(fact.dueMs) ? undefined : `there is no time ${fact.dueMs}`;
    case 'delayCancelled':
      return undefined;
    case 'groupKey':
      return whyNoKey(fact.key);
    case 'dedupSeen':
      return isNumber(fact.untilMs) ? whyNoKey(fact.key) : `there is no time ${fact.untilMs}`;
    default:
      return unreachable(fact);
  }
}

function whyNoKey(key: string): string | undefined {
  return key.length <= KEY_BYTES_MAX ? undefined : `a key has ${key.length} bytes`;
}

function isNumber(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
