/**
 * The form of a page on disk: a head, an index of lengths, then the contents of its messages one after the other.
 *
 *     magic u32, version u8, zeros, queue u64, first sequence u64, file number u64, span u32, content bytes u32,
 *     content crc u32, zero u32, earliest expiry f64 (0: none of them expires), zero u32, head crc u32;
 *     span × u32 length, 0 for a hole; contents, each after the run's length as u32 when its highest bit is set; zeros
 *
 * Content is everything behind the head. Pages follow each other without gaps, at multiples of eight bytes. Each says by
 * itself what it is, so that a file can be checked alone, and a page that stands where another should cannot be taken for it.
 */

import { NEVER_MS } from '../../../core/messages.ts';
import { checksum, getNumber, putNumber } from '../batch-format.ts';
import { assertKnownVersion } from '../newer-format.ts';

/** `LVRP`: a page of Leveret's. */
const MAGIC = 0x50_52_56_4c;
const MAGIC_SEQUENCE = Buffer.from('LVRP');
export const PAGE_MAGIC_BYTES = 4;
const FORMAT_VERSION = 1;

const VERSION = 4;
const QUEUE = 8;
const FIRST_SEQUENCE = 16;
const FILE = 24;
const SPAN = 32;
const CONTENT_BYTES = 36;
const CONTENT_CRC = 40;
const EARLIEST_EXPIRY = 48;
const HEAD_CRC = 60;
export const PAGE_HEAD_BYTES = 64;

export const PAGE_ALIGNMENT = 8;
/** Of the index, for each sequence. */
export const LENGTH_BYTES = 4;
/** In a length: the message has a large body, and the length of its run comes first. */
export const LARGE_BIT = 0x8000_0000;
/** Stands before the run of a message with a large body. */
export const RUN_LENGTH_BYTES = 4;

const NAME = /^page-(\d+)-(\d+)$/;

export interface PageHead {
  readonly queueId: number;
  readonly firstSequence: number;
  /** The number of the file that it was written to. */
  readonly file: number;
  /** How many sequences it stands for, holes included. */
  readonly span: number;
  readonly contentBytes: number;
  readonly contentCrc: number;
  /** As in `PagePlace`, and always known. */
  readonly earliestExpiryMs: number;
}

/** Of a page whose head was not looked at: any of its messages may have expired. */
export const UNKNOWN_EXPIRY_MS = Number.NEGATIVE_INFINITY;

/** Where a page is to be found, and what is known of it without reading it. */
export interface PagePlace {
  readonly queueId: number;
  readonly firstSequence: number;
  readonly span: number;
  readonly file: number;
  readonly offset: number;
  /** With its head. */
  readonly bytes: number;
  /**
   * Milliseconds since 1970 before which no message expires that was on it when it was written, by what the messages
   * themselves say: `NEVER_MS` when none of them does, `UNKNOWN_EXPIRY_MS` when only its head says so.
   */
  readonly earliestExpiryMs: number;
}

export function pageFileName(queueId: number, file: number): string {
  return `page-${queueId}-${file}`;
}

/** @returns what a page file's name says; undefined for other files */
export function parsePageFileName(name: string): { readonly queueId: number; readonly file: number } | undefined {
  const found = NAME.exec(name);
  return found === null ? undefined : { queueId: Number(found[1]), file: Number(found[2]) };
}

export function writePageHead(view: DataView, at: number, head: PageHead): void {
  for (let place = at; place < at + PAGE_HEAD_BYTES; place += 4) view.setUint32(place, 0, true);
  view.setUint32(at, MAGIC, true);
  view.setUint8(at + VERSION, FORMAT_VERSION);
  putNumber(view, at + QUEUE, head.queueId);
  putNumber(view, at + FIRST_SEQUENCE, head.firstSequence);
  putNumber(view, at + FILE, head.file);
  view.setUint32(at + SPAN, head.span, true);
  view.setUint32(at + CONTENT_BYTES, head.contentBytes, true);
  view.setUint32(at + CONTENT_CRC, head.contentCrc, true);
  view.setFloat64(at + EARLIEST_EXPIRY, head.earliestExpiryMs === NEVER_MS ? 0 : head.earliestExpiryMs, true);
  view.setUint32(at + HEAD_CRC, checksum(view, at, at + HEAD_CRC), true);
}

/** The head that begins at `at`; undefined when there is none, or it is not whole, or a newer program wrote it. */
export function readPageHead(view: DataView, at: number): PageHead | undefined {
  if (!isHeadWhole(view, at) || view.getUint8(at + VERSION) > FORMAT_VERSION) return undefined;
  const earliestExpiryMs = view.getFloat64(at + EARLIEST_EXPIRY, true);
  return {
    queueId: getNumber(view, at + QUEUE),
    firstSequence: getNumber(view, at + FIRST_SEQUENCE),
    file: getNumber(view, at + FILE),
    span: view.getUint32(at + SPAN, true),
    contentBytes: view.getUint32(at + CONTENT_BYTES, true),
    contentCrc: view.getUint32(at + CONTENT_CRC, true),
    earliestExpiryMs: earliestExpiryMs === 0 ? NEVER_MS : earliestExpiryMs,
  };
}

/** @throws NewerFormatError when the head that begins at `at` is a newer program's, written to this file */
export function assertKnownPage(view: DataView, at: number, file: string): void {
  if (!isHeadWhole(view, at)) return;
  const named = parsePageFileName(file);
  if (named?.queueId !== getNumber(view, at + QUEUE) || named.file !== getNumber(view, at + FILE)) return;
  assertKnownVersion({ file, version: view.getUint8(at + VERSION), known: FORMAT_VERSION });
}

function isHeadWhole(view: DataView, at: number): boolean {
  if (at + PAGE_HEAD_BYTES > view.byteLength || view.getUint32(at, true) !== MAGIC) return false;
  return view.getUint32(at + HEAD_CRC, true) === checksum(view, at, at + HEAD_CRC);
}

/** Where the next bytes stand that begin each page, at a multiple of the alignment; -1 when there are none. */
export function findPageMagic(view: DataView, from: number): number {
  const bytes = Buffer.from(view.buffer, view.byteOffset, view.byteLength);
  let found = bytes.indexOf(MAGIC_SEQUENCE, from);
  while (found >= 0 && found % PAGE_ALIGNMENT !== 0) found = bytes.indexOf(MAGIC_SEQUENCE, found + 1);
  return found;
}

/** The content of the page at `at` is there, and as it was written. */
export function isContentWhole(view: DataView, at: number, { contentBytes, contentCrc }: PageHead): boolean {
  const from = at + PAGE_HEAD_BYTES;
  const to = from + contentBytes;
  return to <= view.byteLength && checksum(view, from, to) === contentCrc;
}

/** Bytes up to the next multiple of the alignment. */
export function alignedBytes(bytes: number): number {
  return Math.ceil(bytes / PAGE_ALIGNMENT) * PAGE_ALIGNMENT;
}
