/**
 * Heartbeats of one connection: when to send one, and when the client has been silent too long.
 *
 * As in RabbitMQ one is sent each half interval. Once an interval it is looked whether bytes came; the second look in a
 * row that finds none means that the client is gone: two to three intervals after its last byte, so that a program
 * that is busy for 80 s survives an interval of 60 s.
 */

const SILENT_CHECKS_MAX = 2;
/**
 * Of a client that is not read only a write tells whether it has gone: the first one after that is answered with a reset,
 * the second one fails. What it holds half received, which may keep an alarm up, should not outlive it for long.
 */
const UNREAD_INTERVAL_MS = 1000;

export class Heartbeat {
  readonly #intervalMs: number;
  #sentAtMs: number;
  #sendAtMs: number;
  #checkAtMs: number;
  #hasReceived = false;
  #silentChecks = 0;

  /** @param intervalS seconds, as the client asked for; 0 is none */
  constructor(intervalS: number, nowMs: number) {
    this.#intervalMs = intervalS * 1000;
    this.#sentAtMs = nowMs;
    this.#sendAtMs = this.#nextSendAt(nowMs);
    this.#checkAtMs = nowMs + this.#intervalMs;
  }

  /** Bytes came. */
  received(): void {
    this.#hasReceived = true;
  }

  /** The client is not read now: it cannot be heard, and gets heartbeats each second, whatever it asked for. */
  notRead(nowMs: number): void {
    this.#hasReceived = true;
    this.#sendAtMs = Math.min(this.#sendAtMs, Math.max(nowMs, this.#sentAtMs + UNREAD_INTERVAL_MS));
  }

  /** True when a heartbeat is to be sent now. */
  isDue(nowMs: number): boolean {
    if (nowMs < this.#sendAtMs) return false;
    this.#sentAtMs = nowMs;
    this.#sendAtMs = this.#nextSendAt(nowMs);
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

  #nextSendAt(nowMs: number): number {
    return this.#intervalMs === 0 ? Number.POSITIVE_INFINITY : nowMs + this.#intervalMs / 2;
  }
}
