/** A batch that was found whole before, read again. */

import { batchBytes, checksum, type FoundHead, headBytes, readHead } from './batch-format.ts';
import type { DiskFile } from './disk.ts';
import { FileWindow } from './file-window.ts';
import { type RecordReader, readRecords } from './record-codec.ts';

const HEAD_BYTES = headBytes({ queueIds: undefined });

/** A batch out of its file. */
export interface StoredBatch {
  readonly head: FoundHead;
  readonly payload: Uint8Array;
}

/** Reads the records of a batch. @param open makes the reader of the bytes in which they stand */
export function readBatch(window: FileWindow, at: number, open: (view: DataView) => RecordReader): void {
  const { head, payloadAt } = findBatch(window, at);
  readRecords(window.view, payloadAt, payloadAt + head.payloadBytes, open(window.view));
}

/** @throws Error when the records of a batch are not those that were written */
export function assertBatchWhole(window: FileWindow, at: number): void {
  const { head, payloadAt } = findBatch(window, at);
  const isWhole = checksum(window.view, payloadAt, payloadAt + head.payloadBytes) === head.payloadCrc;
  if (!isWhole) throw new Error(`${window.file.name} has changed at byte ${at} since it was read`);
}

/** Takes a copy of a batch. */
export function copyBatch(file: DiskFile, at: number): StoredBatch {
  const window = new FileWindow(file);
  const { head, payloadAt } = findBatch(window, at);
  const { buffer, byteOffset } = window.view;
  return { head, payload: new Uint8Array(buffer, byteOffset + payloadAt, head.payloadBytes).slice() };
}

function findBatch(window: FileWindow, at: number): { head: FoundHead; payloadAt: number } {
  const place = window.have(at, HEAD_BYTES);
  const length = place < 0 ? 0 : window.view.getUint32(place + 40, true);
  const headPlace = window.have(at, HEAD_BYTES + 8 * length);
  const head = headPlace < 0 ? undefined : readHead(window.view, headPlace);
  if (head === undefined) throw new Error(`${window.file.name} has changed at byte ${at} since it was read`);
  const start = window.have(at, batchBytes(head));
  if (start < 0) throw new Error(`${window.file.name} is shorter than it was`);
  return { head, payloadAt: start + headBytes(head) };
}
