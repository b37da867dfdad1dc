/**
 * One file of the real disk. Its changes are made in the order in which they were asked for; reads do not wait for them.
 */

import { close, fdatasync, fstatSync, ftruncate, read, readSync, write } from 'node:fs';
import { assert } from '../base/assert.ts';
import type { DiskFault, DiskFile, Done } from '../storage/disk/disk.ts';
import { faultOf, faultOrNone } from './disk-fault.ts';
import { type Operation, OperationSequence } from './operation-sequence.ts';

/** Node.js takes less than 2 GB in one call. */
const CALL_BYTES_MAX = 2 ** 30;

type ReadDone = (fault: DiskFault | undefined, bytes: number) => void;

export interface NodeFileOptions {
  readonly name: string;
  readonly path: string;
  readonly descriptor: number;
  readonly onClosed: () => void;
}

export class NodeFile implements DiskFile {
  readonly name: string;
  readonly #path: string;
  readonly #descriptor: number;
  readonly #onClosed: () => void;
  /** Writes, syncs and resizes: libuv's threads would do them in any order. */
  readonly #changes = new OperationSequence();
  #readsInFlight = 0;
  #isClosing = false;
  #isClosed = false;

  constructor({ name, path, descriptor, onClosed }: NodeFileOptions) {
    this.name = name;
    this.#path = path;
    this.#descriptor = descriptor;
    this.#onClosed = onClosed;
  }

  get size(): number {
    this.#assertOpen();
    return fstatSync(this.#descriptor).size;
  }

  readNow(into: Uint8Array, position: number): number {
    this.#assertOpen();
    let bytes = 0;
    while (bytes < into.length) {
      const count = this.#readNowOnce(into, bytes, position);
      if (count === 0) break;
      bytes += count;
    }
    return bytes;
  }

  read(into: Uint8Array, position: number, done: ReadDone): void {
    this.#assertOpen();
    this.#readsInFlight++;
    const finished: ReadDone = (fault, bytes) => {
      this.#readsInFlight--;
      done(fault, bytes);
      this.#closeWhenIdle();
    };
    // Node.js refuses to read nothing.
    if (into.length === 0) setImmediate(finished, undefined, 0);
    else this.#readFrom(into, 0, position, finished);
  }

  write(bytes: Uint8Array, position: number, done: Done): void {
    this.#change((finished) => this.#writeFrom(bytes, 0, position, finished), done);
  }

  sync(done: Done): void {
    this.#change((finished) => fdatasync(this.#descriptor, (error) => finished(this.#fault(error, 'sync'))), done);
  }

  /** What it is made longer by is a hole, that takes no blocks before it is written. */
  resize(bytes: number, done: Done): void {
    this.#change((finished) => {
      ftruncate(this.#descriptor, bytes, (error) => finished(this.#fault(error, 'resize')));
    }, done);
  }

  /** The descriptor stays until all that was asked for is done: the system would give its number to another file. */
  close(): void {
    this.#isClosing = true;
    this.#closeWhenIdle();
  }

  #change(operation: Operation, done: Done): void {
    this.#assertOpen();
    this.#changes.add(operation, (fault) => {
      done(fault);
      this.#closeWhenIdle();
    });
  }

  #writeFrom(bytes: Uint8Array, offset: number, position: number, finished: Done): void {
    const length = Math.min(bytes.length - offset, CALL_BYTES_MAX);
    write(this.#descriptor, bytes, offset, length, position + offset, (error, count) => {
      const end = offset + count;
      if (error !== null) finished(this.#fault(error, 'write'));
      else if (end === bytes.length) finished(undefined);
      else if (count === 0) finished({ code: 'EIO', message: `cannot write ${this.#path}: the system took no bytes` });
      else this.#writeFrom(bytes, end, position, finished);
    });
  }

  #readFrom(into: Uint8Array, offset: number, position: number, finished: ReadDone): void {
    const length = Math.min(into.length - offset, CALL_BYTES_MAX);
    read(this.#descriptor, into, offset, length, position + offset, (error, count) => {
      const end = offset + count;
      if (error !== null) finished(this.#fault(error, 'read'), offset);
      else if (count === 0 || end === into.length) finished(undefined, end);
      else this.#readFrom(into, end, position, finished);
    });
  }

  #readNowOnce(into: Uint8Array, offset: number, position: number): number {
    const length = Math.min(into.length - offset, CALL_BYTES_MAX);
    try {
      return readSync(this.#descriptor, into, offset, length, position + offset);
    } catch (error) {
      throw new Error(faultOf(error, 'read', this.#path).message, { cause: error });
    }
  }

  #closeWhenIdle(): void {
    if (!this.#isClosing || this.#isClosed || this.#readsInFlight > 0 || !this.#changes.isIdle) return;
    this.#isClosed = true;
    // An error here says nothing about bytes that a sync has vouched for, and of others nothing was promised.
    close(this.#descriptor, () => this.#onClosed());
  }

  #assertOpen(): void {
    assert(!this.#isClosing, `${this.#path} is used after it was closed`);
  }

  #fault(error: NodeJS.ErrnoException | null, what: string): DiskFault | undefined {
    return faultOrNone(error, what, this.#path);
  }
}
