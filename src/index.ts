/**
 * Leveret as a library: a RabbitMQ-compatible message broker inside your own process.
 *
 * This file is the public API; nothing else of the package is.
 */

export type { LogLines } from './core/log-lines.ts';
export type { BrokerOptions } from './server/create-broker.ts';
export { createBroker } from './server/create-broker.ts';
export type { BrokerStats, ListeningAddress, RunningBroker } from './server/start-broker.ts';
export type { TlsMaterial } from './server/tls-material.ts';
