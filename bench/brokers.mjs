/**
 * Starts the brokers that the benchmark measures, each on free loopback ports with data in a folder of its own, and
 * ends them by their process ids.
 */

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** LEVERET_PROGRAM names another build, to compare two. */
const LEVERET = process.env.LEVERET_PROGRAM || join(ROOT, 'dist', 'cli', 'leveret.js');
const WITH_USERS = fileURLToPath(new URL('leveret-with-users.mjs', import.meta.url));
const DEFINITIONS = fileURLToPath(new URL('definitions.json', import.meta.url));
const RABBITMQ = process.env.RABBITMQ_SERVER || '/usr/lib/rabbitmq/bin/rabbitmq-server';

/**
 * @typedef {object} Broker
 * @property {string} name
 * @property {string} version
 * @property {number} port where it speaks AMQP 0-9-1
 * @property {number} pid
 * @property {number} startMs from the start of the process until it said that it listens
 * @property {() => Promise<void>} stop
 */

/** @returns {Promise<Broker>} */
export async function startLeveret() {
  const folder = mkdtempSync(join(tmpdir(), 'leveret-bench-'));
  return startNode([LEVERET, '--port', '0', '--bind', '127.0.0.1', '--data-dir', folder], folder);
}

/**
 * Another one, with the users of definitions.json.
 *
 * @returns {Promise<Broker>}
 */
export async function startLeveretWithUsers() {
  return startNode([WITH_USERS, LEVERET], mkdtempSync(join(tmpdir(), 'leveret-bench-')));
}

async function startNode(args, folder) {
  if (!existsSync(LEVERET)) fail(`${LEVERET} is missing: run \`npm run build\` first.`);
  const begin = performance.now();
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = Number((await lineOf(child, /amqp\b.*?(?:port |:)(\d+)/i))[1]);
  const startMs = performance.now() - begin;
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  return { name: 'Leveret', version, port, pid: child.pid, startMs, stop: () => stop(child, folder) };
}

export function isRabbitMqInstalled() {
  return existsSync(RABBITMQ);
}

/**
 * Debian's RabbitMQ in its default configuration, without plugins, with the users of definitions.json.
 *
 * @returns {Promise<Broker>}
 */
export async function startRabbitMq() {
  const folder = mkdtempSync(join(tmpdir(), 'rabbitmq-bench-'));
  const [port, distributionPort, epmdPort] = await freePorts(3);
  const environment = rabbitMqEnvironment(folder, { port, distributionPort, epmdPort });
  // A port mapper of our own: the one that Erlang starts by itself would outlive the broker.
  const epmd = spawn('epmd', ['-port', `${epmdPort}`, '-address', '127.0.0.1'], { stdio: 'ignore' });
  const begin = performance.now();
  const child = spawn(RABBITMQ, [], { env: environment, stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = lineOf(child, /RabbitMQ (\d+\.\d+\.\d+)/);
  const ready = lineOf(child, /Starting broker\.\.\. completed/);
  const version = (await lines)[1];
  await ready;
  const startMs = performance.now() - begin;
  const stopBoth = async () => {
    await stop(child, folder);
    epmd.kill();
  };
  return { name: 'RabbitMQ', version, port, pid: child.pid, startMs, stop: stopBoth };
}

function rabbitMqEnvironment(folder, { port, distributionPort, epmdPort }) {
  mkdirSync(join(folder, 'home'));
  writeFileSync(join(folder, 'enabled_plugins'), '[].');
  writeFileSync(join(folder, 'rabbitmq.conf'), `load_definitions = ${DEFINITIONS}\n`);
  return {
    ...process.env,
    HOME: join(folder, 'home'),
    ERL_EPMD_PORT: `${epmdPort}`,
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: `leveret-bench-${port}@localhost`,
    RABBITMQ_NODE_PORT: `${port}`,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_DIST_PORT: `${distributionPort}`,
    RABBITMQ_MNESIA_BASE: join(folder, 'mnesia'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_PID_FILE: join(folder, 'pid'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq'),
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
  };
}

/** The first line of the program that matches; the rest of its output is read and dropped. */
function lineOf(child, pattern) {
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (line) => {
      const match = pattern.exec(line);
      if (match !== null) resolve(match);
    });
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`the broker ended with ${code} before it was ready`)));
  });
}

async function stop(child, folder) {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }
  rmSync(folder, { recursive: true, force: true });
}

async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => server.address().port);
  for (const server of servers) server.close();
  return ports;
}

/** The versions and the machine that a table was made with. */
export function describeMachine() {
  const model = /model name\s*:\s*(.+)/.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? 'unknown processor';
  const load = readFileSync('/proc/loadavg', 'utf8').split(' ').slice(0, 3).join(' ');
  const cores = execFileSync('nproc').toString().trim();
  return `${new Date().toISOString().slice(0, 10)}, ${cores} cores of ${model}, Node ${process.version}, load ${load}`;
}

function fail(message) {
  console.error(`bench: ${message}`);
  process.exit(2);
}
