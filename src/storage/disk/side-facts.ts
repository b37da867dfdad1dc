/**
 * Facts about messages and keys that are collected for one batch. They stand behind all else of it, and are written when
 * the batch is made: those about messages that are live by then, and about keys. A message that never reaches the disk
 * takes what was said of it along.
 *
 * Few brokers need any: what has none pays for one look at the length.
 */

import type { MessageFact, SideFact } from '../../core/side-fact.ts';
import { sideFactBytes } from './side-record-codec.ts';

/** What becomes of a fact when a batch is made. */
export type FactFate = 'written' | 'waiting' | 'gone';

interface Collected {
  readonly fact: SideFact;
  readonly isOfGroup: boolean;
}

export class SideFacts {
  #collected: Collected[] = [];
  /** Publishes of the batch wait for room on the disk: keys that were seen with them must not be known before they are. */
  #areKeysHeld = false;

  get length(): number {
    return this.#collected.length;
  }

  /** What all of it takes. */
  get bytes(): number {
    return this.#collected.reduce((sum, { fact }) => sum + sideFactBytes(fact), 0);
  }

  add(fact: SideFact, isOfGroup: boolean): void {
    this.#collected.push({ fact, isOfGroup });
  }

  /** Publishes of the batch wait for room. */
  holdKeys(): void {
    this.#areKeysHeld = true;
  }

  get hasHeldKeys(): boolean {
    return this.#areKeysHeld && this.#collected.some((one) => this.#isHeldKey(one));
  }

  /** Facts about messages of other batches that wait for room go there. @param find the batch that has the message */
  giveTo(find: (fact: MessageFact) => { readonly side: SideFacts } | undefined): void {
    this.#collected = this.#collected.filter((one) => {
      const other = one.fact.kind === 'dedupSeen' ? undefined : find(one.fact);
      if (other === undefined) return true;
      other.side.#collected.push(one);
      return false;
    });
  }

  dropQueue(queueId: number): void {
    this.#collected = this.#collected.filter(({ fact }) => fact.queueId !== queueId);
  }

  /** Takes out all but what waits. @returns what is to be written, in its order */
  take(fateOf: (fact: MessageFact) => FactFate, mayWait: boolean): SideFact[] {
    const taken: SideFact[] = [];
    this.#collected = this.#collected.filter((one) => {
      const { fact } = one;
      const isHeld = mayWait && this.#areKeysHeld && this.#isHeldKey(one);
      const fate = fact.kind === 'dedupSeen' ? (isHeld ? 'waiting' : 'written') : fateOf(fact);
      if (fate === 'written') taken.push(fact);
      return fate === 'waiting';
    });
    return taken;
  }

  *queueIds(): Iterable<number> {
    for (const { fact } of this.#collected) yield fact.queueId;
  }

  clear(): void {
    this.#collected = [];
    this.#areKeysHeld = false;
  }

  /** What is atomic is not torn: a group's publishes do not wait either. */
  #isHeldKey({ fact, isOfGroup }: Collected): boolean {
    return fact.kind === 'dedupSeen' && !isOfGroup;
  }
}
