/**
 * Runs founding programs against the test's broker. The source is that of the document; only the host, the
 * credentials and the length of sleeps are substituted, each by one mechanical replacement.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import amqplib, { type Channel, type ChannelModel } from 'amqplib';
import { type BrokerSettings, startBroker, type TestBroker } from '../support/broker.ts';
import { ChildProgram, type Exit } from '../support/child-program.ts';
import { FrameTap } from '../support/frame-tap.ts';
import { PYTHON, pythonPackage } from '../support/python.ts';
import { isAvailable } from '../support/requirement.ts';
import { FOUNDING_DIR, type FoundingProgram, readFoundingPrograms } from './extract.ts';

/** Whether the documents and what their programs need are at hand. */
export const canRunPrograms =
  isAvailable('the folder of founding documents', [FOUNDING_DIR]) &&
  isAvailable("Debian's python3-pika", [PYTHON, pythonPackage('pika')]);

const SHIM = fileURLToPath(new URL('pika_shim.py', import.meta.url));

/** Every name that the programs of these tests declare, so that a shared broker starts clean. */
const QUEUES = ['hello', 'hello1', 'hello queue', 'hello queue2', 'task', 'task_queue', 'rpc_queue'];
const EXCHANGES = ['logs', 'direct_logs', 'topic_logs', 'rabbitmq_log', 'app_logs'];

export interface RunOptions {
  readonly args?: readonly string[];
  /** What every `time.sleep` is multiplied by. */
  readonly sleepFactor?: number;
  /** What the user types. */
  readonly input?: string;
  /** The address under which the program's connection reaches the broker. */
  readonly through?: string;
  /** The password that the program gives instead of the right one. */
  readonly password?: string;
}

/** A founding program that runs, with the relay through which it reaches the broker. */
export interface RunningProgram {
  readonly program: ChildProgram;
  readonly tap: FrameTap;
}

export class FoundingWorld {
  readonly #broker: TestBroker;
  readonly #connection: ChannelModel;
  readonly #programs = readFoundingPrograms();
  readonly #folder = mkdtempSync(join(tmpdir(), 'leveret-founding-'));
  #running: RunningProgram[] = [];

  private constructor(broker: TestBroker, connection: ChannelModel) {
    this.#broker = broker;
    this.#connection = connection;
  }

  static async open(settings: BrokerSettings = {}): Promise<FoundingWorld> {
    const broker = await startBroker(settings);
    return new FoundingWorld(broker, await amqplib.connect(broker.url));
  }

  /** Starts a program and returns at once. */
  async start(id: string, options: RunOptions = {}): Promise<RunningProgram> {
    const {
      args = [],
      sleepFactor = 0,
      input,
      through = this.#broker.host,
      password = this.#broker.password,
    } = options;
    const tap = await FrameTap.open({ host: through, port: this.#broker.port });
    const file = join(this.#folder, `${id}-${this.#running.length}.py`);
    const address = { host: '127.0.0.1', port: tap.port, user: this.#broker.user, password };
    writeFileSync(file, substitute(this.#program(id).source, { ...address, sleepFactor }));
    const program = new ChildProgram(PYTHON, ['-u', SHIM, file, ...args], {
      cwd: this.#folder,
      ...(input === undefined ? {} : { input }),
    });
    const running = { program, tap };
    this.#running.push(running);
    return running;
  }

  /** Starts a program that consumes and returns when the broker has answered its basic.consume. */
  async startConsumer(id: string, options: RunOptions = {}): Promise<ChildProgram> {
    const { program, tap } = await this.start(id, options);
    const endedEarly = program.exited.then(() => {
      throw new Error(`${id} ended before it consumed:\n${program.errorLines.join('\n')}`);
    });
    await Promise.race([tap.passed('basic.consume-ok'), endedEarly]);
    endedEarly.catch(() => undefined);
    return program;
  }

  /** Runs a program to its end and returns the lines it printed; it must end without an error. */
  async run(id: string, options: RunOptions = {}): Promise<readonly string[]> {
    const { program } = await this.start(id, options);
    const { code } = await program.exited;
    if (code !== 0) throw new Error(`${id} ended with ${code}:\n${program.errorLines.join('\n')}`);
    return program.lines;
  }

  /** Runs a program to its end, which may be an error; the last line of standard error is the exception. */
  async runToError(id: string, options: RunOptions = {}): Promise<Exit & { readonly exception: string }> {
    const { program } = await this.start(id, options);
    const exit = await program.exited;
    return { ...exit, exception: program.errorLines.at(-1) ?? '' };
  }

  /** A channel of a second client, which sees the broker from outside. */
  async channel(): Promise<Channel> {
    return await this.#connection.createChannel();
  }

  /** What a passive declare says about a queue. */
  async counts(queue: string): Promise<{ messages: number; consumers: number }> {
    const channel = await this.channel();
    const { messageCount, consumerCount } = await channel.checkQueue(queue);
    await channel.close();
    return { messages: messageCount, consumers: consumerCount };
  }

  /** Ends all programs and removes what they declared. */
  async reset(): Promise<void> {
    for (const { program, tap } of this.#running) {
      await program.kill();
      tap.close();
    }
    this.#running = [];
    const channel = await this.channel();
    for (const queue of QUEUES) await channel.deleteQueue(queue);
    for (const exchange of EXCHANGES) await channel.deleteExchange(exchange);
    await channel.close();
  }

  async close(): Promise<void> {
    await this.reset();
    await this.#connection.close();
    await this.#broker.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #program(id: string): FoundingProgram {
    const program = this.#programs.get(id);
    if (program === undefined) throw new Error(`no founding program ${id}`);
    return program;
  }
}

interface Substitution {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly sleepFactor: number;
}

/** Replaces host (and the port beside it), credentials and the length of sleeps; nothing else. */
export function substitute(source: string, { host, port, user, password, sleepFactor }: Substitution): string {
  return source
    .replace(/(['"])(?:localhost|192\.168\.0\.108|10\.0\.0\.101)\1(?:, port=5672)?/g, `'${host}', port=${port}`)
    .replace(/username='[^']*', password='[^']*'/g, `username='${user}', password='${password}'`)
    .replaceAll('time.sleep(', `time.sleep(${sleepFactor} * `);
}
