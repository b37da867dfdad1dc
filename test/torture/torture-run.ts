/**
 * A broker that is killed again and again, with clients that publish and consume meanwhile: at random from outside, and by
 * itself in recovery, in retirement (old segments are made free) and in page writing, see fatal-moment.mjs.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SeededRandom } from '../../src/base/random.ts';
import { type Finding, Ledger, QUEUES } from './ledger.ts';
import { CONSUMERS, countMessages, drain } from './torture-consumers.ts';
import { runConfirmingPublisher, runTransactionalPublisher } from './torture-publishers.ts';
import { declareTopology, type TortureClient, type TortureWorld } from './torture-world.ts';
import { TorturedBroker } from './tortured-broker.ts';

const FATAL_MOMENT = new URL('./fatal-moment.mjs', import.meta.url).href;
const PUBLISHERS = [runConfirmingPublisher, runConfirmingPublisher, runTransactionalPublisher];
/** A broker that has not come to its fatal moment is killed from outside after so many usual lives. */
const LIVES_MAX = 5;

/** When a broker is killed. */
export type Moment = 'at random' | 'in recovery' | 'in retirement' | 'in page writing';
const MOMENTS: readonly Moment[] = ['at random', 'in page writing', 'in retirement', 'in recovery', 'at random'];

export interface TortureOptions {
  readonly seed: number;
  /** The end, whichever comes first. */
  readonly kills?: number;
  readonly minutes?: number;
  /** Half to all of it is how long a broker works before it is killed. */
  readonly lifeMs: number;
  readonly report: (line: string) => void;
  /** By turns; those that the test is to have unless given. */
  readonly moments?: readonly Moment[];
  /** Modules that are loaded into the broker before its program, to break something. */
  readonly preloads?: readonly string[];
  /** Enough is known when this was found. */
  readonly stopAt?: Finding;
}

export class TortureRun {
  readonly ledger = new Ledger();
  readonly kills: Record<Moment, number> = {
    'at random': 0,
    'in recovery': 0,
    'in retirement': 0,
    'in page writing': 0,
  };
  readonly #options: TortureOptions;
  readonly #random: SeededRandom;
  /** The latest one. */
  #broker: TorturedBroker | undefined;
  readonly #directory = mkdtempSync(join(tmpdir(), 'leveret-torture-'));

  constructor(options: TortureOptions) {
    this.#options = options;
    this.#random = new SeededRandom(options.seed);
  }

  async run(): Promise<void> {
    const { seed, report } = this.#options;
    try {
      await this.#killAgainAndAgain();
      await this.#takeWhatIsLeft();
      if (this.ledger.findings.size === 0) await this.#checkNothingLeft();
    } finally {
      await this.#broker?.kill('SIGKILL');
      rmSync(this.#directory, { recursive: true, force: true });
    }
    this.ledger.finish();
    report(`seed ${seed}, kills: ${JSON.stringify(this.kills)}\n${this.ledger.summary}`);
  }

  async #killAgainAndAgain(): Promise<void> {
    const { kills = Infinity, minutes = Infinity, report, moments = MOMENTS, stopAt } = this.#options;
    const until = performance.now() + minutes * 60_000;
    for (let kill = 0; kill < kills && performance.now() < until; kill++) {
      if (stopAt !== undefined && this.ledger.findings.has(stopAt)) break;
      const moment = moments[kill % moments.length] ?? 'at random';
      const place = await this.#liveAndDie(moment, kill);
      report(`kill ${kill + 1} ${place}: ${this.ledger.state}`);
    }
  }

  /** @returns where it died */
  async #liveAndDie(moment: Moment, kill: number): Promise<string> {
    const broker = this.#startFor(moment);
    const url = await broker.url();
    const clients = url === undefined ? [] : await this.#work(broker, this.#worldAt(url), kill);
    const killedAt = await this.#wait(broker, moment);
    await broker.kill('SIGKILL');
    await Promise.all(clients.map(({ ended }) => ended));
    for (const client of clients) client.killed(killedAt);
    await this.#checkEnd(broker, 'SIGKILL');
    const place = broker.fatalPlace;
    this.kills[place === undefined ? 'at random' : moment]++;
    return place === undefined ? 'at random' : `${moment}, ${place}`;
  }

  #startFor(moment: Moment): TorturedBroker {
    if (moment === 'at random') return this.#start();
    const after = moment === 'in recovery' ? 0 : this.#lifeMs(this.#options.lifeMs);
    const query = new URLSearchParams({ moment, after: `${after}`, seed: `${this.#random.below(2 ** 31)}` });
    return this.#start(`${FATAL_MOMENT}?${query}`);
  }

  #start(...preloads: readonly string[]): TorturedBroker {
    this.#broker = new TorturedBroker(this.#directory, [...(this.#options.preloads ?? []), ...preloads]);
    return this.#broker;
  }

  #worldAt(url: string): TortureWorld {
    return { url, ledger: this.ledger, random: this.#random };
  }

  /** Another queue in each life has nobody who reads it, so that something is left for pages and recovery. */
  async #work(broker: TorturedBroker, world: TortureWorld, kill: number): Promise<TortureClient[]> {
    const clients: TortureClient[] = [];
    const unread = kill % QUEUES.length;
    const others = QUEUES.map((_, index) => index).filter((index) => index !== unread);
    try {
      await declareTopology(world.url);
      for (const [index, runConsumer] of CONSUMERS.entries())
        clients.push(await runConsumer(world, others[index] ?? 0));
      for (const runPublisher of PUBLISHERS) clients.push(await runPublisher(world));
    } catch (error) {
      // A broker that killed itself meanwhile has said so.
      await Promise.race([broker.ended, delay(this.#options.lifeMs)]);
      if (broker.fatalPlace === undefined) this.ledger.find('misbehaved', `a client cannot work: ${error}`);
    }
    return clients;
  }

  /** Until the broker is to be killed, or has ended. @returns when that is */
  async #wait(broker: TorturedBroker, moment: Moment): Promise<number> {
    const { lifeMs } = this.#options;
    const cancel = new AbortController();
    const longest = moment === 'at random' ? this.#lifeMs(lifeMs) : LIVES_MAX * lifeMs;
    const time = delay(longest, undefined, { signal: cancel.signal }).catch(() => undefined);
    await Promise.race([broker.ended, time]);
    cancel.abort();
    return performance.now();
  }

  #lifeMs(lifeMs: number): number {
    return lifeMs / 2 + this.#random.below(lifeMs / 2);
  }

  async #takeWhatIsLeft(): Promise<void> {
    const broker = this.#start();
    const url = await broker.url();
    if (url !== undefined) {
      const drained = await Promise.allSettled(QUEUES.map((_, queue) => drain(this.#worldAt(url), queue)));
      for (const result of drained) {
        if (result.status === 'rejected') this.ledger.find('misbehaved', `a queue cannot be emptied: ${result.reason}`);
      }
    }
    await broker.kill('SIGTERM');
    await this.#checkEnd(broker, null);
  }

  /** After a clean stop nothing comes back, whatever the last acknowledgements were. */
  async #checkNothingLeft(): Promise<void> {
    const broker = this.#start();
    const url = await broker.url();
    const left = url === undefined ? 0 : await countMessages(url);
    if (left > 0) this.ledger.find('returned', `${left} messages after a clean stop`);
    await broker.kill('SIGTERM');
    await this.#checkEnd(broker, null);
  }

  async #checkEnd(broker: TorturedBroker, expected: NodeJS.Signals | null): Promise<void> {
    const { code, signal } = await broker.ended;
    if (signal !== expected || (code ?? 0) !== 0)
      this.ledger.find('misbehaved', `the broker ended with ${signal ?? code}`);
    for (const line of broker.unexpectedLines) this.ledger.find('misbehaved', `the broker printed: ${line}`);
  }
}
