/**
 * Messages of the simulator: each has a number of its own, which stands in its properties, and a body cut from one long
 * noise, so that every copy of it can be checked byte for byte without keeping any.
 */

import type { Region } from '../../src/base/bytes.ts';
import { SeededRandom } from '../../src/base/random.ts';
import { check } from './failure.ts';
import { REPLY_ADDRESS, type Template, templateFor } from './message-templates.ts';

export const BODY_BYTES_MAX = 200 * 1024;
const BODY_STARTS = 64 * 1024;
/** The timestamp, whose lower half is the message's number, is the last property. */
const NUMBER_BYTES = 4;

/** What is decided about a message; the rest follows from its number. */
export interface MessageFacts {
  readonly id: number;
  readonly exchange: string;
  readonly key: string;
  readonly mandatory: boolean;
  readonly persistent: boolean;
  /** It asks for direct replies. */
  readonly isRequest: boolean;
  readonly bodyBytes: number;
}

export interface SimMessage extends MessageFacts {
  readonly template: Template;
  readonly bodyStart: number;
}

const noise = makeNoise();
const decoder = new TextDecoder();

/** The bodies' starts differ so that neighbours are not alike. */
export function makeMessage(facts: MessageFacts): SimMessage {
  const { id, exchange, key, mandatory, persistent, isRequest, bodyBytes } = facts;
  const template = templateFor(id, persistent, isRequest);
  const bodyStart = Math.imul(id, 7919) & (BODY_STARTS - 1);
  return { id, exchange, key, mandatory, persistent, isRequest, bodyBytes, template, bodyStart };
}

/** All routing keys of a message: its own and those of CC and BCC. */
export function keysOf({ key, template }: SimMessage): readonly string[] {
  return [key, ...template.copies];
}

/** Writes `bytes` bytes of the body, from `offset` on. */
export function putBody(message: SimMessage, offset: number, to: Uint8Array, start: number, bytes: number): void {
  const from = message.bodyStart + offset;
  noise.copy(to, start, from, from + bytes);
}

/** @returns the number of the message whose properties are `bytes[start, end)`. */
export function idOf(bytes: Uint8Array, start: number, end: number): number {
  check(end - start >= 10, () => 'a message came without its properties');
  let id = 0;
  for (let index = end - NUMBER_BYTES; index < end; index++) id = id * 256 + (bytes[index] ?? 0);
  return id;
}

/** Writes the message's properties, which take the length of what its template sends. */
export function putProperties({ template, id }: SimMessage, to: Region, start: number): void {
  to.bytes.set(template.sent, start);
  to.view.setUint32(start + template.sent.length - NUMBER_BYTES, id);
}

/** Checks properties as they arrive. @returns the address for direct replies that the broker put in; empty for none. */
export function checkProperties(message: SimMessage, bytes: Uint8Array, start: number, end: number): string {
  const { received, addressAt } = message.template;
  const addressBytes = addressAt < 0 ? 0 : (bytes[start + addressAt] ?? 0);
  const head = addressAt < 0 ? received.length - NUMBER_BYTES : addressAt;
  let isSame = end - start === received.length + addressBytes;
  for (let index = 0; isSame && index < head; index++) isSame = bytes[start + index] === received[index];
  check(isSame, () => `message ${message.id} came with other properties`);
  if (addressAt < 0) return '';
  const address = decoder.decode(bytes.subarray(start + head + 1, start + head + 1 + addressBytes));
  check(REPLY_ADDRESS.test(address), () => `request ${message.id} came with reply-to '${address}'`);
  return address;
}

/** Checks a piece of a body that begins `offset` bytes into it. */
export function checkBody(message: SimMessage, offset: number, bytes: Uint8Array, start: number, end: number): void {
  const from = message.bodyStart + offset;
  const isSame = noise.compare(bytes, start, end, from, from + end - start) === 0;
  check(isSame, () => `message ${message.id} came with another body, from byte ${offset}`);
}

function makeNoise(): Buffer {
  const random = new SeededRandom(1);
  const bytes = Buffer.alloc(BODY_BYTES_MAX + BODY_STARTS);
  for (let index = 0; index < bytes.length; index++) bytes[index] = random.below(256);
  return bytes;
}
