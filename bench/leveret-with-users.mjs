/**
 * A Leveret with the users of definitions.json, for what the load generator cannot do: until definitions are imported at
 * the start, users come through the API for embedded brokers. Prints where it listens, and ends with SIGTERM.
 *
 * node bench/leveret-with-users.mjs PROGRAM
 */

import { readFileSync } from 'node:fs';

/** PROGRAM is dist/cli/leveret.js of a build; the API is the main file of that build. */
const [, , program] = process.argv;
const { createBroker } = await import(new URL('../index.js', `file://${program}`).href);
const definitions = JSON.parse(readFileSync(new URL('definitions.json', import.meta.url), 'utf8'));

const broker = await createBroker({ bind: '127.0.0.1' });
for (const { name, password, tags } of definitions.users) {
  if (name !== 'guest') await broker.users.add(name, { password, tags: tags.split(',').filter(Boolean) });
}
for (const permission of definitions.permissions) await broker.permissions.set(permission);
for (const permission of definitions.topic_permissions) await broker.topicPermissions.set(permission);
process.once('SIGTERM', () => void broker.stop());
console.log(`amqp on port ${broker.port}`);
