/**
 * Messages of the simulator: each has a number of its own, which stands in its properties, and a body cut from one long
 * noise, so that every copy of it can be checked byte for byte without keeping any.
 */

import type { Region } from '../../src/base/bytes.ts';
import { SeededRandom } from '../../src/base/random.ts';
import { encodeProperties } from '../../src/protocols/amqp091/properties.ts';
import { check } from './failure.ts';

export const BODY_BYTES_MAX = 200 * 1024;
const BODY_STARTS = 64 * 1024;
/** The timestamp, whose lower half is the message's number, is the last property. */
const NUMBER_BYTES = 4;

export interface SimMessage {
  readonly id: number;
  readonly exchange: string;
  readonly key: string;
  readonly mandatory: boolean;
  readonly persistent: boolean;
  /** The properties but for the number at their end, which is the message's own. */
  readonly template: Uint8Array;
  readonly bodyStart: number;
  readonly bodyBytes: number;
}

const noise = makeNoise();

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

/** Writes the message's properties, which take the length of its template. */
export function putProperties(message: SimMessage, to: Region, start: number): void {
  const { template, id } = message;
  to.bytes.set(template, start);
  to.view.setUint32(start + template.length - NUMBER_BYTES, id);
}

export function checkProperties(message: SimMessage, bytes: Uint8Array, start: number, end: number): void {
  const { template } = message;
  let isSame = end - start === template.length;
  for (let index = 0; isSame && index < template.length - NUMBER_BYTES; index++) {
    isSame = bytes[start + index] === template[index];
  }
  check(isSame, () => `message ${message.id} came with other properties`);
}

/** Checks a piece of a body that begins `offset` bytes into it. */
export function checkBody(message: SimMessage, offset: number, bytes: Uint8Array, start: number, end: number): void {
  const from = message.bodyStart + offset;
  const isSame = noise.compare(bytes, start, end, from, from + end - start) === 0;
  check(isSame, () => `message ${message.id} came with another body, from byte ${offset}`);
}

/** The bodies' starts differ so that neighbours are not alike. */
export function makeMessage(facts: Omit<SimMessage, 'template' | 'bodyStart'>): SimMessage {
  const { id, exchange, key, mandatory, persistent, bodyBytes } = facts;
  const templates = persistent ? PERSISTENT : TRANSIENT;
  const template = templates[id % templates.length] ?? NO_PROPERTIES;
  const bodyStart = Math.imul(id, 7919) & (BODY_STARTS - 1);
  return { id, exchange, key, mandatory, persistent, bodyBytes, template, bodyStart };
}

const NO_PROPERTIES = new Uint8Array(0);
const VARIANTS = [
  {},
  { contentType: 'text/plain', correlationId: 'c-1' },
  { headers: new Map([['note', { type: 'S', value: new TextEncoder().encode('x'.repeat(300)) }] as const]) },
];
const PERSISTENT = VARIANTS.map((variant) => encodeProperties({ ...variant, deliveryMode: 2, timestamp: 0n }));
const TRANSIENT = [
  ...VARIANTS.map((variant) => encodeProperties({ ...variant, timestamp: 0n })),
  encodeProperties({ deliveryMode: 1, timestamp: 0n }),
];

function makeNoise(): Buffer {
  const random = new SeededRandom(1);
  const bytes = Buffer.alloc(BODY_BYTES_MAX + BODY_STARTS);
  for (let index = 0; index < bytes.length; index++) bytes[index] = random.below(256);
  return bytes;
}
