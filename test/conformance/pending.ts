/** Cases that this broker does not answer as it should yet. A case that passes must leave this list. */

export const PENDING: ReadonlySet<string> = new Set([
  // QA-09: no single active consumer yet.
  'one of several consumers is active, then the next',
  'an exclusive consumer of a queue with a single active one',
]);
