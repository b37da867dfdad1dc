/**
 * The broker that a test file talks to over a real socket: a Leveret of its own, started from dist/ on a free port, or
 * the broker that BROKER_URL names (for comparing with RabbitMQ). Nothing is built here: `npm test` builds first.
 */

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ChildProgram } from './child-program.ts';

const PROGRAM = fileURLToPath(new URL('../../dist/cli/leveret.js', import.meta.url));

/** The line that says where AMQP listens, such as `amqp://127.0.0.1:40123` or `AMQP 0-9-1 on port 40123`. */
const LISTENING_LINE = /amqp\b.*?(?:port |:)(\d+)/i;

export interface TestBroker {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly url: string;
  /** Ends the broker if the test started it. */
  stop(): Promise<void>;
}

/** Starts Leveret, or takes the broker of BROKER_URL. */
export async function startBroker(): Promise<TestBroker> {
  const given = process.env.BROKER_URL;
  return given === undefined || given === '' ? await startLeveret() : brokerAt(given);
}

function brokerAt(address: string): TestBroker {
  const url = new URL(address);
  return {
    host: url.hostname,
    port: Number(url.port || 5672),
    user: decodeURIComponent(url.username || 'guest'),
    password: decodeURIComponent(url.password || 'guest'),
    url: address,
    stop: async () => undefined,
  };
}

async function startLeveret(): Promise<TestBroker> {
  if (!existsSync(PROGRAM)) throw new Error('dist/cli/leveret.js is missing: run `npm run build` first');
  const dataDir = mkdtempSync(join(tmpdir(), 'leveret-test-'));
  const args = [PROGRAM, '--port', '0', '--bind', '127.0.0.1', '--data-dir', dataDir];
  const program = new ChildProgram(process.execPath, args);
  const port = LISTENING_LINE.exec(await program.line(LISTENING_LINE))?.[1];
  const stop = async (): Promise<void> => {
    await program.kill('SIGTERM');
    rmSync(dataDir, { recursive: true, force: true });
  };
  return { ...brokerAt(`amqp://guest:guest@127.0.0.1:${port}`), stop };
}
