/**
 * Messages that were delivered and came back: served before the ready ring, oldest sequence first.
 *
 * What comes back is nearly always in order (one channel's unacked, oldest first), so entries join a sorted run; those
 * that are out of order go to a heap beside it. Memory grows and shrinks in chunks, never by copying everything.
 *
 * hot path: flat memory
 */

import type { MessageHandle } from '../ports.ts';

const CHUNK_BITS = 10;
const CHUNK_ENTRIES = 1 << CHUNK_BITS;
const CHUNK_MASK = CHUNK_ENTRIES - 1;

interface RunChunk {
  readonly sequences: Float64Array;
  readonly handles: Uint32Array;
  next: RunChunk | undefined;
}

const NOTHING = Number.POSITIVE_INFINITY;

/** Stands for the first and the last chunk of an empty run. */
const NO_CHUNK: RunChunk = { sequences: new Float64Array(0), handles: new Uint32Array(0), next: undefined };

export class Returned {
  /** The oldest sequence here; infinity when empty. */
  firstSequence = NOTHING;
  length = 0;

  #head = NO_CHUNK;
  #tail = NO_CHUNK;
  #headIndex = 0;
  #tailIndex = 0;
  #runLength = 0;
  #lastSequence = -1;
  readonly #heap = new SequenceHeap();

  push(sequence: number, handle: MessageHandle): void {
    if (this.#runLength === 0 || sequence > this.#lastSequence) this.#append(sequence, handle);
    else this.#heap.push(sequence, handle);
    this.length++;
    if (sequence < this.firstSequence) this.firstSequence = sequence;
  }

  /** Takes the entry whose sequence is `firstSequence`. Only when not empty. */
  shift(): MessageHandle {
    const isInRun = this.#runLength > 0 && this.#runFirst() === this.firstSequence;
    const handle = isInRun ? this.#shiftRun() : this.#heap.shift();
    this.length--;
    this.firstSequence = Math.min(this.#runFirst(), this.#heap.first);
    return handle;
  }

  #append(sequence: number, handle: MessageHandle): void {
    let tail = this.#tail;
    if (this.#tailIndex === tail.handles.length) tail = this.#addChunk();
    tail.sequences[this.#tailIndex] = sequence;
    tail.handles[this.#tailIndex++] = handle;
    this.#lastSequence = sequence;
    this.#runLength++;
  }

  #addChunk(): RunChunk {
    const chunk: RunChunk = {
      sequences: new Float64Array(CHUNK_ENTRIES),
      handles: new Uint32Array(CHUNK_ENTRIES),
      next: undefined,
    };
    if (this.#tail === NO_CHUNK) {
      this.#head = chunk;
      this.#headIndex = 0;
    } else this.#tail.next = chunk;
    this.#tail = chunk;
    this.#tailIndex = 0;
    return chunk;
  }

  #runFirst(): number {
    return this.#runLength === 0 ? NOTHING : this.#head.sequences[this.#headIndex]!;
  }

  #shiftRun(): MessageHandle {
    const handle = this.#head.handles[this.#headIndex++]!;
    this.#runLength--;
    if (this.#runLength === 0) {
      this.#head = NO_CHUNK;
      this.#tail = NO_CHUNK;
      this.#tailIndex = 0;
    } else if (this.#headIndex === CHUNK_ENTRIES) {
      this.#head = this.#head.next ?? NO_CHUNK;
      this.#headIndex = 0;
    }
    return handle;
  }
}

/** A binary heap of (sequence, handle), smallest sequence first. */
class SequenceHeap {
  readonly #sequences: Float64Array[] = [];
  readonly #handles: Uint32Array[] = [];
  #length = 0;

  get first(): number {
    return this.#length === 0 ? NOTHING : this.#sequences[0]![0]!;
  }

  push(sequence: number, handle: MessageHandle): void {
    if (this.#length === this.#sequences.length << CHUNK_BITS) {
      this.#sequences.push(new Float64Array(CHUNK_ENTRIES));
      this.#handles.push(new Uint32Array(CHUNK_ENTRIES));
    }
    let index = this.#length++;
    while (index > 0) {
      const parent = (index - 1) >>> 1;
      if (this.#sequenceAt(parent) <= sequence) break;
      this.#copy(parent, index);
      index = parent;
    }
    this.#set(index, sequence, handle);
  }

  /** Takes the smallest. Only when not empty. */
  shift(): MessageHandle {
    const smallest = this.#handles[0]![0]!;
    const last = --this.#length;
    const sequence = this.#sequenceAt(last);
    const handle = this.#handles[last >>> CHUNK_BITS]![last & CHUNK_MASK]!;
    if (last > 0) this.#sink(sequence, handle, last);
    if ((last & CHUNK_MASK) === 0) {
      this.#sequences.pop();
      this.#handles.pop();
    }
    return smallest;
  }

  #sink(sequence: number, handle: MessageHandle, length: number): void {
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= length) break;
      if (child + 1 < length && this.#sequenceAt(child + 1) < this.#sequenceAt(child)) child++;
      if (this.#sequenceAt(child) >= sequence) break;
      this.#copy(child, index);
      index = child;
    }
    this.#set(index, sequence, handle);
  }

  #sequenceAt(index: number): number {
    return this.#sequences[index >>> CHUNK_BITS]![index & CHUNK_MASK]!;
  }

  #copy(from: number, to: number): void {
    this.#set(to, this.#sequenceAt(from), this.#handles[from >>> CHUNK_BITS]![from & CHUNK_MASK]!);
  }

  #set(index: number, sequence: number, handle: MessageHandle): void {
    this.#sequences[index >>> CHUNK_BITS]![index & CHUNK_MASK] = sequence;
    this.#handles[index >>> CHUNK_BITS]![index & CHUNK_MASK] = handle;
  }
}
