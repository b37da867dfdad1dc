/**
 * Publisher confirms of one channel: which sequence numbers may be confirmed, now that the log has come so far.
 *
 * A turn's publishes that wait for the log share one entry, whose ticket is the highest of theirs; so do those that need
 * no log. What can be confirmed from the first on is confirmed with one basic.ack that has `multiple` set. What needs no
 * log does not wait behind what does, as in RabbitMQ: a stalled disk holds up persistent messages only.
 *
 * hot path: flat memory
 */

import { type Log, NOT_TAKEN, type Ticket } from '../../core/ports.ts';

/** In the place of the ticket of a run that was confirmed out of its turn. */
const CONFIRMED = -1;

/** Sequence numbers in a row. */
export interface Range {
  readonly first: number;
  readonly last: number;
}

export class Confirms {
  /** All up to here are confirmed. */
  confirmed = 0;
  /** The last one of those that a basic.ack with `multiple` is for: what follows was confirmed before. */
  ackUpTo = 0;
  #published = 0;
  #sealed = 0;
  #runTicket: Ticket = 0;
  readonly #log: Pick<Log, 'durable'>;
  /** Of runs in a row: the last sequence number of each, and what must be durable. */
  readonly #lasts: number[] = [];
  readonly #tickets: Ticket[] = [];
  /** So many of the runs need not be looked at for what can be confirmed early. */
  #examined = 0;
  /** Rising. */
  #rejected: number[] = [];

  constructor(log: Pick<Log, 'durable'>) {
    this.#log = log;
  }

  /** One more publish; `ticket` 0 when nothing has to become durable, `NOT_TAKEN` when a queue did not take it. */
  add(ticket: Ticket): void {
    if (ticket === NOT_TAKEN) return this.reject();
    const wanted = ticket > this.#log.durable ? ticket : 0;
    if ((wanted === 0) !== (this.#runTicket === 0)) this.#seal();
    this.#published++;
    if (wanted > this.#runTicket) this.#runTicket = wanted;
  }

  /** One more publish, which a queue did not take: it is to be told so, in its turn. */
  reject(): void {
    this.add(0);
    this.#rejected.push(this.#published);
  }

  get hasRejected(): boolean {
    return this.#rejected.length > 0;
  }

  /** Takes the sequence numbers up to `last` of what was rejected. @returns them, rising. */
  takeRejected(last: number): number[] {
    const later = this.#rejected.findIndex((number) => number > last);
    return this.#rejected.splice(0, later < 0 ? this.#rejected.length : later);
  }

  /** The sequence number of the last publish. */
  get published(): number {
    return this.#published;
  }

  get isWaiting(): boolean {
    return this.confirmed < this.#published;
  }

  /** The end of a turn: seals what it published, and looks how far the log has come. */
  advance(): void {
    this.#seal();
    const { durable } = this.#log;
    const tickets = this.#tickets;
    let ready = 0;
    for (; ready < tickets.length && tickets[ready]! <= durable; ready++) {
      if (tickets[ready] !== CONFIRMED) this.ackUpTo = this.#lasts[ready]!;
    }
    if (ready === 0) return;
    this.confirmed = this.#lasts[ready - 1]!;
    this.#lasts.splice(0, ready);
    tickets.splice(0, ready);
    this.#examined = Math.max(0, this.#examined - ready);
  }

  /**
   * Takes what can be confirmed although something before it waits for the log; after `advance`, until there is nothing.
   * A run is looked at once: those that wait for the log become durable in their order.
   */
  takeEarly(): Range | undefined {
    const { durable } = this.#log;
    while (this.#examined < this.#tickets.length) {
      const run = this.#examined++;
      if (this.#tickets[run]! > durable) continue;
      this.#tickets[run] = CONFIRMED;
      const before = run === 0 ? this.confirmed : this.#lasts[run - 1]!;
      return { first: before + 1, last: this.#lasts[run]! };
    }
    return undefined;
  }

  #seal(): void {
    if (this.#published === this.#sealed) return;
    this.#lasts.push(this.#published);
    this.#tickets.push(this.#runTicket);
    this.#sealed = this.#published;
    this.#runTicket = 0;
  }
}
