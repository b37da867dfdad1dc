/**
 * Capabilities: what the server announces, and what a client said that it can do.
 */

import { type FieldTable, table } from '../../base/field-table.ts';

/** Only what is honoured stands here; a feature adds its line when it comes. */
export const SERVER_CAPABILITIES: FieldTable = table({
  publisher_confirms: true,
  exchange_exchange_bindings: true,
  'basic.nack': true,
  consumer_cancel_notify: true,
  'connection.blocked': true,
  consumer_priorities: true,
  authentication_failure_close: true,
  per_consumer_qos: true,
  direct_reply_to: true,
});

export interface ClientCapabilities {
  /** A refused login is answered with connection.close 403; without it the connection is just dropped. */
  readonly authenticationFailureClose: boolean;
  /** The server may send basic.cancel. */
  readonly consumerCancelNotify: boolean;
  /** The server may send connection.blocked and unblocked. */
  readonly connectionBlocked: boolean;
}

export const NO_CAPABILITIES: ClientCapabilities = {
  authenticationFailureClose: false,
  consumerCancelNotify: false,
  connectionBlocked: false,
};

/** @param clientProperties of connection.start-ok; without a table of capabilities there are none */
export function clientCapabilities(clientProperties: FieldTable): ClientCapabilities {
  const field = clientProperties.get('capabilities');
  if (field?.type !== 'F') return NO_CAPABILITIES;
  return {
    authenticationFailureClose: isTrue(field.value, 'authentication_failure_close'),
    consumerCancelNotify: isTrue(field.value, 'consumer_cancel_notify'),
    connectionBlocked: isTrue(field.value, 'connection.blocked'),
  };
}

function isTrue(capabilities: FieldTable, name: string): boolean {
  const field = capabilities.get(name);
  return field?.type === 't' && field.value;
}
