/** The method codec: bytes of the reference, round trips of every method, and what wrong bytes do. */

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyBytes, anyFieldTable, anyShortString } from '../../../test/support/random-fields.ts';
import { ByteReader } from '../../base/byte-reader.ts';
import { ByteWriter } from '../../base/byte-writer.ts';
import { regionOf } from '../../base/bytes.ts';
import { CodecError } from '../../base/codec-error.ts';
import { EMPTY_TABLE, table } from '../../base/field-table.ts';
import {
  CLIENT_METHODS,
  CONTENT_METHODS,
  decodeMethod,
  encodeMethod,
  findMethodName,
  METHOD_IDS,
  type Method,
  SERVER_METHODS,
} from './methods.ts';
import { CLASSES, type Field } from './spec/methods-table.mjs';

const ascii = (letters: string) => new TextEncoder().encode(letters);

function encode(method: Method): Uint8Array {
  const writer = new ByteWriter();
  encodeMethod(writer, method);
  return writer.toBytes();
}

function decode(payload: Uint8Array): Method | undefined {
  const reader = new ByteReader(regionOf(payload));
  return decodeMethod(reader.u32(), reader);
}

const VALUES: Record<Field['type'], fc.Arbitrary<unknown>> = {
  bit: fc.boolean(),
  octet: fc.nat(255),
  short: fc.nat(65_535),
  long: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  tag: fc.oneof(fc.maxSafeNat(), fc.constant(Number.POSITIVE_INFINITY)),
  shortstr: anyShortString,
  longstr: anyBytes,
  table: anyFieldTable,
};

/** A random method of each name in the table. */
const METHODS = CLASSES.flatMap((methodClass) =>
  methodClass.methods.map((method) => {
    const name = `${methodClass.name}.${method.name}`;
    const fields = method.fields.filter((field) => field.name !== '');
    const members = fields.map((field) => [camelCase(field.name), VALUES[field.type]] as const);
    const any = fc.record({ name: fc.constant(name), ...Object.fromEntries(members) });
    return [name, any as unknown as fc.Arbitrary<Method>] as const;
  }),
);

function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

describe('the bytes of the reference', () => {
  const cases: [string, Method][] = [
    [
      '000a000b 00000004 01 6b 74 01 05 504c41494e 0000000c 006775657374006775657374 05 656e5f5553',
      {
        name: 'connection.start-ok',
        clientProperties: table({ k: true }),
        mechanism: 'PLAIN',
        response: ascii('\0guest\0guest'),
        locale: 'en_US',
      },
    ],
    ['000a001e 07ff 00020000 003c', { name: 'connection.tune', channelMax: 2047, frameMax: 131_072, heartbeat: 60 }],
    ['000a0028 01 2f 00 00', { name: 'connection.open', virtualHost: '/' }],
    ['000a0029 00', { name: 'connection.open-ok' }],
    [
      '00140028 0194 02 6e6f 0032 000a',
      { name: 'channel.close', replyCode: 404, replyText: 'no', classId: 50, methodId: 10 },
    ],
    ['0014000b 00000000', { name: 'channel.open-ok' }],
    ['00280033', { name: 'exchange.unbind-ok' }],
    [
      '0032000a 0000 03 666f6f 12 00000000',
      {
        name: 'queue.declare',
        queue: 'foo',
        passive: false,
        durable: true,
        exclusive: false,
        autoDelete: false,
        noWait: true,
        arguments: EMPTY_TABLE,
      },
    ],
    [
      '003c0028 0000 00 03 6b6579 01',
      { name: 'basic.publish', exchange: '', routingKey: 'key', mandatory: true, immediate: false },
    ],
    [
      '003c003c 01 63 0000000100000002 01 01 78 01 6b',
      {
        name: 'basic.deliver',
        consumerTag: 'c',
        deliveryTag: 2 ** 32 + 2,
        redelivered: true,
        exchange: 'x',
        routingKey: 'k',
      },
    ],
    ['003c0048 00', { name: 'basic.get-empty' }],
    ['003c0078 0000000000000005 03', { name: 'basic.nack', deliveryTag: 5, multiple: true, requeue: true }],
    ['0055000a 01', { name: 'confirm.select', noWait: true }],
  ];

  test.each(cases)('%s', (hexadecimal, method) => {
    const bytes = Uint8Array.from(Buffer.from(hexadecimal.replaceAll(' ', ''), 'hex'));
    expect(decode(bytes)).toEqual(method);
    expect(encode(method)).toEqual(bytes);
  });

  test('whatever stands in a reserved field is passed over', () => {
    const bytes = Uint8Array.from(Buffer.from('000a0028012f0461626364ff', 'hex'));
    expect(decode(bytes)).toEqual({ name: 'connection.open', virtualHost: '/' });
  });
});

describe.each(METHODS)('%s', (_name, anyMethod) => {
  test('comes back as it was, and not when it is cut short or too long', () => {
    fc.assert(
      fc.property(anyMethod, (method) => {
        const bytes = encode(method);
        expect(decode(bytes)).toEqual(method);
        for (let end = 4; end < bytes.length; end++) expect(() => decode(bytes.slice(0, end))).toThrow(CodecError);
        expect(() => decode(Uint8Array.from([...bytes, 0]))).toThrow(`${method.name} has 1 bytes too many`);
      }),
      { numRuns: 30 },
    );
  });
});

describe('methods', () => {
  test('an id that no class has is no method', () => {
    for (const id of [0, 0x000a000c, 0x0032_0000, 0x00ff_000a, 0xffff_ffff]) {
      expect(decodeMethod(id, new ByteReader())).toBeUndefined();
      expect(findMethodName(id)).toBeUndefined();
    }
  });

  test('an id has the name under which it is listed', () => {
    for (const [name, id] of Object.entries(METHOD_IDS)) expect(findMethodName(id)).toBe(name);
  });

  test('each is sent by the client, the server or both', () => {
    const ids = Object.values(METHOD_IDS);
    expect(ids.filter((id) => !CLIENT_METHODS.has(id) && !SERVER_METHODS.has(id))).toEqual([]);
    expect(CLIENT_METHODS.has(METHOD_IDS['basic.deliver'])).toBe(false);
    expect(SERVER_METHODS.has(METHOD_IDS['basic.publish'])).toBe(false);
    expect(CLIENT_METHODS.has(METHOD_IDS['basic.ack']) && SERVER_METHODS.has(METHOD_IDS['basic.ack'])).toBe(true);
  });

  test('four carry content', () => {
    expect([...CONTENT_METHODS].map(findMethodName)).toEqual([
      'basic.publish',
      'basic.return',
      'basic.deliver',
      'basic.get-ok',
    ]);
  });

  test('random bytes give a method or a CodecError, nothing else', () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.values(METHOD_IDS)), fc.uint8Array({ maxLength: 200 }), (id, bytes) => {
        try {
          expect(decodeMethod(id, new ByteReader(regionOf(bytes)))?.name).toBe(findMethodName(id));
        } catch (error) {
          expect(error).toBeInstanceOf(CodecError);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

test('the checked-in codec is what the generator makes of the table', () => {
  const generator = fileURLToPath(new URL('spec/generate.mjs', import.meta.url));
  expect(() => execFileSync(process.execPath, [generator, '--check'], { stdio: 'pipe' })).not.toThrow();
});
