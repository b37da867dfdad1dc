/** Cases that this broker does not answer as it should yet. A case that passes must leave this list. */

export const PENDING: ReadonlySet<string> = new Set([
  // C-28: 501 with the bytes that cannot be decoded.
  'a method without its fields',
  'a method with fields cut short',
  'a method with bytes left over',
  'a header too short',
  // C-28: properties are checked only by who needs one.
  'a header with properties cut short',
  // S-05: a tag beyond what a number holds exactly.
  'the highest tag is unknown',
  // S-11: delete-ok comes first.
  'who deletes a queue hears of the own consumer too',
  // QA-09: no single active consumer yet.
  'one of several consumers is active, then the next',
  'an exclusive consumer of a queue with a single active one',
  // S-14: delivered and returned at once.
  'a mandatory answer is delivered and returned',
]);
