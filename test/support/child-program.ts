/**
 * A program that a test runs beside itself: its printed lines can be awaited, and it is ended by its own process id.
 * Waiting is driven by what the program prints or by its end, never by a timer.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface ChildProgramOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Written to standard input, which is then closed. */
  readonly input?: string;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

interface Waiter {
  readonly count: number;
  readonly pattern: RegExp;
  readonly resolve: (lines: string[]) => void;
  readonly reject: (error: Error) => void;
}

export class ChildProgram {
  /** Resolves when the program has ended and all its output was read. */
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #name: string;
  readonly #output: string[] = [];
  readonly #errors: string[] = [];
  #waiters: Waiter[] = [];
  #hasEnded = false;

  constructor(command: string, args: readonly string[], options: ChildProgramOptions = {}) {
    this.#name = [command, ...args].join(' ');
    this.#child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    this.#child.stdin?.end(options.input);
    this.#collect(this.#child.stdout, this.#output);
    this.#collect(this.#child.stderr, this.#errors);
    this.exited = new Promise((resolve, reject) => {
      this.#child.on('error', reject);
      this.#child.on('close', (code, signal) => resolve({ code, signal }));
    });
    this.exited.then(
      () => this.#end(),
      (error: Error) => {
        this.#errors.push(error.message);
        this.#end();
      },
    );
  }

  /** Undefined when the program could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Complete lines of standard output so far. */
  get lines(): readonly string[] {
    return this.#output;
  }

  /** Complete lines of standard error so far. */
  get errorLines(): readonly string[] {
    return this.#errors;
  }

  /** The first line of standard output or standard error that matches. */
  async line(pattern: RegExp): Promise<string> {
    const [line] = await this.linesMatching(pattern, 1);
    return line ?? '';
  }

  /**
   * The first `count` lines, of standard output or standard error, that match.
   *
   * @throws when the program ends before it has printed them; the message holds what it did print
   */
  linesMatching(pattern: RegExp, count: number): Promise<string[]> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ pattern, count, resolve, reject });
      this.#serveWaiters();
    });
  }

  /** Ends the program, by default at once as a crash would, and waits until it is gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<Exit> {
    if (!this.#hasEnded) this.#child.kill(signal);
    return await this.exited;
  }

  #collect(stream: NodeJS.ReadableStream | null, lines: string[]): void {
    if (stream === null) return;
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      this.#serveWaiters();
    });
  }

  #end(): void {
    this.#hasEnded = true;
    this.#serveWaiters();
  }

  #serveWaiters(): void {
    this.#waiters = this.#waiters.filter((waiter) => {
      const found = [...this.#output, ...this.#errors].filter((line) => waiter.pattern.test(line));
      if (found.length >= waiter.count) waiter.resolve(found.slice(0, waiter.count));
      else if (this.#hasEnded) waiter.reject(this.#endedTooEarly(waiter));
      else return true;
      return false;
    });
  }

  #endedTooEarly(waiter: Waiter): Error {
    const printed = [...this.#output, ...this.#errors].join('\n');
    return new Error(
      `${this.#name} ended before printing ${waiter.count} x ${waiter.pattern}. It printed:\n${printed}`,
    );
  }
}

/** Runs a program to its end. */
export async function runToEnd(
  command: string,
  args: readonly string[],
  options: ChildProgramOptions = {},
): Promise<ChildProgram & { readonly code: number | null }> {
  const program = new ChildProgram(command, args, options);
  const { code } = await program.exited;
  return Object.assign(program, { code });
}
