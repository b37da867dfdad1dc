/**
 * The SASL mechanisms that carry a user's name and password: PLAIN and AMQPLAIN. Responses hold passwords, so no error
 * says what was in them.
 */

import { ByteReader } from '../base/byte-reader.ts';
import { type Region, regionOf } from '../base/bytes.ts';
import { CodecError } from '../base/codec-error.ts';
import { type FieldTable, readFieldTable, text } from '../base/field-table.ts';
import type { Authenticator, SaslMechanism } from '../core/authentication.ts';

/** The mechanisms that are offered, in the order in which clients should prefer them. */
export function passwordMechanisms(authenticator: Authenticator): readonly SaslMechanism[] {
  return [mechanism('PLAIN', parsePlain, authenticator), mechanism('AMQPLAIN', parseAmqplain, authenticator)];
}

interface Credentials {
  readonly user: string;
  readonly password: Uint8Array;
}

function mechanism(
  name: string,
  parse: (response: Uint8Array) => Credentials,
  authenticator: Authenticator,
): SaslMechanism {
  return {
    name,
    login: (response, origin) => {
      const { user, password } = parse(response);
      return authenticator.login(name, user, password, origin);
    },
  };
}

/** `\0user\0password` (RFC 4616); as in RabbitMQ nobody may act for another user. */
function parsePlain(response: Uint8Array): Credentials {
  const userEnd = response.indexOf(0, 1);
  if (response[0] !== 0 || userEnd < 0 || response.indexOf(0, userEnd + 1) >= 0) throw invalid('PLAIN');
  return { user: new TextDecoder().decode(response.subarray(1, userEnd)), password: response.subarray(userEnd + 1) };
}

/** A field table with LOGIN and PASSWORD, but without the table's length. */
function parseAmqplain(response: Uint8Array): Credentials {
  const withLength = regionOf(new Uint8Array(4 + response.length));
  withLength.view.setUint32(0, response.length);
  withLength.bytes.set(response, 4);
  const fields = readFields(withLength);
  const user = text(fields.get('LOGIN'));
  const password = fields.get('PASSWORD');
  if (user === undefined || password?.type !== 'S') throw invalid('AMQPLAIN');
  return { user, password: password.value };
}

function readFields(region: Region): FieldTable {
  try {
    return readFieldTable(new ByteReader(region));
  } catch (error) {
    if (error instanceof CodecError) throw invalid('AMQPLAIN');
    throw error;
  }
}

function invalid(name: string): CodecError {
  return new CodecError(`the response is not one of ${name}`);
}
