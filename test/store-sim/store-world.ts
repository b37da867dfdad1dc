/**
 * A store with its clients, made from one seed: steps are what clients do, ends of turns, what the disk does, what goes
 * wrong with it, and the ends of the broker at any moment. After each end what is left is compared with the model.
 */

import { SeededRandom } from '../../src/base/random.ts';
import type { Queue } from '../../src/core/queue/queue.ts';
import type { HeldTickets } from '../../src/storage/disk/held-bundles.ts';
import { check } from '../sim/failure.ts';
import { SimulatedDisk } from '../support/simulated-disk.ts';
import { makeTrouble } from './disk-trouble.ts';
import { type End, History } from './history.ts';
import { type LookedAt, lookAtFlippedBits, lookAtWhatIsCertain } from './looks.ts';
import { type Entry, ModelQueue } from './model-queue.ts';
import { SideActs } from './side-acts.ts';
import { type ActingWorld, act, beginClients, beginTopology, pageOut } from './store-acts.ts';
import type { StoreChannel } from './store-channel.ts';
import { StoreModel } from './store-model.ts';
import { StoreNode } from './store-node.ts';
import { drawProfile, type StoreProfile } from './store-profile.ts';
import { checkWhole, readState } from './stored-state.ts';

const ACT_WEIGHT = 12;
const TURN_WEIGHT = 4;
/** One in so many steps. */
const LOOK_ODDS = 100;
/** One in so many, when clients leave the broker alone for so many turns at most. */
const PAUSE_ODDS = 30;
const PAUSE_TURNS_MAX = 30;
/** In steps. */
const SOON = 100;
/** In the middle of a move, which is soon over: that it ends in one step of so many. */
const MOVING_END_ODDS = 10;
/** After each end. */
const FLIP_LOOKS = 2;
/** After so many turns everything must be at rest. */
const RESTLESS_TURNS = 5000;
const TURN_BUDGET = 1000;

export class StoreWorld implements ActingWorld, LookedAt {
  readonly random: SeededRandom;
  readonly profile: StoreProfile;
  readonly model = new StoreModel();
  disk: SimulatedDisk;
  channels: StoreChannel[] = [];
  readonly history = new History();
  readonly side: SideActs;
  /** Told of each start of a broker. */
  onStart: (node: StoreNode) => void = () => {};

  #node: StoreNode | undefined;
  #opening: Generator<void, StoreNode>;
  /** The ticket that the node's tickets count on from. */
  #base = 0;
  /** What was certain when the node started. */
  #floor = 0;
  /** What was held when the broker before was killed. */
  #heldBefore: readonly HeldTickets[] = [];
  /** By id: those of the node. */
  #queues = new Map<number, Queue>();
  /** Delivered in this turn to consumers that need not settle. */
  readonly #settledByDelivery: { readonly entry: Entry; readonly from: number }[] = [];
  /** The power goes after so many steps, whatever happens by then: troubles seldom come alone. */
  #stepsToPowerCut = Number.POSITIVE_INFINITY;
  #stepsToRoom = Number.POSITIVE_INFINITY;
  /** A clean stop has come so far. */
  #stopping: 'not' | 'evacuating' | 'flushing' | 'checkpointing' | 'failed' | 'done' = 'not';

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
    this.profile = drawProfile(this.random, seed);
    this.disk = new SimulatedDisk({ random: new SeededRandom(seed + 1), faults: this.profile.faults });
    this.side = new SideActs(this, new SeededRandom(seed + 2));
    this.#opening = this.#open();
  }

  get node(): StoreNode {
    if (this.#node === undefined) throw new Error('the broker is not running');
    return this.#node;
  }

  get isUp(): boolean {
    return this.#node !== undefined;
  }

  /** The newest ticket. */
  get appended(): number {
    return this.#base + (this.#node?.log.appended ?? 0);
  }

  /** What the log has said to be durable. */
  get certain(): number {
    const durable = this.#node?.log.durable ?? 0;
    return durable === 0 ? this.#floor : this.#base + durable;
  }

  /** What may be missing after a crash although what came after it is there. */
  get held(): readonly HeldTickets[] {
    const held = this.#node?.log.heldTickets ?? [];
    const before = this.#heldBefore.filter(({ to }) => to > this.certain);
    return [...before, ...held.map(({ from, to }) => ({ from: this.#base + from, to: this.#base + to }))];
  }

  below(limit: number): number {
    return this.random.below(limit);
  }

  isOneIn(odds: number): boolean {
    return odds > 0 && this.random.below(odds) === 0;
  }

  of<Item>(items: readonly Item[]): Item {
    const item = items[this.random.below(items.length)];
    if (item === undefined) throw new Error('there is nothing to choose from');
    return item;
  }

  settledByDelivery(entry: Entry): void {
    this.#settledByDelivery.push({ entry, from: this.appended + 1 });
  }

  step(): void {
    this.history.broker.steps++;
    const { endOdds, troubleOdds } = this.profile;
    if (--this.#stepsToPowerCut === 0) return this.end('power');
    if (this.isOneIn(troubleOdds)) makeTrouble(this.disk, this);
    this.#fillOrFree();
    if (this.#node === undefined) return this.#stepOpening();
    if (this.#node.faults.fault !== undefined && this.isOneIn(5)) return this.#loseNode();
    // A broker that cannot read a page stops its queue; one that starts again may be able to.
    if (this.#node.damagedQueues.size > 0) {
      this.history.broker.unreadablePages++;
      return this.#loseNode();
    }
    if (this.isOneIn(this.#node.isMoving ? MOVING_END_ODDS : endOdds)) return this.#endSomehow();
    if (this.isOneIn(LOOK_ODDS)) {
      this.history.broker.looks++;
      lookAtWhatIsCertain(this);
    }
    if (this.#stopping === 'not') this.#stepRunning(this.#node);
    else this.#stepStopping(this.#node);
  }

  /** A disk is full for a while. */
  #fillOrFree(): void {
    const { fullOdds } = this.profile;
    if (this.isOneIn(fullOdds)) {
      this.disk.bytesMax = this.disk.usedBytes + this.of([0, 4096, 20_000]);
      this.#stepsToRoom = this.of([50, 300, 1000]);
    } else if (--this.#stepsToRoom === 0) this.disk.bytesMax = Number.POSITIVE_INFINITY;
  }

  /** The broker ends, and another one begins. */
  end(end: End): void {
    this.history.ended(end, this.#node, this.disk, this.#stopping !== 'not');
    const { certain, appended, held } = this;
    const wasStopped = this.#stopping === 'done';
    this.#leave();
    const disk = end === 'power' ? this.disk.crash() : this.disk.kill();
    const state = readState({ disk: disk.copy(), sizes: this.profile.sizes, known: this.model.known });
    checkWhole(state);
    const cut = this.model.cutOf(state, { certain, appended, held });
    for (let looks = 0; looks < FLIP_LOOKS; looks++) lookAtFlippedBits(this, disk.copy(), { certain, appended, held });
    if (wasStopped) this.model.checkRedelivered(state);
    this.model.survive(state, cut);
    this.disk = disk;
    // Of what was written last, and behind what had overtaken it, nobody knows yet that it is durable.
    const kept = end === 'power' ? [] : held.filter(({ from }) => from <= cut);
    this.#heldBefore = kept.map(({ from, to }) => ({ from, to: Math.min(to, cut) }));
    this.#base = cut;
    this.#floor = end === 'power' ? cut : certain;
    this.#opening = this.#open();
    this.#stepsToPowerCut = end === 'kill' && this.isOneIn(2) ? 1 + this.below(SOON) : Number.POSITIVE_INFINITY;
  }

  /** The disk is well from now on, and everything comes to rest. */
  rest(): void {
    this.disk.heal();
    while (this.#node === undefined || this.#isLost(this.#node)) {
      this.#stepsToPowerCut = Number.POSITIVE_INFINITY;
      if (this.#node === undefined) this.#stepOpening();
      else this.#loseNode();
    }
    this.#node.tick();
    for (let turns = 0; !this.#isAtRest(this.#node); turns++) {
      check(
        turns < RESTLESS_TURNS,
        () =>
          `the log has come to ${this.#node?.log.durable} of ${this.#node?.log.appended} and stays there, or has room and does not notice`,
      );
      this.#turn(this.#node, TURN_BUDGET);
      this.disk.runAll();
      this.#node.tick();
    }
  }

  /** Nobody does anything for so many turns, and the disk does all that it is asked for. */
  idle(turns: number): void {
    for (let turn = 0; turn < turns; turn++) {
      this.node.tick();
      this.disk.runAll();
    }
  }

  /** Stops cleanly; everything is at rest. */
  stop(): void {
    this.rest();
    this.#beginStop();
    while (this.#stopping !== 'not') {
      this.#stepStopping(this.node);
      this.disk.runAll();
    }
    this.rest();
  }

  /** Notices what the broker did by itself: deliveries that settle, queues and definitions that come and go. */
  observe(): void {
    const { node, model, appended, certain } = this;
    for (const { entry, from } of this.#settledByDelivery) {
      entry.queue.settle(entry, { from, ticket: appended, isInGroup: false, certain });
    }
    this.#settledByDelivery.length = 0;
    for (const [id, queue] of this.#queues) {
      if (!queue.isDeleted) continue;
      model.queue(id).deletedAt = appended;
      if (!queue.options.durable) model.queues.delete(id);
      this.#queues.delete(id);
    }
    for (const vhost of node.broker.vhosts) for (const queue of vhost.queues) this.#observeQueue(queue);
    const [first] = node.defined;
    const last = node.defined.at(-1);
    if (first === undefined || last === undefined) return;
    node.defined = [];
    model.defined(this.#base + first, this.#base + last, node.definitions());
  }

  #observeQueue(queue: Queue): void {
    if (this.#queues.has(queue.id)) return;
    this.#queues.set(queue.id, queue);
    this.model.addQueue(new ModelQueue(queue.id, queue.name, queue.options.durable));
  }

  #stepOpening(): void {
    if (this.isOneIn(this.profile.endOdds)) return this.end(this.of(['power', 'kill']));
    if (this.isOneIn(3)) return void this.disk.step();
    try {
      const { value, done } = this.#opening.next();
      if (done === true) this.#start(value);
    } catch (error) {
      // A broker that cannot read its disk ends.
      if (!(error instanceof Error && error.message.includes('simulated'))) throw error;
      this.end('kill');
    }
  }

  #stepRunning(node: StoreNode): void {
    const { diskWeight } = this.profile;
    const durable = node.log.durable;
    const choice = this.below(ACT_WEIGHT + TURN_WEIGHT + diskWeight + 1);
    if (choice < ACT_WEIGHT) {
      act(this);
      this.observe();
      check(node.log.durable === durable, () => 'the log came further while clients were served');
    } else if (choice < ACT_WEIGHT + TURN_WEIGHT) this.#turn(node, 1 + this.below(50));
    else if (choice < ACT_WEIGHT + TURN_WEIGHT + diskWeight) this.disk.step();
    else node.tick();
    if (this.isOneIn(this.profile.pageOdds)) pageOut(this);
    this.side.step(this.#durableQueues());
    if (this.isOneIn(PAUSE_ODDS)) this.#pause(node);
    if (this.isOneIn(this.profile.checkpointOdds)) node.opened.checkpoint(() => {});
    this.#checkProgress(node, durable);
  }

  #durableQueues(): number[] {
    return [...this.#queues.values()].filter(({ options }) => options.durable).map(({ id }) => id);
  }

  /** Whatever the broker does by itself goes on. */
  #pause(node: StoreNode): void {
    for (let turns = this.below(PAUSE_TURNS_MAX); turns > 0; turns--) {
      node.tick();
      for (let count = this.below(6); count > 0; count--) this.disk.step();
    }
  }

  #turn(node: StoreNode, budget: number): void {
    const durable = node.log.durable;
    node.broker.endTurn(budget);
    check(node.log.durable === durable, () => 'the log came further while messages were delivered');
    this.observe();
    node.log.flush();
    this.#checkCounts(node);
  }

  #checkProgress(node: StoreNode, before: number): void {
    const { durable, appended } = node.log;
    check(durable >= before && durable <= appended, () => `the log went from ${before} to ${durable} of ${appended}`);
    if (durable > before) this.model.forget(this.certain);
  }

  #checkCounts(node: StoreNode): void {
    for (const vhost of node.broker.vhosts) {
      for (const queue of vhost.queues) {
        const wanted = this.model.queue(queue.id).readyCount;
        check(
          queue.readyCount === wanted,
          () => `queue '${queue.name}' says ${queue.readyCount} messages of ${wanted}`,
        );
      }
    }
  }

  #endSomehow(): void {
    const end = this.of<End>(['power', 'power', 'kill', 'stop']);
    if (end !== 'stop') return this.end(end);
    if (this.#stopping === 'not') this.#beginStop();
  }

  #loseNode(): void {
    this.history.broker.lost++;
    this.end(this.of(['power', 'kill']));
  }

  #beginStop(): void {
    for (const channel of this.channels) channel.close();
    this.channels = [];
    this.observe();
    this.#stopping = 'evacuating';
    this.node.evacuate(() => {
      if (this.#stopping === 'evacuating') this.#stopping = 'flushing';
    });
    // Not longer than it may take.
    if (this.isOneIn(2)) this.#stopping = 'flushing';
  }

  #stepStopping(node: StoreNode): void {
    const { durable, appended } = node.log;
    if (this.#stopping === 'flushing' && durable === appended && !node.broker.pump.hasWork) {
      node.noteDeliveries();
      this.#stopping = 'checkpointing';
      node.opened.checkpoint((fault) => {
        this.#stopping = fault === undefined ? 'done' : 'failed';
      });
    }
    if (this.#stopping === 'done' || this.#stopping === 'failed') {
      node.close();
      return this.end('stop');
    }
    if (this.isOneIn(2)) this.disk.step();
    else if (node.broker.pump.hasWork) this.#turn(node, TURN_BUDGET);
    else node.tick();
  }

  #open(): Generator<void, StoreNode> {
    const { sizes, pageOdds, pagesAhead, deliverAt } = this.profile;
    const policy = { pagesAhead, isAnyDue: pageOdds > 0, shouldPageOut: () => this.isOneIn(2) };
    return StoreNode.start({ disk: this.disk, sizes, policy, deliverAt, epoch: this.below(2 ** 32) });
  }

  #start(node: StoreNode): void {
    this.#node = node;
    this.history.broker.pagesFound += node.opened.found.live.pages.length;
    this.history.unacked.partsFound += node.partsFound;
    check(
      node.definitions() === this.model.definitions,
      () => 'a restart and a look at its disk find other definitions',
    );
    for (const vhost of node.broker.vhosts) {
      for (const queue of vhost.queues) {
        check(this.model.queues.has(queue.id), () => `queue '${queue.name}' has come from nowhere`);
        this.#queues.set(queue.id, queue);
      }
    }
    this.#checkCounts(node);
    this.side.started(node.opened, this.#queues.keys());
    this.onStart(node);
    // What was not durable before a kill may still not be when the power goes.
    if (Number.isFinite(this.#stepsToPowerCut) && this.isOneIn(2)) this.disk.stall();
    if (node.opened.definitions.isEmpty) beginTopology(this);
    this.observe();
    beginClients(this);
  }

  #leave(): void {
    this.#node = undefined;
    this.channels = [];
    this.#queues.clear();
    this.#settledByDelivery.length = 0;
    this.#stopping = 'not';
  }

  #isLost({ faults, damagedQueues }: StoreNode): boolean {
    return faults.fault !== undefined || damagedQueues.size > 0;
  }

  #isAtRest({ log, broker, faults }: StoreNode): boolean {
    if (faults.isOutOfSpace) return false;
    return log.durable === log.appended && !broker.pump.hasWork && this.disk.pending === 0;
  }
}
