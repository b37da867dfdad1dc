/**
 * Heartbeats of one connection: when to send one, and when the client has been silent too long.
 *
 * As in RabbitMQ one is sent each half interval. Once an interval it is looked whether bytes came; the second look in a
 * row that finds none means that the client is gone: two to three intervals after its last byte, so that a program
 * that is busy for 80 s survives an interval of 60 s.
 */

const SILENT_CHECKS_MAX = 2;

export class Heartbeat {
  readonly #intervalMs: number;
  #sendAtMs: number;
  #checkAtMs: number;
  #hasReceived = false;
  #silentChecks = 0;

  /** @param intervalS seconds, as the client asked for; 0 is none */
  constructor(intervalS: number, nowMs: number) {
    this.#intervalMs = intervalS * 1000;
    this.#sendAtMs = nowMs + this.#intervalMs / 2;
    this.#checkAtMs = nowMs + this.#intervalMs;
  }

  /** Bytes came. */
  received(): void {
    this.#hasReceived = true;
  }

  /** True when a heartbeat is to be sent now. */
  isDue(nowMs: number): boolean {
    if (this.#intervalMs === 0 || nowMs < this.#sendAtMs) return false;
    this.#sendAtMs = nowMs + this.#intervalMs / 2;
    return true;
  }

  /** True when the client is gone. Call it now and then. */
  isMissed(nowMs: number): boolean {
    if (this.#intervalMs === 0 || nowMs < this.#checkAtMs) return false;
    this.#checkAtMs = nowMs + this.#intervalMs;
    this.#silentChecks = this.#hasReceived ? 0 : this.#silentChecks + 1;
    this.#hasReceived = false;
    return this.#silentChecks >= SILENT_CHECKS_MAX;
  }
}
