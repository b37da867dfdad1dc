/** For each id a set of other ids. One that stands alone, as nearly all do, needs no set. */

export class IdIndex {
  readonly #ids = new Map<number, number | Set<number>>();

  add(of: number, id: number): void {
    const present = this.#ids.get(of);
    if (present === undefined) this.#ids.set(of, id);
    else if (typeof present !== 'number') present.add(id);
    else if (present !== id) this.#ids.set(of, new Set([present, id]));
  }

  remove(of: number, id: number): void {
    const present = this.#ids.get(of);
    if (present === id) this.#ids.delete(of);
    if (typeof present !== 'object') return;
    present.delete(id);
    if (present.size === 0) this.#ids.delete(of);
  }

  /** All of one id, which are forgotten here. */
  take(of: number): Iterable<number> {
    const present = this.#ids.get(of);
    this.#ids.delete(of);
    return typeof present === 'number' ? [present] : (present ?? []);
  }
}
