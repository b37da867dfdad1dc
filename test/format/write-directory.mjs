/**
 * Writes a small data directory with everything in it that today's program can write there, as a broker leaves it that is
 * killed: `node test/format/write-directory.mjs <folder>`, after `npm run build`. What stands in `test/format/` was written
 * once with each form of the files, and is never written anew: every later program must open it.
 */

import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import amqplib from 'amqplib';
import { createBroker } from '../../dist/index.js';
import { repairDirectory } from '../../dist/server/fsck.js';

/** Long enough for pages to be synced and noted by the log. */
const HOMED_MS = 4000;
/** As long as a message may last, which is ten years. */
const LASTING = { priority: 255, expiration: 315_360_000_000 };

const [target] = process.argv.slice(2);
if (target === undefined) throw new Error('write-directory.mjs <folder>');
const folder = mkdtempSync(join(tmpdir(), 'leveret-format-'));
const killed = join(folder, 'killed');

const first = await createBroker({ dataDir: join(folder, 'first') });
await first.vhosts.add('shop', { description: 'All that is sold' });
await first.users.add('alice', { password: 'wonderland', tags: ['monitoring'] });
await first.permissions.set({ user: 'alice', vhost: 'shop', configure: '^events$', write: '.*', read: '^orders$' });
await first.topicPermissions.set({ user: 'alice', vhost: 'shop', exchange: 'events', write: '^order', read: '.*' });
await first.permissions.set({ user: 'guest', vhost: 'shop', configure: '.*', write: '.*', read: '.*' });
await using(first, async (channel) => {
  await channel.assertExchange('events', 'topic', { durable: true });
  await channel.assertExchange('audit', 'fanout', { durable: true });
  await channel.bindExchange('audit', 'events', 'order.#');
  await channel.assertQueue('orders', { durable: true, arguments: { 'x-max-length': 1000 } });
  await channel.bindQueue('orders', 'events', 'order.*');
  await channel.assertQueue('stuck', { durable: true });
  for (const number of [1, 2, 3]) await send(channel, '', 'stuck', `kept ${number}`, { priority: number });
});
cpSync(join(folder, 'first'), killed, { recursive: true, filter: (path) => !path.endsWith('lock') });
await first.stop();

// A repair writes messages again, with records of a kind of their own.
damage(killed, 'kept 2');
const { after } = await repairDirectory(killed, console.log);
if (after.isDamaged) throw new Error('the repair has left damage');

const second = await createBroker({ dataDir: killed, settings: { 'message_store.resident_size': '1MiB' } });
await using(second, async (channel) => {
  // What takes the memory that others then have to leave is not written anywhere.
  await channel.assertQueue('ballast', { durable: false, exclusive: true });
  for (let left = 100; left > 0; left--) channel.sendToQueue('ballast', Buffer.alloc(50_000));
  await channel.waitForConfirms();
  for (let number = 1; number <= 8; number++) {
    await send(channel, 'events', 'order.new', `order ${number}`, number % 2 === 0 ? LASTING : {});
  }
  for (const queue of second.broker.findVhost('shop').queues) if (queue.name === 'orders') queue.pageOutReady();
  await wait(HOMED_MS);
  for (let number = 9; number <= 12; number++) {
    await send(channel, 'events', 'order.new', `order ${number}`, number % 2 === 0 ? LASTING : {});
  }
  await channel.assertQueue('late', { durable: true });
  for (let left = 2; left > 0; ) {
    const message = await channel.get('orders');
    if (message === false) continue;
    channel.ack(message);
    left--;
  }
  await send(channel, 'events', 'order.new', 'order 13');
});
await wait(HOMED_MS);
rmSync(target, { recursive: true, force: true });
cpSync(killed, target, { recursive: true, filter: (path) => !/(lock|damaged-[\d-]+)$/.test(path) });
await second.stop();
rmSync(folder, { recursive: true });
for (const name of readdirSync(target)) console.log(name, readFileSync(join(target, name)).length);

async function using({ url }, work) {
  const connection = await amqplib.connect(`${url}/shop`);
  await work(await connection.createConfirmChannel());
  await connection.close();
}

async function send(channel, exchange, key, body, properties = {}) {
  const headers = { number: body.length };
  channel.publish(exchange, key, Buffer.from(body), { persistent: true, headers, ...properties });
  await channel.waitForConfirms();
}

function damage(directory, body) {
  for (const name of readdirSync(directory).filter((file) => file.startsWith('segment-'))) {
    const bytes = readFileSync(join(directory, name));
    const at = bytes.indexOf(body);
    if (at < 0) continue;
    bytes[at] ^= 1;
    writeFileSync(join(directory, name), bytes);
  }
}
