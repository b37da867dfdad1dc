/**
 * The broker that a test file talks to over a real socket: a Leveret of its own, started from dist/ on a free port, or
 * the broker that BROKER_URL names (for comparing with RabbitMQ). Nothing is built here: `npm test` builds first.
 *
 * BROKER_RESTART, a shell command, restarts the broker of BROKER_URL and returns when it accepts connections. It finds
 * the settings of the test in BROKER_SETTINGS, lines for rabbitmq.conf, and where to listen in BROKER_ADDRESS.
 */

import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ChildProgram } from './child-program.ts';

/** LEVERET_PROGRAM names another build. */
const PROGRAM = process.env.LEVERET_PROGRAM || fileURLToPath(new URL('../../dist/cli/leveret.js', import.meta.url));
const LOOPBACK = '127.0.0.1';

/** The line that says where AMQP listens, such as `amqp://127.0.0.1:40123` or `AMQP 0-9-1 on port 40123`. */
const LISTENING_LINE = /amqp\b.*?(?:port |:)(\d+)/i;

export interface BrokerSettings {
  /** Lines of rabbitmq.conf: `heartbeat = 3`. */
  readonly settings?: readonly string[];
  /** Whether it listens on all addresses of this machine; only on loopback unless given. */
  readonly listensEverywhere?: boolean;
  /** The user to log in as, which the settings must create; guest unless given. */
  readonly user?: { readonly name: string; readonly password: string };
}

export interface TestBroker {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly url: string;
  /** Crashes the broker and starts it again on the same port. */
  restart(): Promise<void>;
  /** Ends the broker if the test started it. */
  stop(): Promise<void>;
}

/** Whether a test may ask for settings or a restart: of a broker of its own, or with BROKER_RESTART. */
export const canConfigureBroker = givenUrl() === undefined || process.env.BROKER_RESTART !== undefined;

/** Starts Leveret, or takes the broker of BROKER_URL. */
export async function startBroker(options: BrokerSettings = {}): Promise<TestBroker> {
  const given = givenUrl();
  return given === undefined ? await startLeveret(options) : await takeGiven(given, options);
}

function givenUrl(): string | undefined {
  const url = process.env.BROKER_URL;
  return url === '' ? undefined : url;
}

async function takeGiven(address: string, options: BrokerSettings): Promise<TestBroker> {
  const url = new URL(address);
  if (options.user !== undefined) {
    url.username = options.user.name;
    url.password = options.user.password;
  }
  const restart = async (): Promise<void> => await restartGiven(options);
  if (options.settings !== undefined || options.listensEverywhere) await restart();
  return { ...brokerAt(url.href), restart, stop: async () => undefined };
}

async function restartGiven({ settings = [], listensEverywhere = false }: BrokerSettings): Promise<void> {
  const command = process.env.BROKER_RESTART;
  if (command === undefined) throw new Error('BROKER_RESTART must say how to restart the broker of BROKER_URL');
  const env = { ...process.env, BROKER_SETTINGS: settings.join('\n'), BROKER_ADDRESS: addressOf(listensEverywhere) };
  await promisify(execFile)('/bin/sh', ['-c', command], { env });
}

function addressOf(listensEverywhere: boolean): string {
  return listensEverywhere ? '0.0.0.0' : LOOPBACK;
}

function brokerAt(address: string): Omit<TestBroker, 'restart' | 'stop'> {
  const url = new URL(address);
  return {
    host: url.hostname,
    port: Number(url.port || 5672),
    user: decodeURIComponent(url.username || 'guest'),
    password: decodeURIComponent(url.password || 'guest'),
    url: address,
  };
}

async function startLeveret(options: BrokerSettings): Promise<TestBroker> {
  if (!existsSync(PROGRAM)) throw new Error('dist/cli/leveret.js is missing: run `npm run build` first');
  const { user = { name: 'guest', password: 'guest' } } = options;
  const dataDir = mkdtempSync(join(tmpdir(), 'leveret-test-'));
  let { program, port } = await runLeveret(options, dataDir, 0);
  const restart = async (): Promise<void> => {
    await program.kill();
    ({ program } = await runLeveret(options, dataDir, port));
  };
  const stop = async (): Promise<void> => {
    await program.kill('SIGTERM');
    rmSync(dataDir, { recursive: true, force: true });
  };
  return { ...brokerAt(`amqp://${user.name}:${user.password}@${LOOPBACK}:${port}`), restart, stop };
}

async function runLeveret(
  { settings = [], listensEverywhere = false }: BrokerSettings,
  dataDir: string,
  wantedPort: number,
): Promise<{ program: ChildProgram; port: number }> {
  const set = settings.flatMap((line) => ['--set', line.replace(/\s*=\s*/, '=')]);
  const args = ['--port', String(wantedPort), '--bind', addressOf(listensEverywhere), '--data-dir', dataDir, ...set];
  const program = new ChildProgram(process.execPath, [PROGRAM, ...args]);
  const port = LISTENING_LINE.exec(await program.line(LISTENING_LINE))?.[1];
  return { program, port: Number(port) };
}
