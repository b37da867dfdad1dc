/**
 * A whole broker with its clients, made from one seed: where the node, the connections and the model meet, and where it
 * is seen to that the model hears of everything in the order in which it happens. What happens is up to steps.ts.
 */

import { ManualClock } from '../../src/base/clock.ts';
import { SeededRandom } from '../../src/base/random.ts';
import type { Owner } from '../../src/core/owner.ts';
import { Channel } from '../../src/protocols/amqp091/channel.ts';
import type { ChannelHost, ChannelPort } from '../../src/protocols/amqp091/channel-contract.ts';
import { ObservedChannel } from './checks/observed-channel.ts';
import { SimConnection } from './connection.ts';
import { check } from './failure.ts';
import type { SimMessage } from './message.ts';
import { Model } from './model/model.ts';
import { SimLog } from './node/log.ts';
import { FRAME_MAX, SimNode } from './node/node.ts';
import { type Profile, profileOf } from './profile.ts';

const REST_ROUNDS_MAX = 20_000;
/** Tasks of one turn at most: each may do one step more than its share. */
const TASKS_MAX = 64;

export class SimWorld {
  readonly seed: number;
  readonly profile: Profile;
  readonly random: SeededRandom;
  readonly clock = new ManualClock();
  readonly log: SimLog;
  /** The broker as it runs now. */
  readonly node: SimNode;
  readonly model = new Model();
  readonly messages: SimMessage[] = [];
  readonly connections: SimConnection[] = [];
  readonly plan: Profile;
  /** For checkers: see `CheckerWorld`. */
  round = 0;
  deliveries = 0;
  /** Shown every byte that the broker writes, and on which connection. */
  onOutput: (connection: number, bytes: Uint8Array) => void = () => undefined;

  #active: SimConnection | undefined;
  #connected = 0;

  constructor(seed: number) {
    this.seed = seed;
    this.random = new SeededRandom(seed);
    this.profile = profileOf(this.random, seed);
    this.plan = this.profile;
    const { random, profile } = this;
    const flushesLate = () => (random.below(3) === 0 ? random.below(profile.flushesLateMax + 1) : 0);
    this.log = new SimLog(flushesLate, profile.deliverAt);
    this.node = this.#startNode();
  }

  connect(): SimConnection {
    const { random } = this;
    const connection = new SimConnection({
      world: this,
      node: this.node,
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
    return this.node.vhost.findQueue(name)?.id ?? 0;
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

  /** A connection that has ended is gone. */
  reap(): void {
    for (const connection of this.connections) {
      if (!connection.transport.isFinished) continue;
      this.cut(connection);
      return;
    }
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
    this.node.age();
    this.node.broker.endTurn(budget);
    this.#seeDepartures();
    this.lookAtAll();
    check(this.deliveries <= budget, () => `a turn delivered ${this.deliveries} messages with a budget of ${budget}`);
    const moved = this.#returnedCount() - returned;
    check(moved <= budget + TASKS_MAX, () => `a turn returned ${moved} messages with a budget of ${budget}`);
    if (!this.node.broker.pump.hasWork) this.model.isBehind = false;
  }

  #seeDepartures(): void {
    this.model.seeDepartures((name) => this.node.vhost.findQueue(name) !== undefined);
  }

  /** How many messages came back to queues, ever. */
  #returnedCount(): number {
    let count = 0;
    for (const queue of this.node.vhost.queues) count += queue.counters.returned;
    return count;
  }

  /** @returns false when nothing was left to move. */
  #moveAll(): boolean {
    let hasMoved = this.node.isTurnScheduled;
    this.node.endTurn();
    for (const connection of [...this.connections]) {
      if (connection.moveAll()) hasMoved = true;
      if (!connection.transport.isFinished) continue;
      this.cut(connection);
      hasMoved = true;
    }
    if (hasMoved || this.log.isLost || this.log.durable === this.log.appended) return hasMoved;
    this.node.turn.schedule();
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

  #startNode(): SimNode {
    const { seed, random, clock, log, profile } = this;
    const node = new SimNode({
      clock,
      log,
      random,
      nameSeed: seed + 1,
      outputBytesMax: profile.outputBytesMax,
      pageOdds: profile.pageOdds,
      openChannel: (number, host) => this.#openChannel(number, host),
      endTurn: () => this.#pump(),
      seen: this.model.seen,
    });
    this.#spyOnOwners(node);
    return node;
  }

  #spyOnOwners({ vhost }: SimNode): void {
    const { model } = this;
    const ownerClosed = vhost.ownerClosed.bind(vhost);
    vhost.ownerClosed = (owner: Owner): void => {
      for (const connection of this.connections) {
        if (connection.owner === owner) model.ownerClosed(connection.checker.owner);
      }
      ownerClosed(owner);
      this.#seeDepartures();
    };
  }
}
