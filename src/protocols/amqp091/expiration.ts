/**
 * The expiration that a publisher gives a message: milliseconds as text. What is wrong with a text is said as RabbitMQ
 * says it, in Erlang's terms.
 */

/** Ten years. */
const EXPIRATION_MS_MAX = 315_360_000_000n;

/** A sign and digits; RabbitMQ then looks at what is left over. */
const NUMBER = /^[+-]?\d+/;

/** @returns undefined for a text that is good. */
export function whyInvalidExpiration(text: string): string | undefined {
  const number = NUMBER.exec(text)?.[0];
  if (number === undefined) return 'no_integer';
  if (number.length < text.length) return `{leftover_string,${JSON.stringify(text.slice(number.length))}}`;
  const ms = BigInt(number.replace('+', ''));
  if (ms < 0n) return `{value_negative,${ms}}`;
  return ms > EXPIRATION_MS_MAX ? `{value_too_large,${ms}}` : undefined;
}
