/**
 * The server's turn: everything that arrived in one round of the event loop is executed as it comes; then deliveries
 * are pumped once, the log is flushed once, each session that asked for it ends its turn, and each connection is
 * written once.
 *
 * With many busy sockets the end waits for the round, so that all of them share it. While sockets have something one at a
 * time, a turn ends with what was read: see lone-reads.ts.
 *
 * Knows no socket and no timer: the server ends a turn with `setImmediate`, the simulator by hand.
 */

import { Durations } from '../base/durations.ts';
import { emptyList } from '../base/lists.ts';
import type { Session } from '../protocols/session.ts';
import { LoneReads } from './lone-reads.ts';

/** How many deliveries one turn makes at most: a turn then stays well below 10 ms. */
export const DELIVERIES_PER_TURN = 4096;

/** What a turn needs of a connection. */
export interface TurnConnection {
  readonly session: Session;
  /** True once `session.closed` has been called, or is about to be: nothing of it is called any more. */
  readonly isClosed: boolean;
  /** The turn's own mark; false at first. */
  isTouched: boolean;
  /** The turn is over for this connection: write what the output holds, go on reading. */
  turnEnded(): void;
}

/** What a turn needs of the broker. */
export interface TurnBroker {
  readonly log: { readonly appended: number; flush(): void };
  readonly pump: { readonly hasWork: boolean };
  /** Pumps: hands out so many messages at most. */
  endTurn(budget: number): void;
  /** Told of each flush. */
  logFlushed(): void;
}

export interface TurnOptions {
  readonly broker: TurnBroker;
  /** Calls back once, soon, but not before this round's input has been read. */
  readonly schedule: (callback: () => void) => void;
  /** Told when a turn begins. */
  readonly clock?: { refresh(): void };
  /** Milliseconds that never go back: without it no time is measured. */
  readonly elapsedMs?: () => number;
  readonly deliveriesPerTurn?: number;
  /** Called when a turn has ended. */
  readonly onEnd?: () => void;
}

export class Turn {
  /** From the first input of a turn to its end. */
  readonly durations = new Durations();
  readonly #broker: TurnBroker;
  readonly #schedule: (callback: () => void) => void;
  readonly #clock: { refresh(): void } | undefined;
  readonly #elapsedMs: () => number;
  readonly #deliveriesPerTurn: number;
  readonly #onEnd: (() => void) | undefined;
  readonly #endScheduled = () => this.end();
  #touched: TurnConnection[] = [];
  #spare: TurnConnection[] = [];
  readonly #reads = new LoneReads();
  /** The turn has begun: its end will come, or is about to be decided on. */
  #isScheduled = false;
  /** Its end was asked for, at the end of the round. */
  #isRequested = false;
  #isReading = false;
  #beganMs = 0;
  #isAnswering = false;

  constructor(options: TurnOptions) {
    this.#broker = options.broker;
    this.#schedule = options.schedule;
    this.#clock = options.clock;
    this.#elapsedMs = options.elapsedMs ?? (() => 0);
    this.#deliveriesPerTurn = options.deliveriesPerTurn ?? DELIVERIES_PER_TURN;
    this.#onEnd = options.onEnd;
  }

  /**
   * Asks for the end of a turn, without naming a connection: something changed in the core, or the log has reported
   * records durable between turns. Cheap; may be repeated.
   */
  schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#clock?.refresh();
    this.#beganMs = this.#elapsedMs();
    if (!this.#isReading) this.#request();
  }

  /** A connection is about to hand in what was read from its socket. */
  readBegins(): void {
    this.#isReading = true;
  }

  /** @param mayHaveMore it filled its buffer, so that the next read is likely to follow at once */
  readEnds(mayHaveMore: boolean): void {
    this.#isReading = false;
    const isLone = this.#reads.add(mayHaveMore);
    if (!this.#isScheduled || this.#isRequested) return;
    if (isLone) this.end();
    else this.#request();
  }

  /**
   * Includes a connection in the end of this turn. Called while sessions end their turn it means "I still wait", for the
   * log say: the connection is included in the next turn, whenever that comes, but none is asked for.
   */
  touch(connection: TurnConnection): void {
    if (!connection.isTouched) {
      connection.isTouched = true;
      this.#touched.push(connection);
    }
    if (!this.#isAnswering) this.schedule();
  }

  /** Ends the turn. Whoever is touched by the pump belongs to it. */
  end(): void {
    this.#reads.turnEnds(this.#isRequested);
    this.#isRequested = false;
    this.#isScheduled = true;
    // Whoever answers may begin the next turn.
    const beganMs = this.#beganMs;
    const { log, pump } = this.#broker;
    this.#broker.endTurn(this.#deliveriesPerTurn);
    log.flush();
    this.#isScheduled = false;
    const flushed = log.appended;
    this.#broker.logFlushed();
    this.#answer();
    this.#onEnd?.();
    this.durations.add(this.#elapsedMs() - beganMs);
    // Left over, or added by a session that went on with input it had kept. Not at once: sockets are read between two
    // turns, however much there is to deliver.
    if (pump.hasWork || log.appended !== flushed) this.schedule();
  }

  #request(): void {
    this.#isRequested = true;
    this.#schedule(this.#endScheduled);
  }

  #answer(): void {
    const touched = this.#touched;
    this.#touched = this.#spare;
    this.#isAnswering = true;
    for (const connection of touched) {
      connection.isTouched = false;
      if (!connection.isClosed) connection.session.endTurn();
    }
    this.#isAnswering = false;
    for (const connection of touched) {
      if (!connection.isClosed) connection.turnEnded();
    }
    emptyList(touched);
    this.#spare = touched;
  }
}
