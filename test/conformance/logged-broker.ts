/** A broker in this process, with the users of definitions.json, whose log is kept. */

import { createBroker, type RunningBroker } from '../../src/index.ts';
import { define } from './broker-under-test.ts';
import type { LogEvent } from './log-text.ts';

/** A line that has not come by then never will. */
const LINE_MS_MAX = 5000;

export class LoggedBroker {
  readonly events: LogEvent[] = [];
  readonly #checks = new Set<() => void>();
  #broker: RunningBroker | undefined;

  async start(settings: Readonly<Record<string, number>> = {}): Promise<void> {
    const note = (level: string) => (text: string) => {
      this.events.push({ level, text });
      for (const check of this.#checks) check();
    };
    const log = { info: note('info'), warning: note('warning'), error: note('error') };
    this.#broker = await createBroker({ bind: '127.0.0.1', settings, log });
    await define(this.#broker);
  }

  get port(): number {
    return this.#broker?.port ?? 0;
  }

  /** Resolves when the log holds such an event, or when it has had the time. */
  until(isHere: (events: readonly LogEvent[]) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, LINE_MS_MAX);
      const check = (): void => {
        if (!isHere(this.events)) return;
        clearTimeout(timer);
        this.#checks.delete(check);
        resolve();
      };
      this.#checks.add(check);
      check();
    });
  }

  async stop(): Promise<void> {
    await this.#broker?.stop();
  }
}
