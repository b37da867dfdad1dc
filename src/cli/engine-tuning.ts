/**
 * How the JavaScript engine is set for the program. A broker inside somebody else's process leaves the engine as it is.
 */

import v8 from 'node:v8';

/**
 * `--max-inlined-bytecode-size-cumulative`: how much the optimising compiler may inline into one function; 920 unless
 * given. The way of a message goes through dozens of small functions, and calling them was a sixth of what it took. With
 * more than this the compiler works several times as long for little.
 */
export const ENGINE_FLAGS: readonly string[] = ['--max-inlined-bytecode-size-cumulative=2000'];

/** To be called before there is traffic: what is compiled already stays as it is. */
export function tuneEngine(): void {
  for (const flag of ENGINE_FLAGS) v8.setFlagsFromString(flag);
}
