/** An open file of the simulated disk: turns calls into operations that the disk does later. */

import { assert } from '../../src/base/assert.ts';
import type { DiskFault, DiskFile, Done } from '../../src/storage/disk/disk.ts';
import type { DiskOperation } from './disk-faults.ts';
import type { SimulatedContent } from './simulated-content.ts';

/** Something that was asked for. */
export interface Operation {
  readonly kind: DiskOperation;
  readonly file: string;
  /** Does it, or lets it go wrong with the code, and calls back. */
  run(code: string | undefined): void;
  /** The power fails while it is under way: it may have been done in part, and never calls back. */
  cut(): void;
}

/** Operations that are done in their order. */
export type Lane = Operation[];

/** What a file needs of its disk. */
export interface FileHost {
  /** Takes an operation into a lane. */
  ask(lane: Lane, operation: Operation): void;
  /** What goes wrong with an operation that is done at once. */
  nextFault(operation: DiskOperation, file: string): DiskFault | undefined;
  /** How many bytes can be written there before the disk is full. */
  room(content: SimulatedContent, bytes: number, position: number): number;
  /** How many of these bytes get written by a write that fails. */
  below(limit: number): number;
  failSync(content: SimulatedContent): void;
  closed(file: SimulatedFile): void;
  readonly counts: { bytesWritten: number };
}

export class SimulatedFile implements DiskFile {
  readonly name: string;
  readonly content: SimulatedContent;
  readonly #host: FileHost;
  readonly #changes: Lane = [];
  #isClosed = false;

  constructor(name: string, content: SimulatedContent, host: FileHost) {
    this.name = name;
    this.content = content;
    this.#host = host;
  }

  get size(): number {
    this.#assertOpen();
    return this.content.current.length;
  }

  readNow(into: Uint8Array, position: number): number {
    this.#assertOpen();
    const fault = this.#host.nextFault('readNow', this.name);
    if (fault !== undefined) throw new Error(fault.message);
    return this.content.current.read(into, position);
  }

  read(into: Uint8Array, position: number, done: (fault: DiskFault | undefined, bytes: number) => void): void {
    this.#assertOpen();
    const run = (code: string | undefined) => {
      if (code === undefined) done(undefined, this.content.current.read(into, position));
      else done(faultOf('read', this.name, code), 0);
    };
    this.#host.ask([], { kind: 'read', file: this.name, run, cut: () => {} });
  }

  write(bytes: Uint8Array, position: number, done: Done): void {
    this.#ask('write', {
      done,
      run: (code) => this.#write(bytes, position, code),
      cut: () => this.content.write(bytes, position),
    });
  }

  sync(done: Done): void {
    this.#ask('sync', {
      done,
      run: (code) => {
        if (code === undefined) this.content.sync();
        else this.#host.failSync(this.content);
        return code;
      },
      cut: () => this.content.sync(),
    });
  }

  resize(bytes: number, done: Done): void {
    this.#ask('resize', {
      done,
      run: (code) => {
        if (code === undefined) this.content.resize(bytes);
        return code;
      },
      cut: () => this.content.resize(bytes),
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#host.closed(this);
  }

  /** @returns what went wrong in the end */
  #write(bytes: Uint8Array, position: number, code: string | undefined): string | undefined {
    const room = this.#host.room(this.content, bytes.length, position);
    const isFull = room < bytes.length;
    const count = code === undefined ? room : Math.min(room, this.#host.below(bytes.length + 1));
    this.content.write(bytes.subarray(0, count), position);
    this.#host.counts.bytesWritten += count;
    return code ?? (isFull ? 'ENOSPC' : undefined);
  }

  #ask(kind: DiskOperation, change: FileChange): void {
    this.#assertOpen();
    const run = (code: string | undefined) => {
      const wrong = change.run(code);
      change.done(wrong === undefined ? undefined : faultOf(kind, this.name, wrong));
    };
    this.#host.ask(this.#changes, { kind, file: this.name, run, cut: change.cut });
  }

  #assertOpen(): void {
    assert(!this.#isClosed, `${this.name} is used after it was closed`);
  }
}

interface FileChange {
  readonly done: Done;
  /** @returns what went wrong in the end */
  run(code: string | undefined): string | undefined;
  cut(): void;
}

/** In the form of the real disk's. */
export function faultOf(what: string, file: string, code: string): DiskFault {
  return { code, message: `cannot ${what} ${file}: simulated (${code})` };
}
