/** A broker in a process of its own, its memory, and clients that only know bytes. */

import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { table } from '../../src/base/field-table.ts';
import { method, open, PROTOCOL_HEADER, startOk, tuneOk } from './amqp-connection.ts';
import { ChildProgram } from './child-program.ts';

const PROGRAM = fileURLToPath(new URL('../../dist/cli/leveret.js', import.meta.url));
const LISTENING_LINE = /amqp\b.*?(?:port |:)(\d+)/i;
const KB = 1024;
/** Frames of connection.start, tune and open-ok are small; nothing else comes before. */
const LOGIN_ANSWERS = 3;

export interface FloodedBrokerOptions {
  /** `key=value`, as `--set` takes it. */
  readonly settings?: readonly string[];
  /** What the JavaScript heap may hold; V8's choice unless given. */
  readonly heapMb?: number;
  /** The operating system's limit; that of this process unless given. */
  readonly openFilesMax?: number;
  /** Everything is in memory unless given. */
  readonly dataDir?: string;
}

export class FloodedBroker {
  readonly #program: ChildProgram;
  readonly #port: number;
  readonly #sockets: Socket[] = [];

  static async start(options: FloodedBrokerOptions = {}): Promise<FloodedBroker> {
    const program = runBroker(options);
    const port = LISTENING_LINE.exec(await program.line(LISTENING_LINE))?.[1];
    const broker = new FloodedBroker(program, Number(port));
    await broker.login();
    return broker;
  }

  private constructor(program: ChildProgram, port: number) {
    this.#program = program;
    this.#port = port;
  }

  get url(): string {
    return `amqp://127.0.0.1:${this.#port}?heartbeat=0`;
  }

  /** The first `count` lines that the broker has printed, or will print, that match. */
  lines(pattern: RegExp, count = 1): Promise<string[]> {
    return this.#program.linesMatching(pattern, count);
  }

  /** What the process has in memory, in bytes. */
  get residentBytes(): number {
    return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(this.#program.pid)], { encoding: 'utf8' })) * KB;
  }

  /** CPU time that the process has used, where the system tells (Linux); it counts in steps of 10 ms. */
  get cpuMs(): number | undefined {
    const file = `/proc/${this.#program.pid}/stat`;
    if (!existsSync(file)) return undefined;
    // Behind the program's name in parentheses user time is the 12th field, system time the 13th.
    const fields = readFileSync(file, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * 10;
  }

  async socket(...bytes: readonly Uint8Array[]): Promise<Socket> {
    const socket = connect(this.#port, '127.0.0.1');
    socket.on('error', () => {});
    this.#sockets.push(socket);
    await once(socket, 'connect');
    for (const each of bytes) socket.write(each);
    return socket;
  }

  /** A connection that is open. */
  async login(): Promise<Socket> {
    const socket = await this.socket(
      PROTOCOL_HEADER,
      startOk({ properties: table({}) }),
      tuneOk({ heartbeat: 0 }),
      open('/'),
    );
    await frames(socket, LOGIN_ANSWERS);
    return socket;
  }

  /** A connection with channels from 1 on. */
  async channels(count: number): Promise<Socket> {
    const socket = await this.login();
    const opens = Array.from({ length: count }, (_, index) => method(index + 1, { name: 'channel.open' }));
    socket.write(Buffer.concat(opens));
    await frames(socket, count);
    return socket;
  }

  stop(): Promise<void> {
    return this.#end('SIGTERM');
  }

  /** As a crash would end it. */
  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await this.#program.kill(signal);
  }
}

/** Waits for so many whole frames. */
export function frames(socket: Socket, count: number): Promise<void> {
  let missing = count;
  let kept = Buffer.alloc(0);
  return new Promise((resolve, reject) => {
    const closed = () => reject(new Error(`the connection was closed, ${missing} frames too early`));
    const take = (bytes: Buffer) => {
      kept = Buffer.concat([kept, bytes]);
      let start = 0;
      while (kept.length - start >= 8 && kept.length - start >= 8 + kept.readUInt32BE(start + 3)) {
        start += 8 + kept.readUInt32BE(start + 3);
        missing--;
      }
      kept = kept.subarray(start);
      if (missing > 0) return;
      socket.off('data', take).off('close', closed);
      socket.resume();
      resolve();
    };
    socket.on('data', take).on('close', closed);
  });
}

function runBroker({ settings = [], heapMb, openFilesMax, dataDir }: FloodedBrokerOptions): ChildProgram {
  const heap = heapMb === undefined ? [] : [`--max-old-space-size=${heapMb}`];
  const data = dataDir === undefined ? ['--memory'] : ['--data-dir', dataDir];
  const set = settings.flatMap((setting) => ['--set', setting]);
  const args = [...heap, PROGRAM, '--port', '0', '--bind', '127.0.0.1', ...data, ...set];
  if (openFilesMax === undefined) return new ChildProgram(process.execPath, args);
  return new ChildProgram('/bin/sh', ['-c', `ulimit -n ${openFilesMax} && exec "$0" "$@"`, process.execPath, ...args]);
}
