/** What can be known of messages and keys, by names, as a fact says it. */

import type { SideFact } from '../../src/core/side-fact.ts';

/** A count, a time or a key; undefined when nothing is known. */
export type Known = number | string | undefined;

/** What a fact is about, in words. */
export function nameOf(fact: SideFact): string {
  switch (fact.kind) {
    case 'returned':
      return `returns of ${fact.sequence}`;
    case 'delayDue':
    case 'delayCancelled':
      return `time of ${fact.sequence}`;
    case 'groupKey':
      return `group of ${fact.sequence}`;
    default:
      return `key ${fact.key}`;
  }
}

/** What it says. */
export function knownBy(fact: SideFact): Known {
  switch (fact.kind) {
    case 'returned':
      return fact.count;
    case 'delayDue':
      return fact.dueMs;
    case 'delayCancelled':
      return undefined;
    case 'groupKey':
      return fact.key;
    default:
      return fact.untilMs;
  }
}

/** Which message something is about; undefined of keys. */
export function sequenceOf(name: string): number | undefined {
  const digits = / of (\d+)$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
