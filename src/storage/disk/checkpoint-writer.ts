/**
 * Writes a checkpoint in steps, a part of it in each turn, and makes it count: written under another name, synced, renamed,
 * and only then reported.
 *
 * What it lists has been appended to the log and need not be durable yet. It must not be known from a checkpoint before it
 * is known from the log: so one counts only when the log has come to where it was at the end of the listing.
 */

import type { Log, Ticket } from '../../core/ports.ts';
import { FIRST_RECORD_VERSION, SIDE_FACTS_VERSION } from '../../core/records.ts';
import type { DefinitionState } from '../definition-state.ts';
import { checksum } from './batch-format.ts';
import {
  CHECKPOINT_PAYLOAD_AT,
  type CheckpointPosition,
  checkpointName,
  definitionRecord,
  marksRecords,
  pageRecord,
  sideRecord,
  writeCheckpointHead,
} from './checkpoint.ts';
import type { Disk, DiskFault, DiskFile } from './disk.ts';
import type { LiveMessages } from './live-messages.ts';
import type { SafeNames } from './safe-names.ts';

/** Records made in one step: below a millisecond. */
const RECORDS_PER_STEP = 500;
const UNFINISHED = '.unfinished';

export interface CheckpointWriterOptions {
  readonly disk: Disk;
  readonly names: SafeNames;
  readonly number: number;
  readonly position: CheckpointPosition;
  readonly definitions: DefinitionState;
  readonly live: LiveMessages;
  readonly log: Pick<Log, 'appended' | 'saved'>;
  /** The last batch that is on disk. */
  readonly durableBatch: () => number;
  /** Made in one step; `RECORDS_PER_STEP` unless given. */
  readonly recordsPerStep?: number | undefined;
  /** Called once, when the checkpoint counts or cannot be had. */
  readonly done: (fault: DiskFault | undefined) => void;
}

export class CheckpointWriter {
  readonly #options: CheckpointWriterOptions;
  readonly #records = this.#list();
  readonly #file: DiskFile;
  #bytes = 0;
  #crc = 0;
  #version = FIRST_RECORD_VERSION as number;
  #isWriting = false;
  /** Everything is listed, and was appended up to this ticket. */
  #listedUpTo: Ticket | undefined;

  /** @throws Error when the file cannot be had */
  constructor(options: CheckpointWriterOptions) {
    this.#options = options;
    this.#file = options.disk.open(unfinishedName(options.number));
  }

  /** Goes on, unless a write is under way. */
  step(): void {
    if (this.#isWriting) return;
    if (this.#listedUpTo !== undefined) return this.#finishWhenDurable(this.#listedUpTo);
    const chunk = this.#nextChunk();
    if (chunk.length === 0) return this.#listed();
    this.#isWriting = true;
    const at = CHECKPOINT_PAYLOAD_AT + this.#bytes;
    this.#bytes += chunk.length;
    this.#crc = checksum(new DataView(chunk.buffer), 0, chunk.length, this.#crc);
    this.#file.write(chunk, at, (fault) => {
      this.#isWriting = false;
      if (fault !== undefined) this.#end(fault);
    });
  }

  *#list(): Iterator<Uint8Array> {
    const { definitions, live } = this.#options;
    for (const definition of definitions.records()) yield definitionRecord(definition);
    for (const marks of live.queues()) yield marksRecords(marks);
    // What is paged from now on is in the log behind the checkpoint's position, and so are facts.
    for (const page of live.pages.all()) if (page.live > 0) yield pageRecord(page);
    for (const fact of live.side.facts()) {
      this.#version = SIDE_FACTS_VERSION;
      yield sideRecord(fact);
    }
  }

  #nextChunk(): Uint8Array {
    const parts: Uint8Array[] = [];
    let bytes = 0;
    const { recordsPerStep = RECORDS_PER_STEP } = this.#options;
    while (parts.length < recordsPerStep) {
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

  #listed(): void {
    this.#listedUpTo = this.#options.log.appended;
    this.#finishWhenDurable(this.#listedUpTo);
  }

  #finishWhenDurable(ticket: Ticket): void {
    const { log, position, durableBatch } = this.#options;
    if (log.saved < ticket || durableBatch() < position.batch - 1) return;
    this.#isWriting = true;
    this.#finish();
  }

  #finish(): void {
    const head = writeCheckpointHead(this.#options.position, {
      bytes: this.#bytes,
      crc: this.#crc,
      version: this.#version,
    });
    const then = (next: () => void) => (fault: DiskFault | undefined) => {
      if (fault === undefined) next();
      else this.#end(fault);
    };
    const { names, number } = this.#options;
    const end = CHECKPOINT_PAYLOAD_AT + this.#bytes;
    const sync = () => this.#file.sync(then(rename));
    // A file of the reserve is larger than most checkpoints.
    const cut = () => (this.#file.size > end ? this.#file.resize(end, then(sync)) : sync());
    const rename = () => names.rename(unfinishedName(number), checkpointName(number), (fault) => this.#end(fault));
    this.#file.write(head, 0, then(cut));
  }

  #end(fault: DiskFault | undefined): void {
    const { disk, number, done } = this.#options;
    this.#file.close();
    if (fault !== undefined) disk.remove(unfinishedName(number), () => undefined);
    done(fault);
  }
}

/** What a checkpoint is called while it is written. A file that is there already is written over. */
export function unfinishedName(number: number): string {
  return checkpointName(number) + UNFINISHED;
}
