/** Random definition records of every kind, for property tests of what reads and writes them. */

import fc from 'fast-check';
import type { JsonObject } from '../../src/base/json.ts';
import type { Definition, DefinitionRecord } from '../../src/core/definition-record.ts';
import { anyFieldTable } from './random-fields.ts';

/** Any text, also what is no valid Unicode, and names that mean something to JavaScript. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom('', '\ud800', 'a\udfffb', '\0', '__proto__', '\ufeff', '�'),
);
const anyId = fc.oneof(fc.nat(100), fc.constantFrom(2 ** 31, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER));
const anyLimit = fc.option(fc.nat(), { nil: undefined });
const anyReference = fc.oneof(anyId, anyText);
const anyJson = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)));
const anyJsonObject: fc.Arbitrary<JsonObject> = fc.dictionary(anyText, anyJson, { noNullPrototype: true });
const anyPolicy = {
  vhost: anyText,
  name: anyText,
  pattern: anyText,
  applyTo: anyText,
  priority: fc.integer(),
  definition: anyJsonObject,
};

type Kind = DefinitionRecord['kind'];
type FieldsOf<K extends Kind> = Omit<Definition<K>, 'kind'>;

/** By kind: random fields. */
export const DEFINITION_FIELDS: { readonly [K in Kind]: fc.Arbitrary<FieldsOf<K>> } = {
  'ids.used': fc.record({ highest: anyId }),
  'vhost.added': fc.record({
    vhost: anyText,
    metadata: fc.record({
      description: anyText,
      tags: fc.array(anyText),
      defaultQueueType: fc.option(anyText, { nil: undefined }),
    }),
  }),
  'vhost.deleted': fc.record({ vhost: anyText }),
  'vhost-limits.set': fc.record({ vhost: anyText, connectionsMax: anyLimit, queuesMax: anyLimit }),
  'user.set': fc.record({
    user: anyText,
    password: fc.record({ hash: anyText, algorithm: anyText }),
    tags: fc.array(anyText),
  }),
  'user.deleted': fc.record({ user: anyText }),
  'user-limits.set': fc.record({ user: anyText, connectionsMax: anyLimit, channelsMax: anyLimit }),
  'permission.set': fc.record({ user: anyText, vhost: anyText, configure: anyText, write: anyText, read: anyText }),
  'permission.cleared': fc.record({ user: anyText, vhost: anyText }),
  'topic-permission.set': fc.record({
    user: anyText,
    vhost: anyText,
    exchange: anyText,
    write: anyText,
    read: anyText,
  }),
  'topic-permission.cleared': fc.record({
    user: anyText,
    vhost: anyText,
    exchange: fc.option(anyText, { nil: undefined }),
  }),
  'policy.set': fc.record(anyPolicy),
  'policy.cleared': fc.record({ vhost: anyText, name: anyText }),
  'operator-policy.set': fc.record(anyPolicy),
  'operator-policy.cleared': fc.record({ vhost: anyText, name: anyText }),
  'parameter.set': fc.record({ vhost: anyText, component: anyText, name: anyText, value: anyJson }),
  'parameter.cleared': fc.record({ vhost: anyText, component: anyText, name: anyText }),
  'global-parameter.set': fc.record({ name: anyText, value: anyJson }),
  'global-parameter.cleared': fc.record({ name: anyText }),
  'exchange.declared': fc.record({
    id: anyId,
    vhost: anyText,
    name: anyText,
    type: anyText,
    autoDelete: fc.boolean(),
    internal: fc.boolean(),
    arguments: anyFieldTable,
  }),
  'exchange.deleted': fc.record({ id: anyId }),
  'queue.declared': fc.record({
    id: anyId,
    vhost: anyText,
    name: anyText,
    autoDelete: fc.boolean(),
    arguments: anyFieldTable,
  }),
  'queue.deleted': fc.record({ id: anyId }),
  'binding.added': fc.record({
    id: anyId,
    vhost: anyText,
    source: anyReference,
    queueId: anyId,
    key: anyText,
    arguments: anyFieldTable,
  }),
  'exchange-binding.added': fc.record({
    id: anyId,
    vhost: anyText,
    source: anyReference,
    destination: anyReference,
    key: anyText,
    arguments: anyFieldTable,
  }),
  'binding.removed': fc.record({ id: anyId }),
};

/** A record of any kind. */
export const anyDefinition: fc.Arbitrary<DefinitionRecord> = fc.oneof(
  ...Object.entries(DEFINITION_FIELDS).map(([kind, fields]) =>
    (fields as fc.Arbitrary<object>).map((values) => ({ kind, ...values }) as DefinitionRecord),
  ),
);
