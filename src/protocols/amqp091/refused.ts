/**
 * How refusals go onto the wire: as connection.close and channel.close.
 */

import { CodecError } from '../../base/codec-error.ts';
import { BrokerError, refusal } from '../../core/errors.ts';
import type { Method } from './methods.ts';

const REPLY_TEXT_BYTES_MAX = 255;

/** What was thrown, as a refusal. @throws what is no fault of the client: it is a bug of ours */
export function asRefusal(thrown: unknown): BrokerError {
  if (thrown instanceof BrokerError) return thrown;
  if (thrown instanceof CodecError) return refusal.syntaxError(thrown.message);
  throw thrown;
}

/** @param methodId of the method that failed; 0 when none is at fault */
export function closeMethod(name: 'connection.close' | 'channel.close', error: BrokerError, methodId: number): Method {
  const replyText = cut(error.message);
  return { name, replyCode: error.code, replyText, classId: methodId >>> 16, methodId: methodId & 0xffff };
}

/** The text without what would not fit into a short string. */
function cut(text: string): string {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= REPLY_TEXT_BYTES_MAX) return text;
  let end = REPLY_TEXT_BYTES_MAX;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return new TextDecoder().decode(bytes.subarray(0, end));
}
