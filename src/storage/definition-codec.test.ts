/** Definitions as bytes: they come back as they were, whatever wrote them, or it is said why not. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyDefinition } from '../../test/support/random-definitions.ts';
import { type FieldTable, table } from '../base/field-table.ts';
import type { Definition, DefinitionRecord } from '../core/definition-record.ts';
import { decodeDefinition, encodeDefinition } from './definition-codec.ts';

function bytesOf(version: number, json: string): Uint8Array {
  return Uint8Array.of(version, ...new TextEncoder().encode(json));
}

const policy = {
  vhost: '/',
  name: 'p',
  pattern: '^q',
  applyTo: 'queues',
  priority: -1,
  definition: { 'max-length': 5 },
};
const POLICY = '"vhost":"/","name":"p","pattern":"^q","applyTo":"queues","priority":-1,"definition":{"max-length":5}';
const every: FieldTable = new Map([
  ['t', { type: 't', value: true }],
  ['b', { type: 'b', value: -1 }],
  ['B', { type: 'B', value: 1 }],
  ['s', { type: 's', value: -2 }],
  ['u', { type: 'u', value: 2 }],
  ['I', { type: 'I', value: -3 }],
  ['i', { type: 'i', value: 3 }],
  ['l', { type: 'l', value: -9_007_199_254_740_993n }],
  ['L', { type: 'L', value: 4n }],
  ['f', { type: 'f', value: 0.5 }],
  ['d', { type: 'd', value: Number.NEGATIVE_INFINITY }],
  ['D', { type: 'D', scale: 2, value: 314 }],
  ['S', { type: 'S', value: Uint8Array.of(104, 105) }],
  ['x', { type: 'x', value: Uint8Array.of(255) }],
  ['T', { type: 'T', value: 5n }],
  ['A', { type: 'A', value: [{ type: 't', value: false }, { type: 'V' }] }],
  ['F', { type: 'F', value: table({ a: 1 }) }],
  ['V', { type: 'V' }],
]);
const EVERY =
  '[["t","t",true],["b","b",-1],["B","B",1],["s","s",-2],["u","u",2],["I","I",-3],["i","i",3],' +
  '["l","l","-9007199254740993"],["L","L","4"],["f","f",0.5],["d","d","-Infinity"],["D","D",[2,314]],' +
  '["S","S","aGk="],["x","x","/w=="],["T","T","5"],["A","A",[["t",false],["V"]]],["F","F",[["a","I",1]]],["V","V"]]';

/** What version 1 wrote: it must mean the same for ever. */
const VERSION_1: { readonly [K in DefinitionRecord['kind']]: readonly [json: string, Omit<Definition<K>, 'kind'>] } = {
  'ids.used': ['"highest":9007199254740991', { highest: Number.MAX_SAFE_INTEGER }],
  'vhost.added': [
    '"vhost":"/","metadata":{"description":"d","tags":["t"],"defaultQueueType":"classic"}',
    { vhost: '/', metadata: { description: 'd', tags: ['t'], defaultQueueType: 'classic' } },
  ],
  'vhost.deleted': ['"vhost":"/"', { vhost: '/' }],
  'vhost-limits.set': ['"vhost":"/","connectionsMax":0,"queuesMax":1', { vhost: '/', connectionsMax: 0, queuesMax: 1 }],
  'user.set': [
    '"user":"u","password":{"hash":"h","algorithm":"a"},"tags":[]',
    { user: 'u', password: { hash: 'h', algorithm: 'a' }, tags: [] },
  ],
  'user.deleted': ['"user":"u"', { user: 'u' }],
  'user-limits.set': ['"user":"u","channelsMax":7', { user: 'u', connectionsMax: undefined, channelsMax: 7 }],
  'permission.set': [
    '"user":"u","vhost":"/","configure":"c","write":"w","read":"r"',
    { user: 'u', vhost: '/', configure: 'c', write: 'w', read: 'r' },
  ],
  'permission.cleared': ['"user":"u","vhost":"/"', { user: 'u', vhost: '/' }],
  'topic-permission.set': [
    '"user":"u","vhost":"/","exchange":"x","write":"w","read":"r"',
    { user: 'u', vhost: '/', exchange: 'x', write: 'w', read: 'r' },
  ],
  'topic-permission.cleared': ['"user":"u","vhost":"/"', { user: 'u', vhost: '/', exchange: undefined }],
  'policy.set': [POLICY, policy],
  'policy.cleared': ['"vhost":"/","name":"p"', { vhost: '/', name: 'p' }],
  'operator-policy.set': [POLICY, policy],
  'operator-policy.cleared': ['"vhost":"/","name":"p"', { vhost: '/', name: 'p' }],
  'parameter.set': [
    '"vhost":"/","component":"shovel","name":"n","value":[null,{"a":1.5}]',
    { vhost: '/', component: 'shovel', name: 'n', value: [null, { a: 1.5 }] },
  ],
  'parameter.cleared': ['"vhost":"/","component":"c","name":"n"', { vhost: '/', component: 'c', name: 'n' }],
  'global-parameter.set': ['"name":"cluster_name","value":"c"', { name: 'cluster_name', value: 'c' }],
  'global-parameter.cleared': ['"name":"n"', { name: 'n' }],
  'exchange.declared': [
    '"id":1,"vhost":"/","name":"x","type":"topic","autoDelete":false,"internal":true,"arguments":[]',
    { id: 1, vhost: '/', name: 'x', type: 'topic', autoDelete: false, internal: true, arguments: table({}) },
  ],
  'exchange.deleted': ['"id":1', { id: 1 }],
  'queue.declared': [
    `"id":2,"vhost":"/","name":"q","autoDelete":true,"arguments":${EVERY}`,
    { id: 2, vhost: '/', name: 'q', autoDelete: true, arguments: every },
  ],
  'queue.deleted': ['"id":2', { id: 2 }],
  'binding.added': [
    '"id":3,"vhost":"/","source":1,"queueId":2,"key":"k","arguments":[]',
    { id: 3, vhost: '/', source: 1, queueId: 2, key: 'k', arguments: table({}) },
  ],
  'exchange-binding.added': [
    '"id":4,"vhost":"/","source":"amq.topic","destination":1,"key":"k","arguments":[]',
    { id: 4, vhost: '/', source: 'amq.topic', destination: 1, key: 'k', arguments: table({}) },
  ],
  'binding.removed': ['"id":4', { id: 4 }],
};

describe('a definition as bytes', () => {
  test('is the same when it is read', () => {
    fc.assert(
      fc.property(anyDefinition, (record) => {
        expect(decodeDefinition(encodeDefinition(record))).toEqual(record);
      }),
      { numRuns: 2000 },
    );
  });

  test.each(Object.entries(VERSION_1))('%s is read and written as version 1 wrote it', (kind, [json, fields]) => {
    const bytes = bytesOf(1, `{"kind":"${kind}",${json}}`);
    const record = { kind, ...fields } as DefinitionRecord;
    expect(decodeDefinition(bytes)).toEqual(record);
    expect(encodeDefinition(record)).toEqual(bytes);
  });

  test('may have an argument whose name is too long for AMQP', () => {
    const name = '\ufffd'.repeat(255);
    const record = { kind: 'queue.declared', id: 1, vhost: '/', name: 'q', autoDelete: false } as const;
    const declared = { ...record, arguments: table({ [name]: 1 }) };
    expect(decodeDefinition(encodeDefinition(declared))).toEqual(declared);
  });

  test.each([
    [bytesOf(2, '{}'), 'a definition has version 2, and this program reads up to 1: it was written by a newer one'],
    [bytesOf(0, '{}'), 'a definition has no version'],
    [new Uint8Array(0), 'a definition has no version'],
    [bytesOf(1, '{"kind":"queue.renamed","id":1}'), "a definition is of the unknown kind 'queue.renamed'"],
    [bytesOf(1, '{"kind":"toString"}'), "a definition is of the unknown kind 'toString'"],
    [bytesOf(1, '[]'), 'a definition has no kind'],
    [bytesOf(1, '{"kind":"queue.del'), /^a definition is no JSON: /],
    [Uint8Array.of(1, 0xff), /^a definition is no JSON: /],
    [bytesOf(1, '{"kind":"queue.deleted"}'), 'id is missing, expected a whole number from 0 up'],
    [bytesOf(1, '{"kind":"queue.deleted","id":-1}'), 'id is -1, expected a whole number from 0 up'],
    [bytesOf(1, '{"kind":"vhost.deleted","vhost":null}'), 'vhost is null, expected a text'],
    [bytesOf(1, '{"kind":"vhost.added","vhost":"v","metadata":1}'), 'metadata is 1, expected an object'],
    [bytesOf(1, '{"kind":"user-limits.set","user":"u","channelsMax":0.5}'), 'channelsMax is 0.5, expected a whole'],
    [
      bytesOf(1, '{"kind":"queue.declared","id":1,"vhost":"v","name":"q","autoDelete":0}'),
      'autoDelete is 0, expected true or false',
    ],
    [
      bytesOf(
        1,
        '{"kind":"queue.declared","id":1,"vhost":"v","name":"q","autoDelete":true,"arguments":[["a","l","x"]]}',
      ),
      'arguments is no field table: "x"',
    ],
  ])('%# is refused with what is wrong', (bytes, text) => {
    expect(() => decodeDefinition(bytes)).toThrow(text);
  });
});
