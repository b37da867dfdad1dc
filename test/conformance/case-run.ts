/**
 * One run of one case: its connections by name, opened when a step first needs them, and what they were told.
 * Names in a case begin with `~`, which becomes a prefix of this run, so that runs never meet.
 */

import { type FieldTable, type PlainValue, table } from '../../src/base/field-table.ts';
import type { Method, MethodName } from '../../src/protocols/amqp091/methods.ts';
import type { Properties } from '../../src/protocols/amqp091/properties.ts';
import { WireClient } from './wire-client.ts';

const PROTOCOL_HEADER = Buffer.from('AMQP\0\0\x09\x01', 'latin1');

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Where a step acts: a connection by its name in the case, and a channel. */
export interface Place {
  readonly connection: string;
  readonly channel: number;
}

export type Step = (run: CaseRun, place: Place) => Promise<void>;

/** Plain values; a Map is a table with its types spelled out. */
export type TableValues = { readonly [key: string]: PlainValue } | FieldTable;

type MethodNamed<Name extends MethodName> = Extract<Method, { readonly name: Name }>;

/** Fields of a method, the others are empty, zero or false. Tables may be plain values. */
export type FieldsOf<Name extends MethodName> = {
  readonly [Field in keyof Omit<MethodNamed<Name>, 'name'>]?: MethodNamed<Name>[Field] extends FieldTable
    ? TableValues
    : MethodNamed<Name>[Field];
};

export interface PropertyValues extends Omit<Properties, 'headers'> {
  readonly headers?: TableValues;
}

export interface Handshake {
  readonly user?: string;
  readonly password?: string;
  readonly mechanism?: string;
  readonly response?: Uint8Array;
  readonly clientProperties?: TableValues;
  readonly tune?: { readonly channelMax?: number; readonly frameMax?: number; readonly heartbeat?: number };
  readonly vhost?: string;
}

const CLIENT_PROPERTIES = {
  product: 'conformance',
  capabilities: {
    authentication_failure_close: true,
    consumer_cancel_notify: true,
    publisher_confirms: true,
    'basic.nack': true,
    'connection.blocked': true,
  },
};

/** What a field is when a step does not say it. */
const NOTHING = {
  queue: '',
  exchange: '',
  routingKey: '',
  consumerTag: '',
  type: 'direct',
  destination: '',
  source: '',
  realm: '',
  reason: '',
  replyText: '',
  replyCode: 0,
  classId: 0,
  methodId: 0,
  deliveryTag: 0,
  prefetchSize: 0,
  prefetchCount: 0,
  messageCount: 0,
  consumerCount: 0,
  virtualHost: '/',
  newSecret: new Uint8Array(0),
  arguments: {},
};

const TABLES: ReadonlySet<string> = new Set(['arguments', 'clientProperties', 'serverProperties']);

export class CaseRun {
  readonly #address: Address;
  readonly #prefix: string;
  readonly #clients = new Map<string, WireClient>();

  /** @param prefix letters and digits, unique to this run and always of one length */
  constructor(address: Address, prefix: string) {
    this.#address = address;
    this.#prefix = prefix;
  }

  /** All that the broker said, in the order of connections and channels: `a1 queue.declare-ok …`. */
  transcript(): string[] {
    const names = [...this.#clients.keys()].sort();
    return names.flatMap((name) => {
      const byChannel = [...this.client(name).lines].sort(([left], [right]) => left - right);
      return byChannel.flatMap(([channel, lines]) => lines.map((line) => `${name}${channel} ${line}`));
    });
  }

  /** The connection of that name, whatever its state; a socket without a word said when it is new. */
  client(name: string): WireClient {
    const existing = this.#clients.get(name);
    if (existing !== undefined) return existing;
    const client = new WireClient({ ...this.#address, prefix: this.#prefix });
    this.#clients.set(name, client);
    return client;
  }

  /** The connection with its login done and the channel open; both happen unseen. */
  async ready({ connection, channel }: Place): Promise<WireClient> {
    if (!this.#clients.has(connection)) await this.login(connection, {});
    const client = this.client(connection);
    if (client.count(0, 'connection.close') > 0) await client.untilEnd();
    if (channel === 0 || client.hasEnded || client.openChannels.has(channel)) return client;
    client.skip(channel, 'channel.open-ok');
    const before = client.count(channel, 'channel.open-ok');
    client.sendMethod(channel, { name: 'channel.open' });
    await client.until(channel, () => client.count(channel, 'channel.open-ok') > before);
    return client;
  }

  /** Logs in unseen, but for a refusal. */
  async login(name: string, handshake: Handshake): Promise<void> {
    const client = this.client(name);
    client.isRecording = false;
    await this.handshake(client, handshake);
    client.isRecording = true;
  }

  /** From the protocol header to open-ok, or until the broker ends it. */
  async handshake(client: WireClient, handshake: Handshake): Promise<void> {
    client.send(PROTOCOL_HEADER);
    await answer(client, 'connection.start');
    client.sendMethod(0, this.#startOk(handshake));
    await answer(client, 'connection.tune');
    if (client.count(0, 'connection.tune') === 0) return client.untilEnd();
    const { channelMax = 2047, frameMax = 131_072, heartbeat = 0 } = handshake.tune ?? {};
    client.sendMethod(0, { name: 'connection.tune-ok', channelMax, frameMax, heartbeat });
    client.sendMethod(0, { name: 'connection.open', virtualHost: handshake.vhost ?? '/' });
    await answer(client, 'connection.open-ok');
    if (client.count(0, 'connection.open-ok') === 0) await client.untilEnd();
  }

  /** The end of the case: what is still under way on open channels comes in, then everything is closed. */
  async finish(): Promise<void> {
    for (const [connection, client] of this.#clients) {
      for (const channel of [...client.openChannels].sort()) await this.settle({ connection, channel });
      if (client.count(0, 'connection.open-ok') > 0 && client.count(0, 'connection.close-ok') === 0)
        await this.#close(client);
      client.drop();
    }
  }

  /**
   * Waits until the broker has done all that was asked on the channel so far. The question is one that changes nothing;
   * asked of a queue it also waits for deliveries that the queue has begun.
   */
  async settle(place: Place, queue?: string): Promise<void> {
    const client = this.client(place.connection);
    if (!client.openChannels.has(place.channel) || client.count(0, 'connection.close') > 0) return;
    const name = queue === undefined ? 'exchange.declare-ok' : 'queue.declare-ok';
    const before = client.count(place.channel, name);
    client.skip(place.channel, name);
    client.sendMethod(
      place.channel,
      queue === undefined
        ? this.method('exchange.declare', { exchange: 'amq.direct', passive: true }, client)
        : this.method('queue.declare', { queue, passive: true }, client),
    );
    await client.until(place.channel, () => client.count(place.channel, name) > before);
  }

  method<Name extends MethodName>(name: Name, fields: FieldsOf<Name>, client: WireClient): Method {
    const given = Object.entries(fields).map(([key, value]) => [key, this.#expanded(key, value, client)]);
    return { ...NOTHING, arguments: new Map(), ...Object.fromEntries(given), name } as unknown as Method;
  }

  properties({ headers, ...rest }: PropertyValues, client: WireClient): Properties {
    const given = Object.entries(rest).map(([key, value]) => [key, this.#expanded(key, value, client)]);
    const properties = Object.fromEntries(given) as Properties;
    return headers === undefined ? properties : { ...properties, headers: this.table(headers) };
  }

  table(values: TableValues): FieldTable {
    if (values instanceof Map) return values;
    return table(this.#expandedPlain(values as PlainValue) as { readonly [key: string]: PlainValue });
  }

  #expanded(key: string, value: unknown, client: WireClient): unknown {
    if (TABLES.has(key)) return this.table(value as TableValues);
    return typeof value === 'string' ? (client.names.get(value) ?? this.#text(value)) : value;
  }

  #expandedPlain(value: PlainValue): PlainValue {
    if (typeof value === 'string') return this.#text(value);
    if (Array.isArray(value)) return value.map((item: PlainValue) => this.#expandedPlain(item));
    if (value === null || typeof value !== 'object' || value instanceof Uint8Array || value instanceof Map)
      return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.#expandedPlain(item)]));
  }

  #text(text: string): string {
    return text.replaceAll('~', this.#prefix);
  }

  #startOk({ user = 'guest', password = user, mechanism = 'PLAIN', response, clientProperties }: Handshake): Method {
    return {
      name: 'connection.start-ok',
      clientProperties: this.table(clientProperties ?? CLIENT_PROPERTIES),
      mechanism,
      response: response ?? Buffer.from(`\0${user}\0${password}`),
      locale: 'en_US',
    };
  }

  async #close(client: WireClient): Promise<void> {
    client.isRecording = false;
    client.sendMethod(0, { name: 'connection.close', replyCode: 200, replyText: '', classId: 0, methodId: 0 });
    await answer(client, 'connection.close-ok');
  }
}

async function answer(client: WireClient, name: MethodName): Promise<void> {
  await client.until(0, () => client.count(0, name) > 0);
}
