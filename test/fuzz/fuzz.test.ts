/**
 * Mutated frames from one seed against the whole protocol: nothing is thrown, nothing is left behind, every method is
 * met.
 */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { EMPTY_TABLE } from '../../src/base/field-table.ts';
import { type Random, SeededRandom } from '../../src/base/random.ts';
import { METHOD_IDS, type Method } from '../../src/protocols/amqp091/methods.ts';
import { method, open, openChannel, PROTOCOL_HEADER, rawMethod, startOk, tuneOk } from '../support/amqp-connection.ts';
import { type FuzzConnection, FuzzWorld } from './fuzz-world.ts';
import { pick } from './pick.ts';
import { mutated, randomChannelMethod, randomMethod, randomPublish } from './random-frames.ts';

const SEED = Number(process.env.FUZZ_SEED ?? 1);
const CASES = Number(process.env.FUZZ_CASES ?? 200_000);
const CASES_PER_CHECK = 1000;
const REACHED_MIN = 100;
const MB = 1024 * 1024;
const GROWTH_BYTES_MAX = 30 * MB;
const PAUSE_MS_MAX = 100;

const LOGIN = [PROTOCOL_HEADER, startOk(), tuneOk(), open('/')];
const DECLARE: Method = {
  name: 'queue.declare',
  queue: 'q',
  passive: false,
  durable: false,
  exclusive: false,
  autoDelete: false,
  noWait: true,
  arguments: EMPTY_TABLE,
};
const PUBLISH = [
  rawMethod(1, 60, 40, Uint8Array.of(0, 0, 0, 1, 0x71, 0)),
  Buffer.from('\x02\0\x01\0\0\0\x0e\0\x3c\0\0\0\0\0\0\0\0\0\0\0\0\xce', 'latin1'),
];
/** To a predeclared exchange, mandatory: the message is made, returned and gone. */
const PUBLISH_ANYWHERE = [
  rawMethod(1, 60, 40, Buffer.from('\0\0\x0aamq.direct\x01q\x01', 'latin1')),
  ...PUBLISH.slice(1),
];
/** Answered in any state. */
const QUESTION = method(1, { name: 'channel.flow', active: true });
const CONSUME = rawMethod(1, 60, 20, Buffer.from('\0\0\x01q\x01c\0\0\0\0\0', 'latin1'));

/** What a connection has when the mutated frames come: consumers and unacked messages, confirms, or a transaction. */
const STATES: readonly { readonly channels: readonly number[]; readonly frames: readonly Uint8Array[] }[] = [
  { channels: [1], frames: [openChannel(1), method(1, DECLARE), CONSUME, ...PUBLISH, ...PUBLISH, ...PUBLISH] },
  {
    channels: [1, 2],
    frames: [
      openChannel(1),
      openChannel(2),
      method(1, DECLARE),
      method(1, { name: 'confirm.select', noWait: false }),
      ...PUBLISH,
    ],
  },
  {
    channels: [1, 3],
    frames: [openChannel(1), openChannel(3), method(1, DECLARE), method(1, { name: 'tx.select' }), ...PUBLISH],
  },
];

test(`${CASES} cases of seed ${SEED}`, { timeout: 300_000 }, () => {
  const random = new SeededRandom(SEED);
  const world = new FuzzWorld();
  const control = world.connect();
  // With a message: the first one takes a slab of memory that stays.
  control.send(Buffer.concat([...LOGIN, openChannel(1), ...PUBLISH_ANYWHERE]));
  world.settle();
  const atRest = usedBytes();
  let longestMs = 0;
  for (let done = 0; done < CASES; done += CASES_PER_CHECK) {
    for (let index = 0; index < CASES_PER_CHECK; index++) {
      const pause = new Pause();
      runCase(world, random, done + index);
      expect(answerTo(world, control)).toBe(true);
      longestMs = Math.max(longestMs, pause.ms);
    }
    expect(counts(world)).toEqual({ connections: 1, channels: 1, consumers: 0, unacked: 0, queues: 0 });
  }
  const growth = usedBytes() - atRest;
  report(world, growth, longestMs);
  expect(growth).toBeLessThan(GROWTH_BYTES_MAX);
  expect(longestMs).toBeLessThan(PAUSE_MS_MAX);
  expect(Object.keys(METHOD_IDS).filter((name) => (world.reached.get(name) ?? 0) < REACHED_MIN)).toEqual([]);
});

function runCase(world: FuzzWorld, random: Random, index: number): void {
  const connection = world.connect();
  const isOpen = random.below(3) > 0;
  const state = pick(random, STATES);
  if (isOpen) {
    connection.send(Buffer.concat([...LOGIN, ...state.frames]));
    world.settle();
  }
  const frames = isOpen
    ? valid(random, state.channels)
    : [...LOGIN, openChannel(1), openChannel(2), ...anything(random)];
  const wrong = random.below(frames.length);
  try {
    for (const [place, frame] of frames.entries()) {
      const isWrong = place === wrong && random.below(8) > 0;
      sendInPieces(connection, random, isWrong ? mutated(random, frame) : frame);
      if (random.below(3) === 0) world.settle();
    }
    world.settle();
    connection.close();
    world.settle();
  } catch (thrown) {
    throw new Error(`case ${index} of seed ${SEED}`, { cause: thrown });
  }
}

/** What a client may do on channels that are open; one of the frames is made wrong afterwards. */
function valid(random: Random, channels: readonly number[]): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let left = 1 + random.below(4); left > 0; left--) {
    if (random.below(4) === 0) frames.push(...randomPublish(random, channels));
    else frames.push(randomChannelMethod(random, channels));
  }
  return frames;
}

/** Any methods, in any order, on any channel. */
function anything(random: Random): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let left = 1 + random.below(4); left > 0; left--) {
    if (random.below(4) === 0) frames.push(...randomPublish(random));
    else frames.push(randomMethod(random));
  }
  return frames;
}

function sendInPieces(connection: FuzzConnection, random: Random, bytes: Uint8Array): void {
  const cut = random.below(4) === 0 ? random.below(bytes.length + 1) : bytes.length;
  connection.send(bytes.slice(0, cut));
  connection.send(bytes.slice(cut));
}

/** Whether the control client gets its answer; what else it is told is a fault too. */
function answerTo(world: FuzzWorld, control: FuzzConnection): boolean {
  const before = control.frames;
  control.send(QUESTION);
  world.settle();
  return control.frames === before + 1;
}

/** How long the loop was held up: neither a busy machine counts nor what other threads did meanwhile. */
class Pause {
  readonly #wallMs = performance.now();
  readonly #cpu = process.cpuUsage();

  get ms(): number {
    const { user, system } = process.cpuUsage(this.#cpu);
    return Math.min(performance.now() - this.#wallMs, (user + system) / 1000);
  }
}

/** What is there when all connections but the control client's are closed; the queues that they left are deleted. */
function counts(world: FuzzWorld): Record<string, number> {
  const { broker, vhost, owner } = world.core;
  let [consumers, unacked] = [0, 0];
  for (const queue of [...vhost.queues]) {
    consumers += queue.consumerCount;
    unacked += queue.unackedCount;
    vhost.deleteQueue(owner, queue.name, { ifUnused: false, ifEmpty: false });
  }
  world.settle();
  const { count: connections, channelCount: channels } = broker.connections;
  return { connections, channels, consumers, unacked, queues: vhost.queueCount };
}

function usedBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function report(world: FuzzWorld, growth: number, longestMs: number): void {
  const lines = [...world.refused].sort(([a], [b]) => a.localeCompare(b)).map(([name, times]) => `${name}: ${times}`);
  const lowest = Math.min(...Object.keys(METHOD_IDS).map((name) => world.reached.get(name) ?? 0));
  console.log(
    `memory grew by ${Math.round(growth / MB)} MB; the longest pause was ${longestMs.toFixed(1)} ms; ` +
      `each method came ${lowest} times at least; reply codes by method:\n${lines.join('\n')}`,
  );
}
