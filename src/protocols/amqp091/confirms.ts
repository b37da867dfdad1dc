/**
 * Publisher confirms of one channel: which sequence numbers may be confirmed, now that the log has come so far.
 *
 * A turn's publishes share one entry, whose ticket is the highest of theirs, and are confirmed with one basic.ack that
 * has `multiple` set. A message that needs no log waits with the others of its turn.
 *
 * hot path: flat memory
 */

import { NOT_TAKEN, type Ticket } from '../../core/ports.ts';

interface Run {
  /** The last sequence number of the run. */
  readonly last: number;
  readonly ticket: Ticket;
}

export class Confirms {
  #published = 0;
  #sealed = 0;
  #confirmed = 0;
  #turnTicket: Ticket = 0;
  #runs: Run[] = [];
  /** Rising. */
  #rejected: number[] = [];

  /** One more publish; `ticket` 0 when nothing has to become durable, `NOT_TAKEN` when a queue did not take it. */
  add(ticket: Ticket): void {
    if (ticket === NOT_TAKEN) return this.reject();
    this.#published++;
    if (ticket > this.#turnTicket) this.#turnTicket = ticket;
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
    return this.#confirmed < this.#published;
  }

  /**
   * The end of a turn: seals what it published, and looks how far the log has come.
   * @returns the highest sequence number that may be confirmed; the same as last time when there is no news.
   */
  advance(durable: Ticket): number {
    if (this.#published > this.#sealed) {
      this.#runs.push({ last: this.#published, ticket: this.#turnTicket });
      this.#sealed = this.#published;
      this.#turnTicket = 0;
    }
    let ready = 0;
    while (ready < this.#runs.length && this.#runs[ready]!.ticket <= durable) ready++;
    if (ready > 0) {
      this.#confirmed = this.#runs[ready - 1]!.last;
      this.#runs.splice(0, ready);
    }
    return this.#confirmed;
  }
}
