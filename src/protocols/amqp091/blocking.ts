/**
 * Whether a connection is held back by a resource alarm: one that publishes is not read until all alarms are cleared.
 * One that only consumes goes on, because it makes room.
 *
 * One that publishes what the log keeps is not read either while the log is behind, for milliseconds and without being told.
 */

import type { Alarms } from '../../core/alarms.ts';
import type { Method } from './methods.ts';

export interface BlockingOptions {
  readonly alarms: Alarms;
  /** The client asked to be told. */
  readonly isToldWhenBlocked: boolean;
  readonly send: (method: Method) => void;
}

export class Blocking {
  /** No input is taken. */
  isBlocked = false;
  readonly #options: BlockingOptions;
  #isPublishing = false;
  #isPublishingToLog = false;
  #isAlarmed = false;

  constructor(options: BlockingOptions) {
    this.#options = options;
  }

  /** The client has begun to publish. */
  publishing(): void {
    this.#isPublishing = true;
    this.update();
  }

  /** It has published something that the log keeps. */
  publishingToLog(): void {
    this.#isPublishingToLog = true;
    this.update();
  }

  /** Looks at the alarms, and tells the client once when it is blocked and when it may go on. */
  update(): void {
    const { alarms, isToldWhenBlocked, send } = this.#options;
    const isAlarmed = this.#isPublishing && alarms.isActive;
    this.isBlocked = isAlarmed || (this.#isPublishingToLog && alarms.isLogBehind);
    if (isAlarmed === this.#isAlarmed) return;
    this.#isAlarmed = isAlarmed;
    if (!isToldWhenBlocked) return;
    send(isAlarmed ? { name: 'connection.blocked', reason: alarms.reason } : { name: 'connection.unblocked' });
  }
}
