/** Bodies that follow from a message's number, so that nobody has to remember them: many small, some of several frames. */

const LARGE_EVERY = 20;
const LARGE_BYTES = 100_000;
const SMALL_BYTES = 2000;
/** Knuth's multiplicative hash: spreads neighbours. */
const MULTIPLIER = 2_654_435_761;

export function bodyOf(id: number): Buffer {
  const hash = Math.imul(id, MULTIPLIER) >>> 0;
  return Buffer.alloc(hash % (hash % LARGE_EVERY === 0 ? LARGE_BYTES : SMALL_BYTES), `${id} `);
}
