/** What a mutant is: one is made by putting other methods in the place of the broker's at run time. */

import type { SimWorld } from '../world.ts';

export interface Mutant {
  readonly name: string;
  /** What the checker that finds it says. */
  readonly foundAs: RegExp;
  /** @returns how to make everything whole again. */
  readonly apply: (world: SimWorld) => () => void;
}

export function both(one: () => void, other: () => void): () => void {
  return () => {
    one();
    other();
  };
}
