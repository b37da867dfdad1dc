/**
 * The properties of the simulator's messages, which they share: as clients send them, as the broker must hand them on,
 * and what they ask of it.
 */

import { type FieldTable, table } from '../../src/base/field-table.ts';
import { encodeProperties, type Properties } from '../../src/protocols/amqp091/properties.ts';

/** What clients give as reply-to for direct replies. */
export const DIRECT_REPLY_TO = 'amq.rabbitmq.reply-to';
/** What the broker makes of it. */
export const REPLY_ADDRESS = /^amq\.rabbitmq\.reply-to\.[\w-]{22}$/;

export interface Template {
  /** The properties but for the number at their end, which is each message's own. */
  readonly sent: Uint8Array;
  /** The same as they must arrive, with an empty reply-to in a request. */
  readonly received: Uint8Array;
  /** Where the reply-to of a request stands in `received`, with its length in one byte; -1 in all others. */
  readonly addressAt: number;
  readonly headers: FieldTable;
  /** More routing keys: CC and BCC. */
  readonly copies: readonly string[];
}

interface Variant {
  readonly properties: Properties;
  readonly cc?: readonly string[];
  readonly bcc?: readonly string[];
}

/** Plain ones are the most: they come twice. */
const VARIANTS: readonly Variant[] = [
  { properties: {} },
  { properties: { headers: table({ kind: 'a' }) } },
  { properties: { contentType: 'text/plain', correlationId: 'c-1' } },
  { properties: { headers: table({ kind: 'b', size: 1, 'x-kind': 'a' }) } },
  { properties: {} },
  { properties: { headers: table({ note: 'x'.repeat(300) }) } },
  { properties: {}, cc: ['b', 'q1'] },
  { properties: { contentType: 'text/plain', headers: table({ size: 2 }) }, cc: ['a.b'], bcc: ['q2', 'q3'] },
];

const NO_TEMPLATE = templateOf({ properties: {} }, {});
const PERSISTENT = VARIANTS.map((variant) => templateOf(variant, { deliveryMode: 2 }));
const TRANSIENT = VARIANTS.map((variant, index) => templateOf(variant, index % 4 === 0 ? { deliveryMode: 1 } : {}));
const PERSISTENT_REQUESTS = VARIANTS.map((variant) => templateOf(variant, { deliveryMode: 2, replyTo: '' }));
const TRANSIENT_REQUESTS = VARIANTS.map((variant) => templateOf(variant, { replyTo: '' }));

/** @param id of the message: neighbours have different ones */
export function templateFor(id: number, persistent: boolean, isRequest: boolean): Template {
  const requests = persistent ? PERSISTENT_REQUESTS : TRANSIENT_REQUESTS;
  const others = persistent ? PERSISTENT : TRANSIENT;
  const templates = isRequest ? requests : others;
  return templates[id % templates.length] ?? NO_TEMPLATE;
}

function templateOf({ properties, cc, bcc }: Variant, more: Properties): Template {
  const all: Properties = { ...properties, ...more, timestamp: 0n };
  const isRequest = more.replyTo !== undefined;
  const sent = { ...withCopies(all, { CC: cc, BCC: bcc }), ...(isRequest ? { replyTo: DIRECT_REPLY_TO } : {}) };
  const arriving = withCopies(all, { CC: cc });
  const received = encodeProperties(arriving);
  // Behind the reply-to, empty here, comes only the timestamp.
  const addressAt = isRequest ? received.length - 9 : -1;
  const headers = arriving.headers ?? new Map();
  return { sent: encodeProperties(sent), received, addressAt, headers, copies: [...(cc ?? []), ...(bcc ?? [])] };
}

function withCopies(
  properties: Properties,
  copies: Readonly<Record<string, readonly string[] | undefined>>,
): Properties {
  const given = Object.entries(copies).flatMap(([name, keys]) => (keys === undefined ? [] : [[name, keys] as const]));
  if (given.length === 0) return properties;
  return { ...properties, headers: new Map([...(properties.headers ?? []), ...table(Object.fromEntries(given))]) };
}
