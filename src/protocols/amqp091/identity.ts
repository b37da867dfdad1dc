/**
 * Who the server says it is, in connection.start. Clients (kombu, Celery, Spring, NServiceBus and others) decide by
 * product and version what they may use, so both are those of the RabbitMQ whose behaviour this is.
 */

import { type FieldTable, table } from '../../base/field-table.ts';
import { SERVER_CAPABILITIES } from './capabilities.ts';

export interface Identity {
  /** The RabbitMQ version whose behaviour clients get. */
  readonly rabbitmqVersion: string;
  readonly leveretVersion: string;
  readonly clusterName: string;
  /** For example `Node.js 20.19.0`. */
  readonly platform: string;
}

export function serverProperties(identity: Identity): FieldTable {
  return table({
    capabilities: SERVER_CAPABILITIES,
    cluster_name: identity.clusterName,
    copyright: 'Copyright the Leveret authors.',
    information: `Leveret ${identity.leveretVersion}, compatible with RabbitMQ. Licensed under Apache-2.0.`,
    leveret_version: identity.leveretVersion,
    platform: identity.platform,
    product: 'RabbitMQ',
    product_name: 'Leveret',
    product_version: identity.leveretVersion,
    version: identity.rabbitmqVersion,
  });
}
