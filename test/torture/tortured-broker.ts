/** The program `leveret` as the torture runs it: what it printed, and how it ended. */

import { fileURLToPath } from 'node:url';
import { ChildProgram, type Exit } from '../support/child-program.ts';

const PROGRAM = fileURLToPath(new URL('../../dist/cli/leveret.js', import.meta.url));
const LISTENING = /AMQP 0-9-1 on port (\d+)/;
const KILLING_ITSELF = /^killing itself: (.*)$/;
/** The banner and what is in order. */
const EXPECTED = [
  // Where the tests run in a container.
  /\[warning\] the data directory .* is inside of the container/,
  /^\S+ \[info\] /,
  /^\S+ \[warning\] segment-\d+\.log: cut at byte \d+: the broker ended while it wrote there/,
  /^Leveret .* is ready\.$/,
  /^ {2}(Listens|Login|Data|Stop) /,
  /^Leveret has stopped\.$/,
  KILLING_ITSELF,
];
/** Small, so that a few seconds of traffic fill segments and need pages. */
const SETTINGS = ['message_store.segment_size=4MB', 'message_store.resident_size=2MB'];

export class TorturedBroker {
  readonly ended: Promise<Exit>;
  readonly #program: ChildProgram;

  /** @param preloads modules that are loaded before the program */
  constructor(directory: string, preloads: readonly string[]) {
    const imports = preloads.flatMap((preload) => ['--import', preload]);
    const settings = SETTINGS.flatMap((setting) => ['--set', setting]);
    const place = ['--port', '0', '--bind', '127.0.0.1', '--data-dir', directory];
    this.#program = new ChildProgram(process.execPath, [...imports, PROGRAM, ...place, ...settings]);
    this.ended = this.#program.exited;
  }

  /** Where it listens; undefined when it ends before it does. */
  async url(): Promise<string | undefined> {
    const line = await this.#program.line(LISTENING).catch(() => '');
    const port = LISTENING.exec(line)?.[1];
    return port === undefined ? undefined : `amqp://guest:guest@127.0.0.1:${port}`;
  }

  kill(signal: NodeJS.Signals): Promise<Exit> {
    return this.#program.kill(signal);
  }

  /** What it did when it killed itself; undefined when it did not. */
  get fatalPlace(): string | undefined {
    for (const line of this.#program.lines) {
      const place = KILLING_ITSELF.exec(line)?.[1];
      if (place !== undefined) return place;
    }
    return undefined;
  }

  /** Everything that a broker in order does not print: faults, damages, and what Node.js says of a bug. */
  get unexpectedLines(): readonly string[] {
    const { lines, errorLines } = this.#program;
    return [...errorLines, ...lines.filter((line) => !EXPECTED.some((pattern) => pattern.test(line)))];
  }
}
