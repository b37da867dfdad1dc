/**
 * Writes the messages that are live in segments again, at the end of the log, from batches that are known to be whole:
 * unlike `segment-mover.ts` it passes over what lies between them.
 */

import { regionOf } from '../../../base/bytes.ts';
import { FileWindow } from '../file-window.ts';
import type { OpenedLog } from '../open-log.ts';
import { CONTENT_RECORD_BYTES, type RecordReader } from '../record-codec.ts';
import type { RecoveryProgress } from '../recovery.ts';
import { isLiveIn } from '../segment-mover.ts';
import type { Segment } from '../segments.ts';
import { assertBatchWhole, readBatch } from '../stored-batch.ts';

/** @throws Error when a batch is not what it was any more */
export function* moveBatches(segments: readonly Segment[], opened: OpenedLog): Generator<RecoveryProgress> {
  const buffers = { bytes: new Uint8Array(0) };
  const of = segments.reduce((sum, { bytes }) => sum + bytes, 0);
  let before = 0;
  for (const segment of segments) {
    const window = new FileWindow(segment.file, buffers);
    for (const at of opened.found.batches.get(segment) ?? []) {
      // What has been damaged since it was read must not be written again as if it were whole.
      assertBatchWhole(window, at);
      readBatch(window, at, (view) => new MovedContents(view, segment, opened));
      yield { bytes: before + at, of };
    }
    before += segment.bytes;
  }
}

/** Moves the messages of a batch that stand in its segment and nowhere else. */
class MovedContents implements RecordReader {
  readonly #view: DataView;
  readonly #segment: Segment;
  readonly #opened: OpenedLog;

  constructor(view: DataView, segment: Segment, opened: OpenedLog) {
    this.#view = view;
    this.#segment = segment;
    this.#opened = opened;
  }

  content(targetsAt: number, targets: number, runAt: number, runBytes: number, largeBytes: number): void {
    const { log, found } = this.#opened;
    const { slot } = this.#segment;
    if (!isLiveIn(slot, this.#view, targetsAt, targets, found.live)) return;
    const { buffer, byteOffset } = this.#view;
    const start = targetsAt - CONTENT_RECORD_BYTES;
    // The view's bytes are others as soon as the window moves on.
    const record = new Uint8Array(buffer, byteOffset + start, runAt - start + runBytes + largeBytes).slice();
    log.move({ ...regionOf(record), slot }, 0);
  }

  settle(): void {}
  watermark(): void {}
  used(): void {}
  paged(): void {}
  definition(): void {}
  sideFact(): void {}
}
