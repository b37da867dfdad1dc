/** Chooses one of several. */

import type { Random } from '../../src/base/random.ts';

export function pick<Item>(random: Random, items: readonly Item[]): Item {
  const item = items[random.below(items.length)];
  if (item === undefined) throw new Error('there is nothing to choose from');
  return item;
}
