/**
 * The expiration that a publisher gives a message: milliseconds as text. What is wrong with a text is said as RabbitMQ
 * says it, in Erlang's terms.
 */

/** Ten years. */
const EXPIRATION_MS_MAX = 315_360_000_000;
/** No more digits than the largest has. */
const PLAIN_DIGITS_MAX = 12;

const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;

/** A sign and digits; RabbitMQ then looks at what is left over. */
const NUMBER = /^[+-]?\d+/;

/** @returns whole milliseconds from 0 up to ten years, or what is wrong with the text */
export function readExpiration(text: string): number | string {
  const ms = plainMs(text);
  return ms >= 0 && ms <= EXPIRATION_MS_MAX ? ms : anyMs(text);
}

/** Nearly all are a few digits, and need no regular expression. @returns -1 for other texts */
function plainMs(text: string): number {
  if (text.length === 0 || text.length > PLAIN_DIGITS_MAX) return -1;
  let ms = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < DIGIT_0 || code > DIGIT_9) return -1;
    ms = ms * 10 + code - DIGIT_0;
  }
  return ms;
}

function anyMs(text: string): number | string {
  const number = NUMBER.exec(text)?.[0];
  if (number === undefined) return 'no_integer';
  if (number.length < text.length) return `{leftover_string,${JSON.stringify(text.slice(number.length))}}`;
  const ms = BigInt(number.replace('+', ''));
  if (ms < 0n) return `{value_negative,${ms}}`;
  return ms > EXPIRATION_MS_MAX ? `{value_too_large,${ms}}` : Number(ms);
}
