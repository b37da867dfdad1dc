/**
 * The broker that the cases run against: the one that BROKER_URL names, or a Leveret in this process with the users,
 * vhosts and permissions of definitions.json.
 */

import { readFileSync } from 'node:fs';
import { createBroker, type RunningBroker } from '../../src/index.ts';
import type { Address } from './case-run.ts';

export interface BrokerUnderTest extends Address {
  readonly isGiven: boolean;
  stop(): Promise<void>;
}

/** What definitions.json holds, in RabbitMQ's format. */
interface Definitions {
  readonly users: readonly {
    readonly name: string;
    readonly password?: string;
    readonly password_hash?: string;
    readonly tags: string;
  }[];
  readonly vhosts: readonly { readonly name: string }[];
  readonly permissions: readonly Parameters<RunningBroker['permissions']['set']>[0][];
  readonly topic_permissions: readonly Parameters<RunningBroker['topicPermissions']['set']>[0][];
}

export async function startBrokerUnderTest(): Promise<BrokerUnderTest> {
  const given = process.env.BROKER_URL;
  if (given !== undefined && given !== '') {
    const { hostname, port } = new URL(given);
    return { host: hostname, port: Number(port || 5672), isGiven: true, stop: async () => undefined };
  }
  const broker = await createBroker({ port: 0, bind: '127.0.0.1' });
  await define(broker);
  return { host: '127.0.0.1', port: broker.port, isGiven: false, stop: () => broker.stop() };
}

/** Adds the users, vhosts and permissions of definitions.json. */
export async function define(broker: RunningBroker): Promise<void> {
  const file = new URL('definitions.json', import.meta.url);
  const definitions = JSON.parse(readFileSync(file, 'utf8')) as Definitions;
  for (const { name } of definitions.vhosts) await broker.vhosts.add(name);
  // The default user is there already.
  for (const { name, password, password_hash, tags } of definitions.users.filter((user) => user.name !== 'guest')) {
    const login = password === undefined ? { passwordHash: password_hash ?? '' } : { password };
    await broker.users.add(name, { ...login, tags: tags === '' ? [] : tags.split(',') });
  }
  for (const permission of definitions.permissions) await broker.permissions.set(permission);
  for (const permission of definitions.topic_permissions) await broker.topicPermissions.set(permission);
}
