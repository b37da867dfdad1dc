/**
 * Stands between a connection and one of its channels: tells the model of each command when the broker executes it, and
 * compares what the broker makes of it.
 */

import type { Region } from '../../../src/base/bytes.ts';
import { BrokerError } from '../../../src/core/errors.ts';
import type { ChannelPort } from '../../../src/protocols/amqp091/channel-contract.ts';
import { METHOD_IDS, type MethodName } from '../../../src/protocols/amqp091/methods.ts';
import { check } from '../failure.ts';
import type { SimMessage } from '../message.ts';
import type { ModelChannel, SimQueue } from '../model/channel.ts';
import { execute } from '../model/commands.ts';
import type { Model, Routed } from '../model/model.ts';
import { publish, refusalOfHeader } from '../model/publishing.ts';
import { ACCEPTED } from '../model/reply-codes.ts';
import type { LoggedPublish, SimLog } from '../node/log.ts';

export interface ObservedWorld {
  readonly model: Model;
  readonly log: SimLog;
  /** The broker's number for a queue. */
  queueId(name: string): number;
}

/** A channel of the broker, and what it was given and has not settled. */
interface RealChannel extends ChannelPort {
  readonly unacked: { readonly length: number };
}

export class ObservedChannel implements ChannelPort {
  readonly #inner: RealChannel;
  readonly #world: ObservedWorld;
  readonly #channel: ModelChannel;
  /** Called before the broker does something for this channel: everything written so far is looked at. */
  readonly #look: () => void;
  #message: SimMessage | undefined;
  #bodyReceived = 0;

  constructor(inner: RealChannel, world: ObservedWorld, channel: ModelChannel, look: () => void) {
    this.#inner = inner;
    this.#world = world;
    this.#channel = channel;
    this.#look = look;
  }

  get isWaiting(): boolean {
    return this.#inner.isWaiting;
  }

  method(id: number, input: Region, start: number, end: number): void {
    this.#begin();
    const { method, message } = this.#channel.nextSent();
    const { name } = method;
    check(METHOD_IDS[name] === id, () => `${this.#channel} executed method ${id >>> 16}/${id & 0xffff}, not ${name}`);
    check(this.#message === undefined, () => `${name} was executed within a publish`);
    const owedBefore = this.#channel.owed.length;
    const code = execute(this.#world.model, this.#channel, method);
    if (code === ACCEPTED) this.#message = message;
    this.#bodyReceived = 0;
    this.#run(code, () => this.#inner.method(id, input, start, end));
    const ticket = this.#ticketBeforeAnswer(name);
    for (const owed of this.#channel.owed.slice(owedBefore)) {
      owed.ticket = ticket;
      if (owed.queue !== undefined) this.#seeGet(name, owed.queue);
    }
  }

  expectMethod(): void {
    this.#inner.expectMethod();
  }

  header(input: Region, start: number, end: number, inputEnd: number): void {
    this.#begin();
    const code = refusalOfHeader(this.#world.model, this.#channel, this.#published());
    this.#content(code, 0, () => this.#inner.header(input, start, end, inputEnd));
  }

  publish(input: Region, start: number, end: number, headerEnd: number, bodyEnd: number): boolean {
    this.#begin();
    let refused: unknown;
    try {
      if (!this.#inner.publish(input, start, end, headerEnd, bodyEnd)) return false;
    } catch (thrown) {
      refused = thrown;
    }
    this.#wholePublish(() => {
      if (refused !== undefined) throw refused;
    });
    return true;
  }

  body(input: Region, start: number, end: number): void {
    this.#begin();
    this.#content(ACCEPTED, end - start, () => this.#inner.body(input, start, end));
  }

  endTurn(): void {
    this.#look();
    this.#inner.endTurn();
  }

  drained(): void {
    this.#look();
    this.#inner.drained();
  }

  permissionsChanged(): void {
    this.#look();
    this.#inner.permissionsChanged();
  }

  close(): void {
    this.#look();
    this.#world.model.closeChannel(this.#channel);
    this.#inner.close();
  }

  /** The broker has taken a message at once, or refused it: the model learns of it as of its frames. */
  #wholePublish(outcome: () => void): void {
    const { model } = this.#world;
    const { method, message } = this.#channel.nextSent();
    const code = execute(model, this.#channel, method);
    if (code !== ACCEPTED || message === undefined) return this.#run(code, outcome);
    this.#message = message;
    this.#bodyReceived = 0;
    this.#content(refusalOfHeader(model, this.#channel, message), message.bodyBytes, outcome);
  }

  #begin(): void {
    this.#look();
    const { length } = this.#inner.unacked;
    const { heldCount } = this.#channel;
    check(length === heldCount, () => `${this.#channel} holds ${length} deliveries instead of ${heldCount}`);
    this.#world.model.beginCommand();
    this.#world.log.beginCommand();
  }

  #published(): SimMessage {
    const message = this.#message;
    check(message !== undefined, () => `${this.#channel} was handed content without a publish`);
    return message;
  }

  /** Content arrives; with its last byte the message is published. */
  #content(headerCode: number, bytes: number, run: () => void): void {
    const message = this.#published();
    this.#bodyReceived += bytes;
    const isComplete = headerCode === ACCEPTED && this.#bodyReceived >= message.bodyBytes;
    if (!isComplete) return this.#run(headerCode, run);
    this.#message = undefined;
    this.#run(publish(this.#world.model, this.#channel, message), run);
    const { hasConfirms, unconfirmed, published } = this.#channel;
    if (hasConfirms) unconfirmed.set(published, this.#world.log.publishes[0]?.ticket ?? 0);
  }

  #run(expectedCode: number, run: () => void): void {
    this.#channel.refusedWith = expectedCode;
    try {
      run();
    } catch (thrown) {
      if (thrown instanceof BrokerError) {
        check(thrown.code === expectedCode, () => `${this.#channel} was refused: ${thrown.message}`);
      }
      throw thrown;
    }
    check(expectedCode === ACCEPTED, () => `${this.#channel} was not refused with ${expectedCode}`);
    this.#compareLog();
  }

  /** What was published is in the log, in the same order, with the durable queues that it reached. */
  #compareLog(): void {
    const { model, log } = this.#world;
    if (model.routed.length === 0 && log.publishes.length === 0) return;
    const wanted = model.routed.flatMap((routed) => this.#durableIds(routed) ?? []);
    const logged = log.publishes.map(idsOf);
    check(logged.join(';') === wanted.join(';'), () => `publishes were logged for queues ${logged}, not ${wanted}`);
    this.#noteTickets();
  }

  /** Each message that is in the log has the ticket of its record. */
  #noteTickets(): void {
    const { model, log } = this.#world;
    let next = 0;
    for (const routed of model.routed) {
      const durable = durableOf(routed);
      if (durable.length === 0) continue;
      const ticket = log.publishes[next++]?.ticket ?? 0;
      for (const queue of durable) queue.logged(routed.message, ticket);
    }
  }

  #seeGet(name: MethodName, { firstReady }: SimQueue): void {
    const { model, log } = this.#world;
    if (name !== 'basic.get' || log.deliverAt === 'append' || firstReady === undefined) return;
    if (firstReady.ticket > log.certain) model.seen.add('a get of what is not durable');
  }

  #durableIds(routed: Routed): string | undefined {
    const durable = durableOf(routed);
    if (durable.length === 0) return undefined;
    return idsOf({ queueIds: durable.map(({ name }) => this.#world.queueId(name)) });
  }

  /** What an answer to the method that was just executed must wait for. */
  #ticketBeforeAnswer(name: MethodName): number {
    const { log } = this.#world;
    if (name === 'tx.commit') {
      check(log.apartCount === 0, () => `${this.#channel} committed ${log.apartCount} records apart from the others`);
      return log.commandTicket;
    }
    return name.startsWith('queue.') || name.startsWith('exchange.') ? log.definedTicket : 0;
  }
}

/** The queues for which a message goes to the log. */
function durableOf({ message, queues }: Routed): SimQueue[] {
  return message.persistent ? [...queues].filter(({ options }) => options.durable) : [];
}

function idsOf({ queueIds }: Pick<LoggedPublish, 'queueIds'>): string {
  return [...queueIds].sort().join();
}
