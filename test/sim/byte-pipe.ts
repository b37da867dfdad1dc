/** Bytes on their way from a client to the broker: written at one end, taken in pieces of any size at the other. */

export class BytePipe {
  #bytes = new Uint8Array(16 * 1024);
  #start = 0;
  #end = 0;

  get length(): number {
    return this.#end - this.#start;
  }

  write(bytes: Uint8Array): void {
    if (this.#end + bytes.length > this.#bytes.length) this.#makeRoom(bytes.length);
    this.#bytes.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** Moves up to `count` bytes to the beginning of `into`. @returns how many. */
  take(into: Uint8Array, count: number): number {
    const moved = Math.min(count, this.length, into.length);
    into.set(this.#bytes.subarray(this.#start, this.#start + moved));
    this.#start += moved;
    if (this.#start === this.#end) this.clear();
    return moved;
  }

  clear(): void {
    this.#start = 0;
    this.#end = 0;
  }

  #makeRoom(bytes: number): void {
    const length = this.length;
    const isRoomy = length + bytes <= this.#bytes.length / 2;
    const target = isRoomy ? this.#bytes : new Uint8Array(2 * (length + bytes));
    target.set(this.#bytes.subarray(this.#start, this.#end));
    this.#bytes = target;
    this.#start = 0;
    this.#end = length;
  }
}
