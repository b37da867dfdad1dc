/**
 * Keys of words between dots, as topic exchanges match them: `stock.usd.nyse`.
 */

/** In a pattern: exactly one word. */
export const ANY_WORD = '*';
/** In a pattern: zero or more words. */
export const ANY_WORDS = '#';

/** The words of a key or pattern. The empty one has none, as in RabbitMQ, while `.` has two empty ones. */
export function splitWords(key: string): string[] {
  return key === '' ? [] : key.split('.');
}

/** How often a pattern says "zero or more words". */
export function countAnyWords(pattern: string): number {
  let count = 0;
  for (const word of splitWords(pattern)) if (word === ANY_WORDS) count++;
  return count;
}
