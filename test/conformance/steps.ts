/**
 * The words that cases are written in. Each makes a step; steps act on connection `a`, channel 1, unless `on` says
 * otherwise. A step that asks waits for the answer; `settles`, `awaits` and `ends` wait for what nobody asked for.
 */

import type { Field, FieldTable } from '../../src/base/field-table.ts';
import { FRAME_TYPES } from '../../src/protocols/amqp091/frame.ts';
import { encodeFrame } from '../../src/protocols/amqp091/frames-out.ts';
import { METHOD_IDS, type MethodName } from '../../src/protocols/amqp091/methods.ts';
import { encodeProperties } from '../../src/protocols/amqp091/properties.ts';
import type { FieldsOf, Handshake, PropertyValues, Step, TableValues } from './case-run.ts';
import { methodFrame } from './wire-client.ts';

const ROUND_TRIPS = 5;

/** A case: what it shows, the row of FEATURES that says so, and what is done. */
export interface ConformanceCase {
  readonly name: string;
  readonly feature: string;
  readonly steps: readonly Step[];
}

export function conforms(feature: string, name: string, steps: readonly Step[]): ConformanceCase {
  return { name, feature, steps };
}

/** Sends a method on an open channel and waits for its answer, if it has one. */
export function does<Name extends MethodName>(name: Name, fields: FieldsOf<Name> = {}): Step {
  const answers = answersOf(name);
  return async (run, place) => {
    const client = await run.ready(place);
    const count = (): number => answers.reduce((sum, answer) => sum + client.count(place.channel, answer), 0);
    const before = count();
    client.sendMethod(place.channel, run.method(name, fields, client));
    const isAnswered = answers.length > 0 && !('noWait' in fields && fields.noWait === true);
    if (isAnswered) await client.until(place.channel, () => count() > before);
  };
}

/** Sends a method as it is: opens nothing before and waits for nothing after. */
export function sends<Name extends MethodName>(name: Name, fields: FieldsOf<Name> = {}): Step {
  return async (run, place) => {
    const client = run.client(place.connection);
    client.sendMethod(place.channel, run.method(name, fields, client));
  };
}

function answersOf(name: MethodName): MethodName[] {
  if (name === 'basic.get') return ['basic.get-ok', 'basic.get-empty'];
  const answer = `${name}-ok`;
  return answer in METHOD_IDS ? [answer as MethodName] : [];
}

/** The steps on another connection or channel. */
export function on(connection: string, channel: number, ...steps: readonly Step[]): Step {
  return async (run) => {
    for (const step of steps) await step(run, { connection, channel });
  };
}

/** Waits until the broker has done all that was asked on this channel, and of the queue if one is named. */
export function settles(queue?: string): Step {
  return async (run, place) => {
    await run.ready(place);
    await run.settle(place, queue);
  };
}

/** Waits until a method has come so many times on this channel. */
export function awaits(name: MethodName, count = 1): Step {
  return async (run, { connection, channel }) => {
    const client = run.client(connection);
    if (client.count(0, 'connection.close') > 0) return;
    await client.until(channel, () => client.count(channel, name) >= count);
  };
}

/** Waits until the broker has ended the connection; the record says so. */
export function ends(): Step {
  return async (run, { connection }) => {
    const client = run.client(connection);
    await client.untilEnd();
    client.note(0, 'end');
  };
}

/** Logs in as it says; the record begins after it. */
export function logsIn(handshake: Handshake): Step {
  return (run, { connection }) => run.login(connection, handshake);
}

/** Logs in as it says; the record shows it, but for connection.start. */
export function shakesHands(handshake: Handshake): Step {
  return async (run, { connection }) => {
    const client = run.client(connection);
    client.skip(0, 'connection.start');
    await run.handshake(client, handshake);
    if (client.hasEnded) client.note(0, 'end');
  };
}

/** Cuts the connection without a word. */
export function drops(): Step {
  return async (run, { connection }) => {
    const client = run.client(connection);
    client.drop();
    await client.untilEnd();
  };
}

/** From now on the broker's close frames stay unanswered. */
export function leavesCloseUnanswered(): Step {
  return async (run, place) => {
    const client = await run.ready(place);
    client.answersClose = false;
  };
}

/** Sends bytes as they are, on a connection that need not be logged in. */
export function sendsBytes(...parts: readonly (Uint8Array | string)[]): Step {
  return async (run, { connection }) => {
    const bytes = parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part));
    run.client(connection).send(Buffer.concat(bytes));
  };
}

/** Sends a frame of any type with any payload on an open channel. */
export function sendsFrame(type: keyof typeof FRAME_TYPES | number, payload: Uint8Array | string): Step {
  const number = typeof type === 'number' ? type : FRAME_TYPES[type];
  return async (run, place) => {
    const client = await run.ready(place);
    client.send(encodeFrame(number, place.channel, Buffer.from(payload as string, 'latin1')));
  };
}

/** Sends a method frame with these bytes behind class and method id. */
export function sendsMethodBytes(classId: number, methodId: number, bytes: Uint8Array | readonly number[] = []): Step {
  return sendsFrame('method', Buffer.from([0, classId, 0, methodId, ...bytes]));
}

export interface Publication {
  readonly exchange?: string;
  readonly key?: string;
  readonly body?: string | Uint8Array;
  readonly mandatory?: boolean;
  readonly immediate?: boolean;
  readonly properties?: PropertyValues;
}

/** Publishes, in frames of its own for method, header and body. */
export function publishes(publication: Publication): Step {
  const { exchange = '', key = '', body = 'm', mandatory = false, immediate = false, properties = {} } = publication;
  return async (run, place) => {
    const client = await run.ready(place);
    const fields = { exchange, routingKey: key, mandatory, immediate };
    const bytes = Buffer.from(body as string, 'latin1');
    client.send(
      Buffer.concat([
        methodFrame(place.channel, run.method('basic.publish', fields, client)),
        encodeFrame(
          FRAME_TYPES.header,
          place.channel,
          contentHeader(bytes.length, Buffer.from(encodeProperties(run.properties(properties, client)))),
        ),
        ...(bytes.length === 0 ? [] : [encodeFrame(FRAME_TYPES.body, place.channel, bytes)]),
      ]),
    );
  };
}

/** The payload of a content header: class, weight, body size, and the properties with their flags. */
export function contentHeader(bodyBytes: number | bigint, properties = Buffer.alloc(2), classId = 60): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(classId, 0);
  head.writeBigUInt64BE(BigInt(bodyBytes), 4);
  return Buffer.concat([head, properties]);
}

/** Declares a queue that is not durable and lives until the broker stops, unless the fields say otherwise. */
export function declares(queue: string, fields: Omit<FieldsOf<'queue.declare'>, 'queue'> = {}): Step {
  return does('queue.declare', { queue, ...fields });
}

/**
 * Asks whether a queue exists, and for its counts. RabbitMQ answers this question before others that wait in the queue,
 * so it is asked only after some round trips.
 */
export function looksAt(queue: string): Step {
  const asks = does('queue.declare', { queue, passive: true });
  return async (run, place) => {
    await run.ready(place);
    for (let trip = 0; trip < ROUND_TRIPS; trip++) await run.settle(place);
    await asks(run, place);
  };
}

export function declaresExchange(
  exchange: string,
  type = 'direct',
  fields: Omit<FieldsOf<'exchange.declare'>, 'exchange' | 'type'> = {},
): Step {
  return does('exchange.declare', { exchange, type, ...fields });
}

export function binds(queue: string, exchange: string, routingKey = '', values: TableValues = {}): Step {
  return does('queue.bind', { queue, exchange, routingKey, arguments: values });
}

export function bindsExchange(destination: string, source: string, routingKey = ''): Step {
  return does('exchange.bind', { destination, source, routingKey });
}

/** Starts a consumer; its tag is `tag` unless the fields say otherwise. */
export function consumes(queue: string, fields: Omit<FieldsOf<'basic.consume'>, 'queue'> = {}): Step {
  return does('basic.consume', { queue, consumerTag: 'tag', ...fields });
}

/** Gets a message, which is settled with it. */
export function gets(queue: string): Step {
  return does('basic.get', { queue, noAck: true });
}

/** A table of one field with its type. */
export function typed(key: string, field: Field): FieldTable {
  return new Map([[key, field]]);
}
