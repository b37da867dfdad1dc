/**
 * Assertions for bugs of our own: a failed one means that the code is wrong, never that a client is.
 * Refusals of clients are `BrokerError`s (core/errors.ts).
 */

export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`bug: ${message}`);
}

/** Ends a `switch` over a discriminant, so that a new case is a compile error. */
export function unreachable(value: never): never {
  throw new Error(`bug: unreachable value ${String(value)}`);
}
