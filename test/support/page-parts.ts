/** Counts pages that count as several. */

import type { PageIndex } from '../../src/storage/disk/pages/page-index.ts';

/** @returns how many parts there are of pages that are in parts */
export function partsOf(index: PageIndex): number {
  const places = new Map<string, number>();
  for (const { file, offset } of index.all()) {
    const place = `${file} ${offset}`;
    places.set(place, (places.get(place) ?? 0) + 1);
  }
  return [...places.values()].filter((count) => count > 1).reduce((sum, count) => sum + count, 0);
}
