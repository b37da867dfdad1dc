/**
 * Definition records as bytes: the version of their form in one byte, then JSON in UTF-8. Names are any text that
 * JavaScript can hold.
 *
 * A change of the forms below raises the version, and `decodeDefinition` goes on to read every older one into today's
 * types; the test holds what each version wrote.
 */

import { CodecError } from '../base/codec-error.ts';
import type { Json, JsonObject } from '../base/json.ts';
import type { Definition, DefinitionRecord, ExchangeReference } from '../core/definition-record.ts';
import { fieldTable } from './field-table-form.ts';
import {
  anyJson,
  either,
  type Form,
  type Forms,
  flag,
  integer,
  isObject,
  jsonObject,
  listOf,
  natural,
  objectOf,
  optional,
  text,
} from './json-form.ts';

const VERSION = 1;

type Kind = DefinitionRecord['kind'];
type FormOf<K extends Kind> = Form<Omit<Definition<K>, 'kind'>>;

/** An id, or a name. */
const exchangeReference: Form<ExchangeReference> = either((value) => typeof value === 'number', natural, text);

const metadata = objectOf<Definition<'vhost.added'>['metadata']>({
  description: text,
  tags: listOf(text),
  defaultQueueType: optional(text),
});

const password = objectOf<Definition<'user.set'>['password']>({ hash: text, algorithm: text });

const policy: Forms<Omit<Definition<'policy.set'>, 'kind'>> = {
  vhost: text,
  name: text,
  pattern: text,
  applyTo: text,
  priority: integer,
  definition: jsonObject,
};

const limit = optional(natural);

const FORMS: { readonly [K in Kind]: FormOf<K> } = {
  'ids.used': objectOf({ highest: natural }),
  'vhost.added': objectOf({ vhost: text, metadata }),
  'vhost.deleted': objectOf({ vhost: text }),
  'vhost-limits.set': objectOf({ vhost: text, connectionsMax: limit, queuesMax: limit }),
  'user.set': objectOf({ user: text, password, tags: listOf(text) }),
  'user.deleted': objectOf({ user: text }),
  'user-limits.set': objectOf({ user: text, connectionsMax: limit, channelsMax: limit }),
  'permission.set': objectOf({ user: text, vhost: text, configure: text, write: text, read: text }),
  'permission.cleared': objectOf({ user: text, vhost: text }),
  'topic-permission.set': objectOf({ user: text, vhost: text, exchange: text, write: text, read: text }),
  'topic-permission.cleared': objectOf({ user: text, vhost: text, exchange: optional(text) }),
  'policy.set': objectOf(policy),
  'policy.cleared': objectOf({ vhost: text, name: text }),
  'operator-policy.set': objectOf(policy),
  'operator-policy.cleared': objectOf({ vhost: text, name: text }),
  'parameter.set': objectOf({ vhost: text, component: text, name: text, value: anyJson }),
  'parameter.cleared': objectOf({ vhost: text, component: text, name: text }),
  'global-parameter.set': objectOf({ name: text, value: anyJson }),
  'global-parameter.cleared': objectOf({ name: text }),
  'exchange.declared': objectOf({
    id: natural,
    vhost: text,
    name: text,
    type: text,
    autoDelete: flag,
    internal: flag,
    arguments: fieldTable,
  }),
  'exchange.deleted': objectOf({ id: natural }),
  'queue.declared': objectOf({ id: natural, vhost: text, name: text, autoDelete: flag, arguments: fieldTable }),
  'queue.deleted': objectOf({ id: natural }),
  'binding.added': objectOf({
    id: natural,
    vhost: text,
    source: exchangeReference,
    queueId: natural,
    key: text,
    arguments: fieldTable,
  }),
  'exchange-binding.added': objectOf({
    id: natural,
    vhost: text,
    source: exchangeReference,
    destination: exchangeReference,
    key: text,
    arguments: fieldTable,
  }),
  'binding.removed': objectOf({ id: natural }),
};

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function encodeDefinition(record: DefinitionRecord): Uint8Array {
  const { kind } = record;
  const form = FORMS[kind] as Form<DefinitionRecord>;
  const json = JSON.stringify({ kind, ...(form.write(record) as JsonObject) });
  return encoder.encode(String.fromCharCode(VERSION) + json);
}

/** @throws CodecError naming the version or the kind that is not known here, or the field that is not as it should be */
export function decodeDefinition(bytes: Uint8Array): DefinitionRecord {
  const version = bytes[0] ?? 0;
  if (version > VERSION) {
    throw new CodecError(
      `a definition has version ${version}, and this program reads up to ${VERSION}: it was written by a newer one`,
    );
  }
  if (version === 0) throw new CodecError('a definition has no version');
  const json = parse(bytes.subarray(1));
  const kind = isObject(json) ? json.kind : undefined;
  if (typeof kind !== 'string') throw new CodecError('a definition has no kind');
  if (!Object.hasOwn(FORMS, kind)) throw new CodecError(`a definition is of the unknown kind '${kind}'`);
  const form = FORMS[kind as Kind] as Form<object>;
  return { kind, ...form.read(json, kind) } as DefinitionRecord;
}

function parse(bytes: Uint8Array): Json {
  try {
    return JSON.parse(decoder.decode(bytes)) as Json;
  } catch (error) {
    throw new CodecError(`a definition is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}
