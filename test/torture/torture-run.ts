/**
 * A broker that is killed again and again, with clients that publish and consume meanwhile: at random, while it recovers,
 * and while it makes old segments free.
 */

import { existsSync, mkdtempSync, readdirSync, rmSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { SeededRandom } from '../../src/base/random.ts';
import { ChildProgram } from '../support/child-program.ts';
import { Ledger } from './ledger.ts';
import { declareTopology, drain, QUEUES, runConsumer, runPublisher, type TortureWorld } from './torture-clients.ts';

const PROGRAM = fileURLToPath(new URL('../../dist/cli/leveret.js', import.meta.url));
const LISTENING = /AMQP 0-9-1 on port (\d+)/;
const PUBLISHERS = 3;

export interface TortureOptions {
  readonly seed: number;
  readonly kills: number;
  /** How long a broker lives at most before it is killed. */
  readonly lifeMs: number;
  readonly report: (line: string) => void;
}

/** When a broker is killed. */
type Moment = 'at random' | 'in recovery' | 'in retirement' | 'while paging';
const MOMENTS: readonly Moment[] = ['at random', 'in recovery', 'in retirement', 'while paging', 'at random'];

export class TortureRun {
  readonly ledger = new Ledger();
  readonly kills = new Map<Moment, number>();
  readonly #options: TortureOptions;
  readonly #random: SeededRandom;
  readonly #directory = mkdtempSync(join(tmpdir(), 'leveret-torture-'));
  #lastId = 0;

  constructor(options: TortureOptions) {
    this.#options = options;
    this.#random = new SeededRandom(options.seed);
  }

  async run(): Promise<void> {
    for (let kill = 0; kill < this.#options.kills; kill++) {
      const moment = MOMENTS[kill % MOMENTS.length] ?? 'at random';
      if (moment === 'in recovery') await this.#killInRecovery();
      else await this.#liveAndDie(moment);
      this.#options.report(`kill ${kill + 1} ${moment}: ${this.ledger.summary}`);
    }
    await this.#finish();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #liveAndDie(moment: Moment): Promise<void> {
    const { program, world } = await this.#start();
    await declareTopology(world.url);
    const publishers = Array.from({ length: PUBLISHERS }, () => runPublisher(world, () => false));
    // One queue has nobody who reads it, so that something is left for pages and recovery.
    for (const queue of QUEUES.slice(1)) await runConsumer(world, queue);
    await this.#wait(moment);
    await program.kill();
    this.#count(moment);
    await Promise.all(publishers);
  }

  /** Ends a broker before it serves anybody. */
  async #killInRecovery(): Promise<void> {
    const program = this.#spawn();
    const listening = program.line(LISTENING).then(
      () => true,
      () => false,
    );
    await delay(40 + this.#random.below(160));
    await program.kill();
    if (!(await listening)) this.#count('in recovery');
  }

  /** Until the broker does what it is to be killed at, or has lived long enough. */
  async #wait(moment: Moment): Promise<void> {
    const { lifeMs } = this.#options;
    await delay(lifeMs / 4 + this.#random.below(lifeMs / 4));
    if (moment === 'at random') return;
    const pattern = moment === 'in retirement' ? /^checkpoint-.*\.unfinished$/ : /^page-/;
    const cancel = new AbortController();
    const seen = new Promise<void>((resolve) => {
      const watcher = watch(this.#directory, { signal: cancel.signal }, (_event, name) => {
        if (name !== null && pattern.test(name) && existsSync(join(this.#directory, name))) resolve();
      });
      watcher.on('error', () => undefined);
    });
    await Promise.race([seen, delay(lifeMs, undefined, { signal: cancel.signal }).catch(() => undefined)]);
    cancel.abort();
  }

  async #finish(): Promise<void> {
    const { program, world } = await this.#start();
    await Promise.all(QUEUES.map((queue) => drain(world, queue)));
    await program.kill('SIGTERM');
    this.ledger.finish();
    this.#options.report(`files at the end: ${readdirSync(this.#directory).join(', ')}`);
  }

  async #start(): Promise<{ program: ChildProgram; world: TortureWorld }> {
    const program = this.#spawn();
    const port = LISTENING.exec(await program.line(LISTENING))?.[1] ?? '';
    const world: TortureWorld = {
      url: `amqp://guest:guest@127.0.0.1:${port}`,
      ledger: this.ledger,
      random: this.#random,
      nextId: () => ++this.#lastId,
    };
    return { program, world };
  }

  #spawn(): ChildProgram {
    const settings = ['--set', 'message_store.segment_size=4MB', '--set', 'message_store.resident_size=2MB'];
    const args = ['--port', '0', '--bind', '127.0.0.1', '--data-dir', this.#directory, ...settings];
    return new ChildProgram(process.execPath, [PROGRAM, ...args]);
  }

  #count(moment: Moment): void {
    this.kills.set(moment, (this.kills.get(moment) ?? 0) + 1);
  }
}
