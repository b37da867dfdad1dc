/**
 * What a broker said, as lines that two brokers can be compared by: one line an event, nothing in it that differs from
 * run to run. Names that the broker made are shown as `amq.gen-*`, names of the case as they stand in the case.
 */

import { type Field, type FieldTable, text as fieldText } from '../../src/base/field-table.ts';
import type { Method } from '../../src/protocols/amqp091/methods.ts';
import type { Content, WireEvent } from './frames.ts';

/** Server properties that say who the broker is: what they hold is no behaviour. */
const IDENTITY = ['cluster_name', 'copyright', 'information', 'leveret_version', 'platform', 'product_version'];

const BODY_SHOWN_MAX = 60;

/** The line of an event; `prefix` is what the names of this run of the case begin with. */
export function lineOf(event: WireEvent, prefix: string): string {
  return withoutChance(describeEvent(event), prefix);
}

function describeEvent(event: WireEvent): string {
  if (event.kind === 'protocol header') return `protocol header ${[...event.bytes.subarray(4)].join(' ')}`;
  if (event.kind === 'heartbeat') return 'heartbeat';
  const line = describeMethod(event.method);
  return event.content === undefined ? line : `${line} ${describeContent(event.content)}`;
}

function withoutChance(line: string, prefix: string): string {
  return line
    .replaceAll(prefix, '~')
    .replaceAll(/amq\.gen-[\w-]{22}(?![\w-])/g, 'amq.gen-*')
    .replaceAll(/amq\.ctag-[\w-]{22}(?![\w-])/g, 'amq.ctag-*')
    .replaceAll(/amq\.rabbitmq\.reply-to\.[\w.=+/-]+/g, 'amq.rabbitmq.reply-to.*')
    .replaceAll(/<\d+\.\d+\.\d+>/g, '<process>');
}

function describeMethod(method: Method): string {
  if (method.name === 'channel.close' || method.name === 'connection.close') {
    return `${method.name} ${method.replyCode} "${method.replyText}" at ${method.classId}/${method.methodId}`;
  }
  if (method.name === 'connection.start') return describeStart(method);
  const { name, ...fields } = method;
  return [name, ...fieldWords(fields)].join(' ');
}

function describeStart(start: Method & { name: 'connection.start' }): string {
  const properties = [...start.serverProperties]
    .map(([key, field]) => `${key}: ${IDENTITY.includes(key) ? '*' : describeField(field)}`)
    .sort();
  const mechanisms = Buffer.from(start.mechanisms).toString().split(' ').sort().join(' ');
  const locales = Buffer.from(start.locales).toString();
  return `connection.start ${start.versionMajor}-${start.versionMinor} mechanisms=${mechanisms} locales=${locales} {${properties.join(', ')}}`;
}

function describeContent({ properties, body }: Content): string {
  const shown = body.length > BODY_SHOWN_MAX ? `${body.length} bytes` : `"${body.toString('latin1')}"`;
  return [...fieldWords(properties), shown].join(' ');
}

/** `field=value`; what is false or absent is left out. */
function fieldWords(fields: object): string[] {
  return Object.entries(fields).flatMap(([name, value]: [string, unknown]) => {
    if (value === false || value === undefined) return [];
    if (value === true) return [name];
    if (value instanceof Map) return [`${name}=${describeTable(value as FieldTable)}`];
    if (value instanceof Uint8Array) return [`${name}="${Buffer.from(value).toString('latin1')}"`];
    return [`${name}=${typeof value === 'string' ? JSON.stringify(value) : String(value)}`];
  });
}

function describeTable(table: FieldTable): string {
  return `{${[...table].map(([key, field]) => `${key}: ${describeField(field)}`).join(', ')}}`;
}

/** The letter of the type, then the value. */
function describeField(field: Field): string {
  switch (field.type) {
    case 'F':
      return describeTable(field.value);
    case 'A':
      return `[${field.value.map(describeField).join(', ')}]`;
    case 'S':
      return JSON.stringify(fieldText(field));
    case 'x':
      return `x ${Buffer.from(field.value).toString('hex')}`;
    case 'D':
      return `D ${field.value}/10^${field.scale}`;
    case 'V':
      return 'V';
    default:
      return `${field.type} ${field.value}`;
  }
}
