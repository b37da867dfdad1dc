/**
 * Leveret as a library: a RabbitMQ-compatible message broker inside your own process.
 *
 * This file is the public API; nothing else of the package is.
 */

export type { AdministrationProblem } from './auth/administration-error.ts';
export { AdministrationError } from './auth/administration-error.ts';
export type { HashingAlgorithm } from './auth/password-hash.ts';
export type {
  PermissionAdministration,
  PermissionFilter,
  TopicPermissionAdministration,
  UserInVhost,
} from './auth/permission-administration.ts';
export type { Permission, TopicPermission } from './auth/permission-table.ts';
export type { NewUser, UserAdministration, UserInfo } from './auth/user-administration.ts';
export type { VhostAdministration, VhostInfo, VhostLimits } from './auth/vhost-administration.ts';
export type { DurationStats } from './base/durations.ts';
export type { LogLines } from './core/log-lines.ts';
export type { UserLimits } from './core/open-connections.ts';
export type { BrokerOptions } from './server/create-broker.ts';
export { createBroker } from './server/create-broker.ts';
export { DataDirectoryError } from './server/data-directory.ts';
export type { Login } from './server/default-login.ts';
export type { ResourceStats } from './server/resources/resource-alarms.ts';
export type { BrokerMetrics, BrokerStats, ListeningAddress, RunningBroker } from './server/start-broker.ts';
export type { TlsMaterial } from './server/tls-material.ts';
export type { LogMetrics } from './storage/disk/open-log.ts';
