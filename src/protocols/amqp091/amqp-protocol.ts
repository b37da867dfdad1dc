/**
 * AMQP 0-9-1 for the server: opens a session for each connection, all with the same options.
 */

import type { Protocol, Session, Transport } from '../session.ts';
import type { AmqpContext, AmqpOptions } from './amqp-options.ts';
import { AmqpConnection } from './connection.ts';
import { serverProperties } from './identity.ts';
import type { Method } from './methods.ts';

export class AmqpProtocol implements Protocol {
  readonly #context: AmqpContext;

  constructor(options: AmqpOptions) {
    this.#context = { ...options, start: startMethod(options) };
  }

  openSession(transport: Transport): Session {
    return new AmqpConnection(this.#context, transport);
  }
}

function startMethod({ identity, mechanisms }: AmqpOptions): Method {
  return {
    name: 'connection.start',
    versionMajor: 0,
    versionMinor: 9,
    serverProperties: serverProperties(identity),
    mechanisms: new TextEncoder().encode(mechanisms.map(({ name }) => name).join(' ')),
    locales: new TextEncoder().encode('en_US'),
  };
}
