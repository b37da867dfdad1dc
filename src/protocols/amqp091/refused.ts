/**
 * How refusals go onto the wire: as connection.close and channel.close.
 */

import { CodecError } from '../../base/codec-error.ts';
import { BrokerError, refusal } from '../../core/errors.ts';
import type { Method } from './methods.ts';

const REPLY_TEXT_BYTES_MAX = 255;
const ELLIPSIS = '...';

/** What was thrown, as a refusal. @throws what is no fault of the client: it is a bug of ours */
export function asRefusal(thrown: unknown): BrokerError {
  if (thrown instanceof BrokerError) return thrown;
  if (thrown instanceof CodecError) return refusal.syntaxError(thrown.message);
  throw thrown;
}

/** What is wrong with a content header whose properties are malformed. @throws what is no fault of the client */
export function asContentRefusal(thrown: unknown): BrokerError {
  return thrown instanceof CodecError ? refusal.malformedContent(thrown.message) : asRefusal(thrown);
}

/** @param methodId of the method that failed; 0 when none is at fault */
export function closeMethod(name: 'connection.close' | 'channel.close', error: BrokerError, methodId: number): Method {
  const replyText = cut(error.replyText);
  const atFault = error.isOfMethod ? methodId : 0;
  return { name, replyCode: error.code, replyText, classId: atFault >>> 16, methodId: atFault & 0xffff };
}

/** The text, or as much of it as fits into a short string with three dots behind it. */
function cut(text: string): string {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= REPLY_TEXT_BYTES_MAX) return text;
  let end = REPLY_TEXT_BYTES_MAX - ELLIPSIS.length;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return new TextDecoder().decode(bytes.subarray(0, end)) + ELLIPSIS;
}
