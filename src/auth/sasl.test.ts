/**
 * PLAIN and AMQPLAIN: which responses are understood, and what is taken out of them.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteWriter } from '../base/byte-writer.ts';
import { CodecError } from '../base/codec-error.ts';
import { type PlainValue, table, writeFieldTable } from '../base/field-table.ts';
import type { Authenticator } from '../core/authentication.ts';
import { passwordMechanisms } from './sasl.ts';

/** Grants every login and shows what it got as the user's name. */
const echo: Authenticator = {
  login: (mechanism, user, password) => ({
    kind: 'granted',
    user: `${mechanism}:${user}:${Buffer.from(password).toString()}`,
  }),
  mayOpenVhost: () => true,
};

function login(name: string, response: Uint8Array): string {
  const mechanism = passwordMechanisms(echo).find((candidate) => candidate.name === name);
  const result = mechanism?.login(response, { isLoopback: true, tls: false });
  return result?.kind === 'granted' ? result.user : 'refused';
}

function amqplain(fields: { readonly [key: string]: PlainValue }): Uint8Array {
  const writer = new ByteWriter();
  writeFieldTable(writer, table(fields));
  return writer.toBytes().subarray(4);
}

test('PLAIN and AMQPLAIN are offered, PLAIN first', () => {
  expect(passwordMechanisms(echo).map(({ name }) => name)).toEqual(['PLAIN', 'AMQPLAIN']);
});

describe('PLAIN', () => {
  test('user and password stand behind a zero each', () => {
    expect(login('PLAIN', Buffer.from('\0zoë\0pässword'))).toBe('PLAIN:zoë:pässword');
    expect(login('PLAIN', Buffer.from('\0guest\0'))).toBe('PLAIN:guest:');
  });

  test.each(['', 'guest', '\0', '\0guest', 'admin\0guest\0guest', '\0guest\0gu\0est'])('%j is refused', (response) => {
    expect(() => login('PLAIN', Buffer.from(response))).toThrow(new CodecError('the response is not one of PLAIN'));
  });
});

describe('AMQPLAIN', () => {
  test('LOGIN and PASSWORD are fields of a table', () => {
    expect(login('AMQPLAIN', amqplain({ PASSWORD: 'secret', LOGIN: 'guest', locale: 1 }))).toBe(
      'AMQPLAIN:guest:secret',
    );
  });

  test.each([[{ LOGIN: 'guest' }], [{ PASSWORD: 'x' }], [{}], [{ LOGIN: 'guest', PASSWORD: 3 }]])(
    '%j is refused',
    (fields) => {
      expect(() => login('AMQPLAIN', amqplain(fields))).toThrow(CodecError);
    },
  );
});

test('any bytes are either a login or an error that shows none of them', () => {
  fc.assert(
    fc.property(fc.constantFrom('PLAIN', 'AMQPLAIN'), fc.uint8Array({ maxLength: 40 }), (name, response) => {
      try {
        expect(login(name, response)).toContain(`${name}:`);
      } catch (error) {
        expect(error).toEqual(new CodecError(`the response is not one of ${name}`));
      }
    }),
  );
});
