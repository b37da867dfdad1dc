/**
 * One life of the broker under test, with all that a server puts around it but sockets, timers and files: core, protocol,
 * turn and memory. The log is handed in, and so is the clock: they are there before a broker and after it.
 */

import { passwordMechanisms } from '../../../src/auth/sasl.ts';
import type { Clock } from '../../../src/base/clock.ts';
import { type Random, SeededRandom } from '../../../src/base/random.ts';
import { Broker } from '../../../src/core/broker.ts';
import type { Vhost } from '../../../src/core/vhost.ts';
import { AmqpProtocol } from '../../../src/protocols/amqp091/amqp-protocol.ts';
import type { OpenChannel } from '../../../src/protocols/amqp091/channel-contract.ts';
import { MemoryKeeper } from '../../../src/server/memory-keeper.ts';
import { Turn } from '../../../src/server/turn.ts';
import type { MemoryResidencyOptions } from '../../../src/storage/memory/memory-residency.ts';
import { ANY_UNACKED } from '../../support/core-broker.ts';
import { guestLogin } from '../../support/guest-login.ts';
import { check } from '../failure.ts';
import type { Sightings } from '../model/sightings.ts';
import { PoisoningPool, poisonFreedMessages } from './freed-memory.ts';
import type { SimLog } from './log.ts';
import { SimResidency } from './residency.ts';

const HANDSHAKE_FRAME_MAX = 8192;
export const FRAME_MAX = 131_072;

/** Half a second may go by between two turns, as far as what clients hold knows: so often. */
const AGED_ODDS = 4;

/** What a node asks of the world around it. */
export interface SimNodeOptions {
  readonly clock: Clock;
  readonly log: SimLog;
  /** Decides what leaves memory and when it comes back. */
  readonly random: Random;
  /** What the broker draws names from. */
  readonly nameSeed: number;
  readonly outputBytesMax: number;
  /** One in so many chunks of a queue leaves memory. */
  readonly pageOdds: number;
  readonly openChannel: OpenChannel;
  /** The broker's part of a turn is due: see `Broker.endTurn`. */
  readonly endTurn: () => void;
  readonly seen: Sightings;
}

poisonFreedMessages();

export class SimNode {
  readonly broker: Broker;
  readonly vhost: Vhost;
  readonly residency: SimResidency;
  readonly protocol: AmqpProtocol;
  readonly turn: Turn;
  readonly pool = new PoisoningPool();
  readonly #options: SimNodeOptions;
  readonly #keeper: MemoryKeeper;
  readonly #login = guestLogin();
  readonly #ageRandom: Random;
  #scheduled: (() => void) | undefined;

  constructor(options: SimNodeOptions) {
    this.#options = options;
    const { clock, log, nameSeed, endTurn, seen } = options;
    this.#ageRandom = new SeededRandom(nameSeed + 2);
    const opened: SimResidency[] = [];
    this.broker = new Broker({
      clock,
      log,
      random: new SeededRandom(nameSeed),
      permissions: this.#login.permissions,
      unackedPaging: ANY_UNACKED,
      openResidency: (messages, pump) => {
        const residency = new SimResidency(messages, pump, this.#paging(), seen);
        opened.push(residency);
        return residency;
      },
    });
    const [residency] = opened;
    check(residency !== undefined, () => 'the broker opened no residency');
    this.residency = residency;
    this.vhost = this.broker.addVhost('/');
    this.#keeper = new MemoryKeeper(this.broker, this.pool, () => undefined);
    this.protocol = this.#makeProtocol();
    this.turn = new Turn({
      broker: { log, pump: this.broker.pump, endTurn, logFlushed: () => this.broker.logFlushed() },
      schedule: (callback) => {
        this.#scheduled = callback;
      },
    });
  }

  get isTurnScheduled(): boolean {
    return this.#scheduled !== undefined;
  }

  /** The turn that somebody asked for ends; nothing happens when nobody did. */
  endTurn(): void {
    const scheduled = this.#scheduled;
    this.#scheduled = undefined;
    scheduled?.();
  }

  /** Time has passed. */
  tick(): void {
    this.#keeper.tick();
  }

  /** A turn is about to end. */
  age(): void {
    if (this.#ageRandom.below(AGED_ODDS) === 0) this.broker.unackedPaging.tick();
  }

  #paging(): MemoryResidencyOptions {
    const { random, nameSeed, pageOdds } = this.#options;
    const pageRandom = new SeededRandom(nameSeed + 1);
    return {
      shouldPageOut: () => random.below(pageOdds) === 0,
      turnsLate: () => 1 + random.below(4),
      // In every other seed, so that seeds that once found something still do what they did.
      wantsUnacked: () => nameSeed % 2 === 0,
      pageEntries: (entries) => (pageRandom.below(2) === 0 ? entries : 1 + pageRandom.below(entries)),
    };
  }

  #makeProtocol(): AmqpProtocol {
    const { authenticator } = this.#login;
    const { openChannel, outputBytesMax } = this.#options;
    return new AmqpProtocol({
      broker: this.broker,
      openChannel,
      authenticator,
      mechanisms: passwordMechanisms(authenticator),
      tuning: { channelMax: 100, frameMax: FRAME_MAX, heartbeat: 0 },
      limits: {
        handshakeFrameMax: HANDSHAKE_FRAME_MAX,
        handshakeMs: 600_000,
        outputBytesMax,
        messageBytesMax: 1_000_000,
        consumersMax: 0,
      },
      identity: { rabbitmqVersion: '0', leveretVersion: '0', clusterName: 'sim', platform: 'sim' },
      chunkPool: this.pool,
      log: { info: () => {}, warning: () => {}, error: () => {} },
    });
  }
}
