/**
 * The handles of an arena's blocks: where each block stands and how many references it has, in tables of 16,384, so that
 * growing never copies and what a peak needed can be given back.
 *
 * The arena reads and writes the columns itself; who is free is known here.
 *
 * hot path: flat memory
 */

export const TABLE_BITS = 14;
const TABLE_ENTRIES = 1 << TABLE_BITS;
export const TABLE_MASK = TABLE_ENTRIES - 1;
/** Both columns. */
const TABLE_BYTES = 2 * 4 * TABLE_ENTRIES;

/** In the location of a free handle, whose other bits then name the next free one: it is negative. */
const FREE_BIT = 1 << 31;
const NO_HANDLE = 0x7fff_ffff;

export class HandleTables {
  /** By table: where the block of a handle stands, negative while it is free. Undefined when it was given back. */
  readonly locations: (Int32Array | undefined)[] = [];
  readonly references: (Uint32Array | undefined)[] = [];
  #free = NO_HANDLE;
  #tables = 0;

  /** A free handle; the caller sets its columns. */
  take(): number {
    if (this.#free === NO_HANDLE) this.#add();
    const handle = this.#free;
    this.#free = this.locations[handle >>> TABLE_BITS]![handle & TABLE_MASK]! & NO_HANDLE;
    return handle;
  }

  giveBack(handle: number): void {
    this.locations[handle >>> TABLE_BITS]![handle & TABLE_MASK] = FREE_BIT | this.#free;
    this.#free = handle;
  }

  /**
   * Lets go of the tables in which every handle is free. Looks at all of them: 1 ms for a million handles.
   * @param used how many handles are not free
   * @returns the bytes let go
   */
  trim(used: number): number {
    if (this.#tables * TABLE_ENTRIES - used < TABLE_ENTRIES) return 0;
    const before = this.#tables;
    this.#free = NO_HANDLE;
    for (let table = this.locations.length - 1; table >= 0; table--) {
      const locations = this.locations[table];
      if (locations === undefined) continue;
      if (isFree(locations)) this.#drop(table);
      else this.#link(table, locations);
    }
    return (before - this.#tables) * TABLE_BYTES;
  }

  #add(): void {
    const gap = this.locations.indexOf(undefined);
    const table = gap < 0 ? this.locations.length : gap;
    const locations = new Int32Array(TABLE_ENTRIES).fill(FREE_BIT);
    this.locations[table] = locations;
    this.references[table] = new Uint32Array(TABLE_ENTRIES);
    this.#tables++;
    this.#link(table, locations);
  }

  #drop(table: number): void {
    this.locations[table] = undefined;
    this.references[table] = undefined;
    this.#tables--;
  }

  /** Puts the free handles of a table before all others, the lowest first. */
  #link(table: number, locations: Int32Array): void {
    for (let index = TABLE_ENTRIES - 1; index >= 0; index--) {
      if (locations[index]! >= 0) continue;
      locations[index] = FREE_BIT | this.#free;
      this.#free = (table << TABLE_BITS) + index;
    }
  }
}

function isFree(locations: Int32Array): boolean {
  for (let index = 0; index < TABLE_ENTRIES; index++) if (locations[index]! >= 0) return false;
  return true;
}
