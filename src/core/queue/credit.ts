/**
 * How many deliveries may be unacknowledged at once: one mechanism for a consumer's prefetch, a channel's, and what
 * other protocols call link credit or receive maximum.
 */

/** Means that there is no limit. */
export const UNLIMITED = 0;

export class Credit {
  /** 0 is unlimited. May be lowered below what is in use; then nothing more is given until enough came back. */
  limit: number;
  used = 0;

  constructor(limit: number = UNLIMITED) {
    this.limit = limit;
  }

  get isFree(): boolean {
    return this.limit === UNLIMITED || this.used < this.limit;
  }
}
