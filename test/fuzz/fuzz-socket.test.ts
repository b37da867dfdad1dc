/** The same mutated frames through sockets, while another client goes on. */

import { afterAll, beforeAll, expect, test } from 'vitest';
import { SeededRandom } from '../../src/base/random.ts';
import { method, open, openChannel, PROTOCOL_HEADER, startOk, tuneOk } from '../support/amqp-connection.ts';
import { FloodedBroker, frames } from '../support/flooded-broker.ts';
import { mutated, randomMethod, randomPublish } from './random-frames.ts';

const CASES = 500;
const PAUSE_MS_MAX = 100;
const LOGIN = Buffer.concat([PROTOCOL_HEADER, startOk(), tuneOk({ heartbeat: 0 }), open('/'), openChannel(1)]);
/** connection.start, tune, open-ok and channel.open-ok. */
const LOGIN_ANSWERS = 4;

let broker: FloodedBroker;
beforeAll(async () => {
  broker = await FloodedBroker.start();
});
afterAll(() => broker.stop());

test(`${CASES} clients that send a wrong frame do not disturb another one`, async () => {
  const random = new SeededRandom(1);
  const control = await broker.channels(1);
  const pauses: number[] = [];
  for (let index = 0; index < CASES; index++) {
    const client = await broker.socket(LOGIN);
    await frames(client, LOGIN_ANSWERS);
    const [first = new Uint8Array(0), ...others] = [randomMethod(random), ...randomPublish(random)];
    client.end(Buffer.concat([mutated(random, first), ...others]));
    const pause = new Pause(broker);
    const answered = frames(control, 1);
    control.write(method(1, { name: 'channel.flow', active: true }));
    await answered;
    pauses.push(pause.ms);
  }
  expect(Math.max(...pauses)).toBeLessThan(PAUSE_MS_MAX);
  await expect(broker.login()).resolves.toBeDefined();
});

/** How long a client waited for the broker; not for a machine that did other things meanwhile. */
class Pause {
  readonly #broker: FloodedBroker;
  readonly #wallMs = performance.now();
  readonly #cpuMs: number | undefined;

  constructor(ofBroker: FloodedBroker) {
    this.#broker = ofBroker;
    this.#cpuMs = ofBroker.cpuMs;
  }

  get ms(): number {
    const wallMs = performance.now() - this.#wallMs;
    const cpuMs = this.#broker.cpuMs;
    if (cpuMs === undefined || this.#cpuMs === undefined) return wallMs;
    return Math.min(wallMs, cpuMs - this.#cpuMs);
  }
}
