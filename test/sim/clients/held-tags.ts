/**
 * The delivery tags that a client may settle on a channel: those received, without those that it has settled or given
 * back. A rollback brings back what the transaction had settled.
 */

export class HeldTags {
  /** The one settled last, or 0. */
  lastSettled = 0;
  #tags: number[] = [];
  /** Settled in the transaction that is going on; undefined when the channel has none. */
  #inTransaction: number[] | undefined;
  /** Recovers that are not answered: what still arrives has been taken back already. */
  #recovering = 0;

  get count(): number {
    return this.#tags.length;
  }

  add(tag: number): void {
    if (this.#recovering === 0) this.#tags.push(tag);
  }

  /** Takes one, to settle it. @param index from 0 up to `count` */
  take(index: number): number {
    return this.#settle(this.#tags.splice(index, 1));
  }

  /** Takes the oldest, to settle them. @returns the last of them. */
  takeUpTo(count: number): number {
    return this.#settle(this.#tags.splice(0, count));
  }

  /** A transaction begins. */
  begin(): void {
    this.#inTransaction = [];
  }

  rollback(): void {
    this.#tags = [...this.#tags, ...(this.#inTransaction ?? [])].sort((a, b) => a - b);
    this.begin();
  }

  /** All is given back. */
  forget(): void {
    this.#tags = [];
  }

  recover(): void {
    this.forget();
    this.#recovering++;
  }

  recovered(): void {
    this.#recovering--;
  }

  #settle(tags: readonly number[]): number {
    this.lastSettled = tags.at(-1) ?? 0;
    if (this.#inTransaction !== undefined) for (const tag of tags) this.#inTransaction.push(tag);
    return this.lastSettled;
  }
}
