/**
 * Messages that were delivered and came back: served before the ready ring, oldest sequence first.
 *
 * What comes back is nearly always in order (one channel's unacked, oldest first), so entries join a sorted run; those
 * that are out of order go to a heap beside it. Memory grows and shrinks in chunks, never by copying everything.
 *
 * hot path: flat memory
 */

import { assert } from '../../base/assert.ts';
import type { MessageHandle } from '../ports.ts';
import { deliveredPool, PIECE_ENTRIES } from './delivered-columns.ts';

const CHUNK_BITS = 8;
const CHUNK_ENTRIES = PIECE_ENTRIES;
const CHUNK_MASK = CHUNK_ENTRIES - 1;
const NOTHING = Number.POSITIVE_INFINITY;

class Chunk {
  next: Chunk | undefined;
  readonly #slab = deliveredPool.withRoom();
  readonly #columns = this.#slab.memory;
  readonly #start = deliveredPool.takeFrom(this.#slab);

  set(index: number, sequence: number, handle: MessageHandle): void {
    this.#columns.sequences[this.#start + index] = sequence;
    this.#columns.handles[this.#start + index] = handle;
  }

  sequence(index: number): number {
    return this.#columns.sequences[this.#start + index]!;
  }

  handle(index: number): MessageHandle {
    return this.#columns.handles[this.#start + index]!;
  }

  giveBack(): void {
    deliveredPool.giveBack(this.#slab, this.#start);
  }
}

export class Returned {
  /** The oldest sequence here; infinity when empty. */
  firstSequence = NOTHING;
  length = 0;
  readonly #run = new SortedRun();
  #heap: SequenceHeap | undefined;

  push(sequence: number, handle: MessageHandle): void {
    if (sequence > this.#run.last) this.#run.append(sequence, handle);
    else {
      this.#heap ??= new SequenceHeap();
      this.#heap.push(sequence, handle);
    }
    this.length++;
    if (sequence < this.firstSequence) this.firstSequence = sequence;
  }

  /** Takes the entry whose sequence is `firstSequence`. Only when not empty. */
  shift(): MessageHandle {
    const run = this.#run;
    const heap = this.#heap;
    const handle = heap === undefined || run.first === this.firstSequence ? run.shift() : heap.shift();
    this.length--;
    this.firstSequence = heap === undefined ? run.first : Math.min(run.first, heap.first);
    return handle;
  }
}

/** Entries that came in order. */
class SortedRun {
  /** The first and the last sequence. An empty run takes any. */
  first = NOTHING;
  last = -1;
  #head: Chunk | undefined;
  #tail: Chunk | undefined;
  #headIndex = 0;
  #tailIndex = CHUNK_ENTRIES;

  append(sequence: number, handle: MessageHandle): void {
    const tail = this.#tail === undefined || this.#tailIndex === CHUNK_ENTRIES ? this.#addChunk() : this.#tail;
    tail.set(this.#tailIndex++, sequence, handle);
    if (this.last < 0) this.first = sequence;
    this.last = sequence;
  }

  /** Takes the first. Only when not empty. */
  shift(): MessageHandle {
    const head = this.#head;
    assert(head !== undefined, 'an empty run was asked for an entry');
    const handle = head.handle(this.#headIndex++);
    if (this.first === this.last) this.#clear(head);
    else this.first = this.#seeNext(head);
    return handle;
  }

  /** @returns the sequence that is first now. */
  #seeNext(head: Chunk): number {
    if (this.#headIndex < CHUNK_ENTRIES) return head.sequence(this.#headIndex);
    const { next } = head;
    assert(next !== undefined, 'a run ends before its last entry');
    head.giveBack();
    this.#head = next;
    this.#headIndex = 0;
    return next.sequence(0);
  }

  #clear(head: Chunk): void {
    head.giveBack();
    this.#head = undefined;
    this.#tail = undefined;
    this.first = NOTHING;
    this.last = -1;
  }

  #addChunk(): Chunk {
    const chunk = new Chunk();
    if (this.#tail === undefined) {
      this.#head = chunk;
      this.#headIndex = 0;
    } else this.#tail.next = chunk;
    this.#tail = chunk;
    this.#tailIndex = 0;
    return chunk;
  }
}

/** A binary heap of (sequence, handle), smallest sequence first. */
class SequenceHeap {
  readonly #chunks: Chunk[] = [];
  #length = 0;

  get first(): number {
    return this.#length === 0 ? NOTHING : this.#chunks[0]!.sequence(0);
  }

  push(sequence: number, handle: MessageHandle): void {
    if (this.#length === this.#chunks.length << CHUNK_BITS) this.#chunks.push(new Chunk());
    let index = this.#length++;
    while (index > 0) {
      const parent = (index - 1) >>> 1;
      if (this.#sequence(parent) <= sequence) break;
      this.#copy(parent, index);
      index = parent;
    }
    this.#set(index, sequence, handle);
  }

  /** Takes the smallest. Only when not empty. */
  shift(): MessageHandle {
    const smallest = this.#handle(0);
    const last = --this.#length;
    const sequence = this.#sequence(last);
    const handle = this.#handle(last);
    if (last > 0) this.#sink(sequence, handle, last);
    if ((last & CHUNK_MASK) === 0) this.#chunks.pop()?.giveBack();
    return smallest;
  }

  #sink(sequence: number, handle: MessageHandle, length: number): void {
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= length) break;
      if (child + 1 < length && this.#sequence(child + 1) < this.#sequence(child)) child++;
      if (this.#sequence(child) >= sequence) break;
      this.#copy(child, index);
      index = child;
    }
    this.#set(index, sequence, handle);
  }

  #sequence(index: number): number {
    return this.#chunks[index >>> CHUNK_BITS]!.sequence(index & CHUNK_MASK);
  }

  #handle(index: number): MessageHandle {
    return this.#chunks[index >>> CHUNK_BITS]!.handle(index & CHUNK_MASK);
  }

  #copy(from: number, to: number): void {
    this.#set(to, this.#sequence(from), this.#handle(from));
  }

  #set(index: number, sequence: number, handle: MessageHandle): void {
    this.#chunks[index >>> CHUNK_BITS]!.set(index & CHUNK_MASK, sequence, handle);
  }
}
