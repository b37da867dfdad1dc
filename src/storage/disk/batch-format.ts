/**
 * The form of a batch on disk: a head, the payload of records, and the head again as a foot.
 *
 * The batch is the unit of integrity. Its head names the segment, the start of the broker that wrote it (epoch), its number
 * and the queues whose records it holds, so that whoever finds the payload damaged can say what is missing. The foot says
 * the same once more, for when the head itself is damaged. All numbers are little-endian.
 */

import { crc32 } from 'node:zlib';
import { RECORD_VERSION } from '../../core/records.ts';
import { assertKnownVersion } from './newer-format.ts';

/** `LVRB`: a batch of Leveret's. */
const MAGIC = 0x42_52_56_4c;
const MAGIC_SEQUENCE = Buffer.from('LVRB');
export const MAGIC_BYTES = 4;
/**
 * The newest one: a batch says the lowest that has all its kinds of records. Changes with the form of the head, too; then the
 * directory's format changes as well: that is what is checked.
 */
const FORMAT_VERSION = RECORD_VERSION;

const VERSION = 4;
const PLACE = 5;
const FLAGS = 6;
const SEGMENT = 8;
const EPOCH = 16;
const PAYLOAD_CRC = 20;
const NUMBER = 24;
const PAYLOAD_BYTES = 32;
const RECORDS = 36;
const QUEUES = 40;
const PREVIOUS_CRC = 44;
const HEAD_CRC = 60;
const FIXED_BYTES = 64;
const ID_BYTES = 8;

const FLAG_DEFINITIONS = 1;
const FLAG_ALL_QUEUES = 2;

/** Batches begin at multiples of this. */
export const BATCH_ALIGNMENT = 8;
/** A batch that concerns more queues does not name them: it concerns all. */
export const NAMED_QUEUES_MAX = 100_000;

const WORD = 2 ** 32;

export interface BatchHead {
  /** Who knows only lower ones cannot read it. */
  readonly version: number;
  readonly segment: number;
  readonly epoch: number;
  readonly number: number;
  readonly payloadBytes: number;
  readonly payloadCrc: number;
  readonly records: number;
  /** Of the head before it; 0 for the first batch. */
  readonly previousCrc: number;
  readonly hasDefinitions: boolean;
  /** The queues whose records it holds; undefined when there are too many to name. */
  readonly queueIds: readonly number[] | undefined;
}

/** A head that was read, and found whole. */
export interface FoundHead extends BatchHead {
  readonly isFoot: boolean;
  readonly crc: number;
}

/** Bytes of a head, and of a foot. */
export function headBytes(head: Pick<BatchHead, 'queueIds'>): number {
  return FIXED_BYTES + (head.queueIds?.length ?? 0) * ID_BYTES;
}

/** Bytes of a whole batch. */
export function batchBytes(head: Pick<BatchHead, 'queueIds' | 'payloadBytes'>): number {
  return 2 * headBytes(head) + paddedBytes(head.payloadBytes);
}

/** The payload is followed by zeros up to the foot. */
export function paddedBytes(payloadBytes: number): number {
  return Math.ceil(payloadBytes / BATCH_ALIGNMENT) * BATCH_ALIGNMENT;
}

/** Writes a head, or a foot. @returns its checksum, which the next batch carries. */
export function writeHead(view: DataView, at: number, head: BatchHead, isFoot: boolean): number {
  const flags = (head.hasDefinitions ? FLAG_DEFINITIONS : 0) | (head.queueIds === undefined ? FLAG_ALL_QUEUES : 0);
  view.setUint32(at, MAGIC, true);
  view.setUint8(at + VERSION, head.version);
  view.setUint8(at + PLACE, isFoot ? 1 : 0);
  view.setUint16(at + FLAGS, flags, true);
  putNumber(view, at + SEGMENT, head.segment);
  view.setUint32(at + EPOCH, head.epoch, true);
  view.setUint32(at + PAYLOAD_CRC, head.payloadCrc, true);
  putNumber(view, at + NUMBER, head.number);
  view.setUint32(at + PAYLOAD_BYTES, head.payloadBytes, true);
  view.setUint32(at + RECORDS, head.records, true);
  view.setUint32(at + QUEUES, head.queueIds?.length ?? 0, true);
  view.setUint32(at + PREVIOUS_CRC, head.previousCrc, true);
  for (let place = at + PREVIOUS_CRC + 4; place < at + HEAD_CRC; place += 4) view.setUint32(place, 0, true);
  let place = at + FIXED_BYTES;
  for (const id of head.queueIds ?? []) {
    putNumber(view, place, id);
    place += ID_BYTES;
  }
  const crc = headCrc(view, at, place);
  view.setUint32(at + HEAD_CRC, crc, true);
  return crc;
}

/** The head or foot that begins at `at`; undefined when there is none, or it is not whole. */
export function readHead(view: DataView, at: number): FoundHead | undefined {
  if (at + FIXED_BYTES > view.byteLength || view.getUint32(at, true) !== MAGIC) return undefined;
  const queues = view.getUint32(at + QUEUES, true);
  const end = at + FIXED_BYTES + queues * ID_BYTES;
  if (queues > NAMED_QUEUES_MAX || end > view.byteLength) return undefined;
  const crc = view.getUint32(at + HEAD_CRC, true);
  if (crc !== headCrc(view, at, end)) return undefined;
  const flags = view.getUint16(at + FLAGS, true);
  return {
    version: view.getUint8(at + VERSION),
    segment: getNumber(view, at + SEGMENT),
    epoch: view.getUint32(at + EPOCH, true),
    number: getNumber(view, at + NUMBER),
    payloadBytes: view.getUint32(at + PAYLOAD_BYTES, true),
    payloadCrc: view.getUint32(at + PAYLOAD_CRC, true),
    records: view.getUint32(at + RECORDS, true),
    previousCrc: view.getUint32(at + PREVIOUS_CRC, true),
    hasDefinitions: (flags & FLAG_DEFINITIONS) !== 0,
    queueIds: (flags & FLAG_ALL_QUEUES) === 0 ? readIds(view, at + FIXED_BYTES, queues) : undefined,
    isFoot: view.getUint8(at + PLACE) === 1,
    crc,
  };
}

/** Where the next bytes stand that begin each head, at a multiple of the alignment; -1 when there are none. */
export function findMagic(view: DataView, from: number): number {
  const bytes = Buffer.from(view.buffer, view.byteOffset, view.byteLength);
  let found = bytes.indexOf(MAGIC_SEQUENCE, from);
  while (found >= 0 && found % BATCH_ALIGNMENT !== 0) found = bytes.indexOf(MAGIC_SEQUENCE, found + 1);
  return found;
}

/** How many bytes must be at hand for `readHead` to read the head at `at`; 0 when none begins there. */
export function neededBytes(view: DataView, at: number): number {
  if (at + FIXED_BYTES > view.byteLength) return FIXED_BYTES;
  if (view.getUint32(at, true) !== MAGIC) return 0;
  const queues = view.getUint32(at + QUEUES, true);
  return queues > NAMED_QUEUES_MAX ? 0 : FIXED_BYTES + queues * ID_BYTES;
}

/** @throws NewerFormatError when the batch was written by a newer program */
export function assertKnown({ version }: FoundHead, file: string): void {
  assertKnownVersion({ file, version, known: FORMAT_VERSION });
}

/** Up to 2^53, in eight bytes. */
export function putNumber(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % WORD, true);
  view.setUint32(at + 4, Math.floor(value / WORD), true);
}

export function getNumber(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * WORD + view.getUint32(at, true);
}

export function checksum(view: DataView, from: number, to: number, start = 0): number {
  return crc32(new Uint8Array(view.buffer, view.byteOffset + from, to - from), start);
}

/** Over all of a head but the checksum itself. */
function headCrc(view: DataView, at: number, end: number): number {
  return checksum(view, at + FIXED_BYTES, end, checksum(view, at, at + HEAD_CRC));
}

function readIds(view: DataView, at: number, count: number): number[] {
  const ids: number[] = [];
  for (let index = 0; index < count; index++) ids.push(getNumber(view, at + index * ID_BYTES));
  return ids;
}
