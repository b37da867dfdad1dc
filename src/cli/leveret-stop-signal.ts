/**
 * SIGTERM and Ctrl-C: the first asks for an orderly end, another one ends at once.
 */

/**
 * Started through npm, one Ctrl-C arrives twice: from the terminal and again from npm. What comes so soon after the
 * first is the same one.
 */
const SAME_SIGNAL_MS = 500;

export class StopSignal {
  /** Resolves with the first signal. */
  readonly received: Promise<void>;
  readonly #now: () => number;
  readonly #endAtOnce: () => void;
  readonly #resolve: () => void;
  #firstMs: number | undefined;

  constructor(now: () => number, endAtOnce: () => void) {
    let resolveReceived = () => {};
    this.received = new Promise((resolve) => {
      resolveReceived = resolve;
    });
    this.#resolve = resolveReceived;
    this.#now = now;
    this.#endAtOnce = endAtOnce;
  }

  receive(): void {
    if (this.#firstMs === undefined) {
      this.#firstMs = this.#now();
      this.#resolve();
    } else if (this.#now() - this.#firstMs >= SAME_SIGNAL_MS) {
      this.#endAtOnce();
    }
  }
}
