/**
 * A whole broker with its clients, made from one seed: steps move bytes, time, turns and faults, and every step is
 * checked. The same seed makes the same bytes.
 */

import { passwordMechanisms } from '../../src/auth/sasl.ts';
import { ManualClock } from '../../src/base/clock.ts';
import { SeededRandom } from '../../src/base/random.ts';
import { Broker } from '../../src/core/broker.ts';
import type { Owner } from '../../src/core/owner.ts';
import type { Vhost } from '../../src/core/vhost.ts';
import { AmqpProtocol } from '../../src/protocols/amqp091/amqp-protocol.ts';
import { Channel } from '../../src/protocols/amqp091/channel.ts';
import type { ChannelHost, ChannelPort } from '../../src/protocols/amqp091/channel-contract.ts';
import { MemoryKeeper } from '../../src/server/memory-keeper.ts';
import { Turn } from '../../src/server/turn.ts';
import { MemoryResidency } from '../../src/storage/memory/memory-residency.ts';
import { guestLogin } from '../support/guest-login.ts';
import { act } from './client-plan.ts';
import { PoisoningPool, poisonFreedMessages } from './freed-memory.ts';
import { Model } from './model.ts';
import { ObservedChannel } from './observed-channel.ts';
import { SimConnection } from './sim-connection.ts';
import { check } from './sim-failure.ts';
import { SimLog } from './sim-log.ts';
import type { SimMessage } from './sim-message.ts';
import { type Profile, profileOf } from './sim-profile.ts';

const HANDSHAKE_FRAME_MAX = 8192;
const FRAME_MAX = 131_072;
/** What a client may have under way before it waits. */
const UNSENT_BYTES_MAX = 256 * 1024;
const REST_ROUNDS_MAX = 20_000;
/** Tasks of one turn at most: each may do one step more than its share. */
const TASKS_MAX = 64;

poisonFreedMessages();

export class SimWorld {
  readonly seed: number;
  readonly profile: Profile;
  readonly random: SeededRandom;
  readonly clock = new ManualClock();
  readonly log: SimLog;
  readonly broker: Broker;
  readonly vhost: Vhost;
  readonly residency: MemoryResidency;
  readonly pool = new PoisoningPool();
  readonly turn: Turn;
  readonly model = new Model();
  readonly messages: SimMessage[] = [];
  readonly connections: SimConnection[] = [];
  readonly plan: Profile;
  /** For checkers: see `CheckerWorld`. */
  round = 0;
  deliveries = 0;
  /** Shown every byte that the broker writes, and on which connection. */
  onOutput: (connection: number, bytes: Uint8Array) => void = () => undefined;
  steps = 0;

  readonly #login = guestLogin();
  readonly #protocol: AmqpProtocol;
  readonly #keeper: MemoryKeeper;
  #scheduled: (() => void) | undefined;
  #active: SimConnection | undefined;
  #connected = 0;

  constructor(seed: number) {
    this.seed = seed;
    this.random = new SeededRandom(seed);
    this.profile = profileOf(this.random);
    this.plan = this.profile;
    const { random, profile } = this;
    this.log = new SimLog(() => (random.below(3) === 0 ? random.below(profile.flushesLateMax + 1) : 0));
    const opened: MemoryResidency[] = [];
    this.broker = new Broker({
      clock: this.clock,
      random: new SeededRandom(seed + 1),
      log: this.log,
      permissions: this.#login.permissions,
      openResidency: (messages, pump) => {
        const paging = {
          shouldPageOut: () => random.below(profile.pageOdds) === 0,
          turnsLate: () => 1 + random.below(4),
        };
        const residency = new MemoryResidency(messages, pump, paging);
        opened.push(residency);
        return residency;
      },
    });
    const [residency] = opened;
    check(residency !== undefined, () => 'the broker opened no residency');
    this.residency = residency;
    this.vhost = this.broker.addVhost('/');
    this.#keeper = new MemoryKeeper(this.broker, this.pool, () => undefined);
    this.#spyOnOwners();
    this.#protocol = this.#makeProtocol();
    const endTurn = () => this.#pump();
    this.turn = new Turn({
      broker: { log: this.log, pump: this.broker.pump, endTurn },
      schedule: (callback) => {
        this.#scheduled = callback;
      },
    });
  }

  /** One random step. */
  step(): void {
    this.steps++;
    if (this.model.isBehind) return this.#turnOrWait();
    const { random } = this;
    const connection = this.#pick();
    const dice = random.below(1000);
    if (connection === undefined) this.connect();
    else if (dice < 420) this.#act(connection);
    else if (dice < 640) this.#send(connection);
    else if (dice < 800) this.#read(connection);
    else if (dice < 970) this.#turnOrWait();
    else if (dice < 980) this.#passTime();
    else if (dice < 992) this.#fault(connection, dice);
    else this.#comeOrGo(connection);
    this.#reap();
  }

  connect(): SimConnection {
    const { random } = this;
    const connection = new SimConnection({
      world: this,
      protocol: this.#protocol,
      port: 10_000 + this.#connected++,
      frameMax: [4096, 20_000, FRAME_MAX][random.below(3)] ?? FRAME_MAX,
      heartbeat: random.below(4) === 0 ? 10 : 0,
      outputBytesMax: this.profile.outputBytesMax,
    });
    this.connections.push(connection);
    return connection;
  }

  /** Everything under way arrives and every turn that is asked for ends, until nothing moves. */
  rest(): void {
    for (let rounds = 0; this.#moveAll(); rounds++) {
      check(rounds < REST_ROUNDS_MAX, () => 'the broker does not come to rest');
    }
  }

  queueId(name: string): number {
    return this.vhost.findQueue(name)?.id ?? 0;
  }

  get isTurnScheduled(): boolean {
    return this.#scheduled !== undefined;
  }

  /** Looks at what a connection wrote, before anything else happens to the model. */
  look(connection: SimConnection): void {
    if (this.#active !== connection) this.#active?.transport.observe();
    this.#active = connection;
    connection.transport.observe();
    this.#endRound();
  }

  lookAtAll(): void {
    for (const connection of this.connections) connection.transport.observe();
    this.#endRound();
  }

  cut(connection: SimConnection): void {
    this.look(connection);
    connection.close();
    this.#active = undefined;
    this.connections.splice(this.connections.indexOf(connection), 1);
  }

  #endRound(): void {
    this.round++;
    this.model.endRound();
  }

  /** The broker's part of a turn, with a budget that changes from turn to turn. */
  #pump(): void {
    this.lookAtAll();
    this.deliveries = 0;
    const budget = 1 + this.random.below(this.profile.budgetMax);
    const returned = this.#returnedCount();
    this.broker.endTurn(budget);
    this.lookAtAll();
    check(this.deliveries <= budget, () => `a turn delivered ${this.deliveries} messages with a budget of ${budget}`);
    const moved = this.#returnedCount() - returned;
    check(moved <= budget + TASKS_MAX, () => `a turn returned ${moved} messages with a budget of ${budget}`);
    if (!this.broker.pump.hasWork) this.model.isBehind = false;
  }

  /** How many messages came back to queues, ever. */
  #returnedCount(): number {
    let count = 0;
    for (const queue of this.vhost.queues) count += queue.counters.returned;
    return count;
  }

  #turnOrWait(): void {
    const scheduled = this.#scheduled;
    this.#scheduled = undefined;
    scheduled?.();
  }

  #act(connection: SimConnection): void {
    const { client } = connection;
    if (client.state === 'open' && client.output.length < UNSENT_BYTES_MAX) act(this, client);
  }

  #send(connection: SimConnection): void {
    if (!connection.client.isMute) connection.send(pieceOf(this.random));
  }

  #read(connection: SimConnection): void {
    if (!connection.client.isSlow) connection.read(pieceOf(this.random));
  }

  #passTime(): void {
    this.clock.advance(this.random.below(6000));
    this.#keeper.tick();
    for (const { client, transport } of this.connections) {
      client.beat();
      if (!transport.isClosing) transport.session.tick(this.clock.now());
    }
  }

  #fault(connection: SimConnection, dice: number): void {
    const { random, profile, log } = this;
    if (dice < 983) connection.client.isSlow = !connection.client.isSlow;
    else if (dice < 984) connection.client.isMute = !connection.client.isMute;
    else if (dice < 987) {
      // The log may report between turns, or fall silent.
      if (random.below(8) === 0) log.isLost = random.below(profile.lostOdds) === 0;
      log.report();
      this.turn.schedule();
    } else if (random.below(profile.cutOdds) === 0) this.cut(connection);
  }

  #comeOrGo(connection: SimConnection): void {
    const { random, profile } = this;
    if (this.connections.length < profile.connectionsMax) this.connect();
    else if (random.below(profile.cutOdds) === 0 && connection.client.state === 'open') connection.client.close();
  }

  /** Connections that have ended are gone. */
  #reap(): void {
    for (const connection of this.connections) {
      if (!connection.transport.isFinished) continue;
      this.cut(connection);
      return;
    }
  }

  #pick(): SimConnection | undefined {
    return this.connections[this.random.below(Math.max(1, this.connections.length))];
  }

  /** @returns false when nothing was left to move. */
  #moveAll(): boolean {
    let hasMoved = this.#scheduled !== undefined;
    this.#turnOrWait();
    for (const connection of [...this.connections]) {
      if (connection.moveAll()) hasMoved = true;
      if (!connection.transport.isFinished) continue;
      this.cut(connection);
      hasMoved = true;
    }
    if (hasMoved || this.log.isLost || this.log.durable === this.log.appended) return hasMoved;
    this.turn.schedule();
    return true;
  }

  #openChannel(number: number, host: ChannelHost): ChannelPort {
    const connection = this.connections.find(({ transport }) => transport.session.output === host.output);
    check(connection !== undefined, () => 'a channel is used on no connection');
    this.look(connection);
    connection.owner = host.owner;
    const model = connection.checker.used(number);
    return new ObservedChannel(new Channel(number, host), this, model, () => this.look(connection));
  }

  #spyOnOwners(): void {
    const { vhost, model } = this;
    const ownerClosed = vhost.ownerClosed.bind(vhost);
    vhost.ownerClosed = (owner: Owner): void => {
      for (const connection of this.connections) {
        if (connection.owner === owner) model.ownerClosed(connection.checker.owner);
      }
      ownerClosed(owner);
      check(owner.exclusiveQueues.size === 0, () => 'a connection is gone and still has exclusive queues');
    };
  }

  #makeProtocol(): AmqpProtocol {
    const { authenticator } = this.#login;
    return new AmqpProtocol({
      broker: this.broker,
      openChannel: (number, host) => this.#openChannel(number, host),
      authenticator,
      mechanisms: passwordMechanisms(authenticator),
      tuning: { channelMax: 100, frameMax: FRAME_MAX, heartbeat: 0 },
      limits: {
        handshakeFrameMax: HANDSHAKE_FRAME_MAX,
        handshakeMs: 600_000,
        outputBytesMax: this.profile.outputBytesMax,
        messageBytesMax: 1_000_000,
        consumersMax: 0,
      },
      identity: { rabbitmqVersion: '0', leveretVersion: '0', clusterName: 'sim', platform: 'sim' },
      chunkPool: this.pool,
      log: { info: () => {}, warning: () => {}, error: () => {} },
    });
  }
}

/** How many bytes arrive at once: a few, some, or all there are. */
function pieceOf(random: SeededRandom): number {
  switch (random.below(4)) {
    case 0:
      return 1 + random.below(20);
    case 1:
      return 1 + random.below(2000);
    default:
      return 64 * 1024;
  }
}
