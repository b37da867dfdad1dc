/**
 * The facts of a bundle, a column for each of their numbers.
 *
 * | kind | subject | place | count |
 * |---|---|---|---|
 * | publish | the message | its first target | targets |
 * | settle | the queue | the first sequence | sequences in a row |
 * | watermark | the queue | the sequence | |
 * | moved | its source | its record there | |
 * | definition, paged | its index | | |
 *
 * hot path: flat memory
 */

import { RECORD_KINDS } from '../../core/records.ts';

const FIRST_FACTS = 256;
/** Columns that have grown beyond this are not kept for the next batch. */
const KEPT_FACTS_MAX = 65_536;

export class FactColumns {
  length = 0;
  kinds = new Uint8Array(FIRST_FACTS);
  reasons = new Uint8Array(FIRST_FACTS);
  subjects = new Float64Array(FIRST_FACTS);
  places = new Float64Array(FIRST_FACTS);
  counts = new Uint32Array(FIRST_FACTS);
  /** Of a publish: its targets that are still to be written. */
  left = new Uint32Array(FIRST_FACTS);

  /** @returns the fact's place; places are dense. */
  add(kind: number, subject: number, place: number): number {
    if (this.length === this.kinds.length) this.#grow();
    const fact = this.length++;
    this.kinds[fact] = kind;
    this.subjects[fact] = subject;
    this.places[fact] = place;
    return fact;
  }

  /** Makes the last fact longer, when it is a settle that ends where this one begins. */
  extendSettle(queueId: number, sequence: number, count: number, reason: number): boolean {
    const last = this.length - 1;
    if (last < 0 || this.kinds[last] !== RECORD_KINDS.settle) return false;
    if (this.subjects[last] !== queueId || this.reasons[last] !== reason) return false;
    if (this.places[last]! + this.counts[last]! !== sequence) return false;
    this.counts[last] = this.counts[last]! + count;
    return true;
  }

  clear(): void {
    if (this.kinds.length > KEPT_FACTS_MAX) this.#allocate(FIRST_FACTS);
    this.length = 0;
  }

  #grow(): void {
    const { kinds, reasons, subjects, places, counts, left } = this;
    this.#allocate(2 * kinds.length);
    this.kinds.set(kinds);
    this.reasons.set(reasons);
    this.subjects.set(subjects);
    this.places.set(places);
    this.counts.set(counts);
    this.left.set(left);
  }

  #allocate(facts: number): void {
    this.kinds = new Uint8Array(facts);
    this.reasons = new Uint8Array(facts);
    this.subjects = new Float64Array(facts);
    this.places = new Float64Array(facts);
    this.counts = new Uint32Array(facts);
    this.left = new Uint32Array(facts);
  }
}
