/**
 * Refusals of frames, in the texts that RabbitMQ has for them, with the first bytes as Erlang prints a binary.
 */

import type { Region } from '../../base/bytes.ts';
import { type BrokerError, refusal } from '../../core/errors.ts';

const SNIPPET_BYTES = 16;
/** Enough to fill a reply text. */
const UNDECODABLE_BYTES_SHOWN = 255;

/** @param payloadMax how large the payload might have been */
export function frameTooLarge(type: number, size: number, payloadMax: number): BrokerError {
  return refusal.frameError(`type ${type}, all octets = <<>>: {frame_too_large,${size},${payloadMax}}`);
}

/** The payload is `input.bytes[start, end)`, or the rest of it; the wrong octet stands behind it. */
export function invalidFrameEnd(type: number, input: Region, start: number, end: number): BrokerError {
  const marker = input.view.getUint8(end);
  return refusal.frameError(`${snippet(type, input, start, end)}: {invalid_frame_end_marker,${marker}}`);
}

/** A frame of a type that does not exist, or whose payload cannot be one of its type. */
export function unknownFrame(type: number, input: Region, start: number, end: number): BrokerError {
  return refusal.frameError(`${snippet(type, input, start, end)}: unknown_frame`);
}

/** A method whose fields, `input.bytes[start, end)`, are cut short or have something behind them. */
export function cannotDecode(input: Region, start: number, end: number): BrokerError {
  const shown = input.bytes.subarray(start, Math.min(end, start + UNDECODABLE_BYTES_SHOWN));
  return refusal.frameError(`cannot decode ${numbers(shown)}`);
}

/** A frame that may not come here. */
export function unexpectedFrame(type: number, input: Region, start: number, end: number): BrokerError {
  return refusal.unexpectedFrame(snippet(type, input, start, end));
}

function snippet(type: number, input: Region, start: number, end: number): string {
  const isShort = end - start <= SNIPPET_BYTES;
  const octets = input.bytes.subarray(start, isShort ? end : start + SNIPPET_BYTES);
  return `type ${type}, ${isShort ? 'all' : `first ${SNIPPET_BYTES}`} octets = ${erlangBinary(octets)}`;
}

/** `<<"text">>` when every byte can be printed, else `<<1,2,3>>`. */
export function erlangBinary(octets: Uint8Array): string {
  const isText = octets.length > 0 && octets.every((octet) => octet >= 0x20 && octet < 0x7f);
  if (!isText) return numbers(octets);
  return `<<${JSON.stringify(String.fromCharCode(...octets))}>>`;
}

function numbers(octets: Uint8Array): string {
  return `<<${octets.join(',')}>>`;
}
