/**
 * A checkpoint: the definitions, the marks of all queues, their pages and what else is known of their messages, in a file of
 * its own, so that the segments before it need not be read for them.
 *
 * It is written while the broker goes on, piece by piece: everything that changes meanwhile is in the log behind the
 * position that it names, and is read again over it. Facts may be read twice without harm.
 *
 * Its version is the lowest that has all its kinds of records, as that of a batch is.
 *
 *     magic u32, version u32, payload bytes u64, head segment u64, batch u64, head's first batch u64, payload crc u32, zeros, crc u32;
 *     then records (record-codec.ts)
 */

import { type DefinitionRecord, RECORD_VERSION } from '../../core/records.ts';
import type { SideFact } from '../../core/side-fact.ts';
import { decodeDefinition, encodeDefinition } from '../definition-codec.ts';
import { checksum, getNumber, putNumber } from './batch-format.ts';
import type { Disk, DiskFile } from './disk.ts';
import type { QueueMarks } from './live-messages.ts';
import { assertKnownVersion } from './newer-format.ts';
import { DurablePage, settledBytes } from './pages/durable-page.ts';
import {
  DEFINITION_RECORD_BYTES,
  PAGED_RECORD_BYTES,
  PAIR_RECORD_BYTES,
  putDefinitionHead,
  putPaged,
  putUsed,
  putWatermark,
  readRecords,
} from './record-codec.ts';
import type { Damage } from './segment-scan.ts';
import { putSideFact, sideFactBytes } from './side-record-codec.ts';
import { SideState } from './side-state.ts';

const MAGIC = 0x43_52_56_4c;
const HEAD_BYTES = 64;

const NAME = /^checkpoint-(\d{6,})$/;

/** Where the log stood when it was begun. */
export interface CheckpointPosition {
  /** The oldest segment that must be read. */
  readonly headSegment: number;
  /** The number of its first batch, whether that is there or lost. */
  readonly headBatch: number;
  /** Definitions before this batch are in the checkpoint, or were undone. */
  readonly batch: number;
}

export interface Checkpoint extends CheckpointPosition {
  readonly number: number;
  readonly definitions: readonly DefinitionRecord[];
  readonly marks: readonly QueueMarks[];
  readonly pages: readonly DurablePage[];
  readonly side: SideState;
}

export function checkpointName(number: number): string {
  return `checkpoint-${String(number).padStart(6, '0')}`;
}

/** @returns the number in a checkpoint's name; undefined for other files */
export function checkpointNumber(name: string): number | undefined {
  const digits = NAME.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

export function writeCheckpointHead(
  position: CheckpointPosition,
  payload: { readonly bytes: number; readonly crc: number; readonly version: number },
): Uint8Array {
  const view = new DataView(new ArrayBuffer(HEAD_BYTES));
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, payload.version, true);
  putNumber(view, 8, payload.bytes);
  putNumber(view, 16, position.headSegment);
  putNumber(view, 24, position.batch);
  putNumber(view, 32, position.headBatch);
  view.setUint32(40, payload.crc, true);
  view.setUint32(60, checksum(view, 0, 60), true);
  return new Uint8Array(view.buffer);
}

/** Where the records begin. */
export const CHECKPOINT_PAYLOAD_AT = HEAD_BYTES;

/** A definition as a record. */
export function definitionRecord(definition: DefinitionRecord): Uint8Array {
  const encoded = encodeDefinition(definition);
  const bytes = new Uint8Array(DEFINITION_RECORD_BYTES + encoded.length);
  putDefinitionHead(new DataView(bytes.buffer), 0, encoded.length);
  bytes.set(encoded, DEFINITION_RECORD_BYTES);
  return bytes;
}

/** The marks of a queue as two records. */
export function marksRecords(marks: QueueMarks): Uint8Array {
  const bytes = new Uint8Array(2 * PAIR_RECORD_BYTES);
  const view = new DataView(bytes.buffer);
  putUsed(view, 0, marks.id, marks.highest);
  putWatermark(view, PAIR_RECORD_BYTES, marks.id, marks.watermark);
  return bytes;
}

/** A page, with what was settled of it. */
export function pageRecord(page: DurablePage): Uint8Array {
  const bytes = new Uint8Array(PAGED_RECORD_BYTES + settledBytes(page.span));
  return bytes.subarray(0, putPaged(new DataView(bytes.buffer), 0, page, page.settled));
}

export function sideRecord(fact: SideFact): Uint8Array {
  const bytes = new Uint8Array(sideFactBytes(fact));
  putSideFact(new DataView(bytes.buffer), 0, fact);
  return bytes;
}

/** What is there of checkpoints. */
export interface FoundCheckpoint {
  /** The newest that is whole. */
  readonly checkpoint: Checkpoint | undefined;
  /** A newer one that is not. It was when it got its name. */
  readonly damaged: Damage | undefined;
  /** Of any of them, whole or not; 0 when there is none. */
  readonly highestNumber: number;
}

/** @throws NewerFormatError when one is a newer program's */
export function readNewestCheckpoint(disk: Disk): FoundCheckpoint {
  let damaged: Damage | undefined;
  const numbers = disk
    .list()
    .map(checkpointNumber)
    .filter((number) => number !== undefined);
  const highestNumber = Math.max(0, ...numbers);
  for (const number of numbers.sort((a, b) => b - a)) {
    const file = disk.open(checkpointName(number));
    const checkpoint = readCheckpoint(file, number);
    const to = file.size;
    file.close();
    if (checkpoint !== undefined) return { checkpoint, damaged, highestNumber };
    damaged ??= { file: file.name, from: 0, to, queueIds: undefined, hasDefinitions: true };
  }
  return { checkpoint: undefined, damaged, highestNumber };
}

/** One of the checkpoints that there are. */
export interface CheckedCheckpoint {
  readonly file: string;
  readonly number: number;
  readonly bytes: number;
  readonly isWhole: boolean;
}

/** Looks at every checkpoint, oldest first. @throws NewerFormatError when one is a newer program's */
export function checkCheckpoints(disk: Disk): CheckedCheckpoint[] {
  const numbers = disk
    .list()
    .map(checkpointNumber)
    .filter((number) => number !== undefined);
  return numbers
    .sort((a, b) => a - b)
    .map((number) => {
      const file = disk.open(checkpointName(number));
      const isWhole = readCheckpoint(file, number) !== undefined;
      const bytes = file.size;
      file.close();
      return { file: file.name, number, bytes, isWhole };
    });
}

function readCheckpoint(file: DiskFile, number: number): Checkpoint | undefined {
  const bytes = new Uint8Array(file.size);
  if (file.readNow(bytes, 0) < HEAD_BYTES) return undefined;
  const view = new DataView(bytes.buffer);
  if (view.getUint32(0, true) !== MAGIC || view.getUint32(60, true) !== checksum(view, 0, 60)) return undefined;
  const version = view.getUint32(4, true);
  assertKnownVersion({ file: file.name, version, known: RECORD_VERSION });
  const end = HEAD_BYTES + getNumber(view, 8);
  if (end > bytes.length || checksum(view, HEAD_BYTES, end) !== view.getUint32(40, true)) return undefined;
  return {
    number,
    headSegment: getNumber(view, 16),
    batch: getNumber(view, 24),
    headBatch: getNumber(view, 32),
    ...readPayload(view, end),
  };
}

function readPayload(view: DataView, end: number): Pick<Checkpoint, 'definitions' | 'marks' | 'pages' | 'side'> {
  const definitions: DefinitionRecord[] = [];
  const pages: DurablePage[] = [];
  const side = new SideState();
  const marks = new Map<number, { id: number; highest: number; watermark: number }>();
  const marksOf = (id: number) => {
    const present = marks.get(id) ?? { id, highest: 0, watermark: 0 };
    marks.set(id, present);
    return present;
  };
  readRecords(view, HEAD_BYTES, end, {
    content: () => undefined,
    settle: () => undefined,
    watermark: (id, sequence) => {
      marksOf(id).watermark = sequence;
    },
    used: (id, sequence) => {
      marksOf(id).highest = sequence;
    },
    paged: (place, settled) => {
      pages.push(new DurablePage(place, settled));
    },
    sideFact: (fact) => side.apply(fact),
    definition: (at, bytes) => {
      definitions.push(decodeDefinition(new Uint8Array(view.buffer, view.byteOffset + at, bytes)));
    },
  });
  return { definitions, marks: [...marks.values()], pages, side };
}
