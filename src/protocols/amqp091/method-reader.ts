/**
 * Reads the methods that are decoded into objects, and refuses bytes that are none as RabbitMQ does: first fields that do
 * not fit the method's length, then what is wrong in them.
 */

import { ByteReader } from '../../base/byte-reader.ts';
import type { Region } from '../../base/bytes.ts';
import { CodecError, FieldTableError, MalformedTextError } from '../../base/codec-error.ts';
import { type BrokerError, refusal } from '../../core/errors.ts';
import { cannotDecode } from './frame-errors.ts';
import { decodeMethod, type Method } from './methods.ts';

const reader = new ByteReader();

/**
 * The method whose fields are `input.bytes[start, end)`.
 * @throws BrokerError 501 when they cannot be decoded, 502 for a table that is none, 503 for an unknown id.
 */
export function readMethod(id: number, input: Region, start: number, end: number): Method {
  reader.reset(input, start, end);
  const method = decoded(id, input, start, end);
  if (method === undefined) throw refusal.commandInvalid(`unknown method ${id >>> 16}/${id & 0xffff}`);
  return method;
}

function decoded(id: number, input: Region, start: number, end: number): Method | undefined {
  try {
    return decodeMethod(id, reader);
  } catch (thrown) {
    throw thrown instanceof CodecError ? refused(thrown, input, start, end) : thrown;
  }
}

function refused(error: CodecError, input: Region, start: number, end: number): BrokerError {
  if (error instanceof FieldTableError) return refusal.syntaxError(error.message);
  if (error instanceof MalformedTextError) return refusal.malformedText();
  return cannotDecode(input, start, end);
}
