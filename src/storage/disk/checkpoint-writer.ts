/**
 * Writes a checkpoint in steps, a part of it in each turn, and makes it count: written under another name, synced, renamed,
 * and only then reported.
 */

import type { DefinitionState } from '../definition-state.ts';
import { checksum } from './batch-format.ts';
import {
  CHECKPOINT_PAYLOAD_AT,
  type CheckpointPosition,
  checkpointName,
  definitionRecord,
  marksRecords,
  writeCheckpointHead,
} from './checkpoint.ts';
import type { Disk, DiskFault, DiskFile } from './disk.ts';
import type { LiveMessages } from './live-messages.ts';

/** Records made in one step: below a millisecond. */
const RECORDS_PER_STEP = 500;
const UNFINISHED = '.unfinished';

export interface CheckpointWriterOptions {
  readonly disk: Disk;
  readonly number: number;
  readonly position: CheckpointPosition;
  readonly definitions: DefinitionState;
  readonly live: LiveMessages;
  /** Called once, when the checkpoint counts or cannot be had. */
  readonly done: (fault: DiskFault | undefined) => void;
}

export class CheckpointWriter {
  readonly #options: CheckpointWriterOptions;
  readonly #records: Iterator<Uint8Array>;
  readonly #file: DiskFile;
  #bytes = 0;
  #crc = 0;
  #isWriting = false;

  /** @throws Error when the file cannot be had */
  constructor(options: CheckpointWriterOptions) {
    this.#options = options;
    this.#records = recordsOf(options);
    this.#file = options.disk.open(checkpointName(options.number) + UNFINISHED);
  }

  /** Goes on, unless a write is under way. */
  step(): void {
    if (this.#isWriting) return;
    this.#isWriting = true;
    const chunk = this.#nextChunk();
    if (chunk.length === 0) return this.#finish();
    const at = CHECKPOINT_PAYLOAD_AT + this.#bytes;
    this.#bytes += chunk.length;
    this.#crc = checksum(new DataView(chunk.buffer), 0, chunk.length, this.#crc);
    this.#file.write(chunk, at, (fault) => {
      this.#isWriting = false;
      if (fault !== undefined) this.#end(fault);
    });
  }

  #nextChunk(): Uint8Array {
    const parts: Uint8Array[] = [];
    let bytes = 0;
    while (parts.length < RECORDS_PER_STEP) {
      const { value, done } = this.#records.next();
      if (done === true) break;
      parts.push(value);
      bytes += value.length;
    }
    const chunk = new Uint8Array(bytes);
    let at = 0;
    for (const part of parts) {
      chunk.set(part, at);
      at += part.length;
    }
    return chunk;
  }

  #finish(): void {
    const head = writeCheckpointHead(this.#options.position, { bytes: this.#bytes, crc: this.#crc });
    const then = (next: () => void) => (fault: DiskFault | undefined) => {
      if (fault === undefined) next();
      else this.#end(fault);
    };
    const { disk, number } = this.#options;
    const name = checkpointName(number);
    const sync = () => this.#file.sync(then(rename));
    const rename = () => disk.rename(name + UNFINISHED, name, then(syncNames));
    const syncNames = () => disk.syncNames(then(() => this.#end(undefined)));
    this.#file.write(head, 0, then(sync));
  }

  #end(fault: DiskFault | undefined): void {
    this.#file.close();
    this.#options.done(fault);
  }
}

function* recordsOf({ definitions, live }: CheckpointWriterOptions): Iterator<Uint8Array> {
  for (const definition of definitions.records()) yield definitionRecord(definition);
  for (const marks of live.queues()) yield marksRecords(marks);
}
