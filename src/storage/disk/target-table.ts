/**
 * The queues that the messages of a bundle reached, each with the message's sequence there, and an index that finds one
 * by both: a hash table of places, open addressing, grown by doubling.
 *
 * hot path: flat memory
 */

const FIRST_TARGETS = 256;
/** A table that has grown beyond this is not kept for the next batch. */
const KEPT_TARGETS_MAX = 65_536;

export class TargetTable {
  length = 0;
  queueIds = new Float64Array(FIRST_TARGETS);
  sequences = new Float64Array(FIRST_TARGETS);
  /** The fact that the target belongs to. */
  facts = new Uint32Array(FIRST_TARGETS);
  /** 1 while it is to be written. */
  isOpen = new Uint8Array(FIRST_TARGETS);
  /** Places plus one; twice as many as there are columns. */
  #index = new Uint32Array(2 * FIRST_TARGETS);

  /** @returns its place; places are dense. */
  add(fact: number, queueId: number, sequence: number): number {
    if (this.length === this.queueIds.length) this.#grow();
    const place = this.length++;
    this.queueIds[place] = queueId;
    this.sequences[place] = sequence;
    this.facts[place] = fact;
    this.isOpen[place] = 1;
    this.#enter(place, queueId, sequence);
    return place;
  }

  /** @returns the place, or -1. */
  find(queueId: number, sequence: number): number {
    if (this.length === 0) return -1;
    const index = this.#index;
    const mask = index.length - 1;
    for (let slot = hash(queueId, sequence) & mask; index[slot]! !== 0; slot = (slot + 1) & mask) {
      const place = index[slot]! - 1;
      if (this.sequences[place]! === sequence && this.queueIds[place]! === queueId) return place;
    }
    return -1;
  }

  clear(): void {
    if (this.queueIds.length > KEPT_TARGETS_MAX) this.#allocate(FIRST_TARGETS);
    else if (this.length > 0) this.#index.fill(0);
    this.length = 0;
  }

  #enter(place: number, queueId: number, sequence: number): void {
    const mask = this.#index.length - 1;
    let slot = hash(queueId, sequence) & mask;
    while (this.#index[slot]! !== 0) slot = (slot + 1) & mask;
    this.#index[slot] = place + 1;
  }

  #grow(): void {
    const { queueIds, sequences, facts, isOpen } = this;
    this.#allocate(2 * queueIds.length);
    this.queueIds.set(queueIds);
    this.sequences.set(sequences);
    this.facts.set(facts);
    this.isOpen.set(isOpen);
    for (let place = 0; place < this.length; place++) this.#enter(place, queueIds[place]!, sequences[place]!);
  }

  #allocate(targets: number): void {
    this.queueIds = new Float64Array(targets);
    this.sequences = new Float64Array(targets);
    this.facts = new Uint32Array(targets);
    this.isOpen = new Uint8Array(targets);
    this.#index = new Uint32Array(2 * targets);
  }
}

/** Sequences of a queue are dense, ids of queues far fewer: neighbours must not meet. */
function hash(queueId: number, sequence: number): number {
  const mixed = Math.imul(sequence ^ Math.imul(queueId, 0x9e37_79b1), 0x85eb_ca6b);
  return mixed ^ (mixed >>> 15);
}
