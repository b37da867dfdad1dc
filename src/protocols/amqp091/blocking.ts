/**
 * Whether a connection is held back by a resource alarm: one that publishes is not read until all alarms are cleared.
 * One that only consumes goes on, because it makes room.
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

  constructor(options: BlockingOptions) {
    this.#options = options;
  }

  /** The client has begun to publish. */
  publishing(): void {
    this.#isPublishing = true;
    this.update();
  }

  /** Looks at the alarms, and tells the client once when it is blocked and when it may go on. */
  update(): void {
    const { alarms, isToldWhenBlocked, send } = this.#options;
    const isBlocked = this.#isPublishing && alarms.isActive;
    if (isBlocked === this.isBlocked) return;
    this.isBlocked = isBlocked;
    if (!isToldWhenBlocked) return;
    send(isBlocked ? { name: 'connection.blocked', reason: alarms.reason } : { name: 'connection.unblocked' });
  }
}
