/** Choices by chance, the same for the same seed. */

export interface Chooser {
  /** From 0 up to, but not including, the limit. */
  below(limit: number): number;
  /** Never for odds of 0. */
  isOneIn(odds: number): boolean;
  of<Item>(items: readonly Item[]): Item;
}
