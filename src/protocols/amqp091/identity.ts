/**
 * Who the server says it is, in connection.start. Clients (kombu, Celery, Spring, NServiceBus and others) decide by
 * product and version what they may use, so both are those of the RabbitMQ whose behaviour this is.
 */

import { type FieldTable, table } from '../../base/field-table.ts';
import { SERVER_CAPABILITIES } from './capabilities.ts';

export interface Identity {
  /** What clients take it for; `RabbitMQ` unless given. */
  readonly product?: string;
  /** The RabbitMQ version whose behaviour clients get. */
  readonly rabbitmqVersion: string;
  /** Its own name, `Leveret` unless given, and its own version, `leveretVersion` unless given. */
  readonly productName?: string;
  readonly productVersion?: string;
  readonly leveretVersion: string;
  readonly clusterName: string;
  /** For example `Node.js 20.19.0`. */
  readonly platform: string;
}

export function serverProperties(identity: Identity): FieldTable {
  const { product = 'RabbitMQ', productName = 'Leveret', productVersion = identity.leveretVersion } = identity;
  return table({
    capabilities: SERVER_CAPABILITIES,
    cluster_name: identity.clusterName,
    copyright: 'Copyright the Leveret authors.',
    information: `Leveret ${identity.leveretVersion}, compatible with RabbitMQ. Licensed under Apache-2.0.`,
    leveret_version: identity.leveretVersion,
    platform: identity.platform,
    product,
    product_name: productName,
    product_version: productVersion,
    version: identity.rabbitmqVersion,
  });
}
