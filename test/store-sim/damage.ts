/**
 * Bits of a stopped store that flip. What is lost by it must be named, and all else be there; what comes back is as it was.
 */

import type { Random } from '../../src/base/random.ts';
import type { Damage } from '../../src/storage/disk/segment-scan.ts';
import { check } from '../sim/failure.ts';
import type { SimulatedDisk } from '../support/simulated-disk.ts';
import { type Known, sequenceOf } from './known.ts';
import { type Entry, type ModelQueue, NEVER } from './model-queue.ts';
import type { Progress, StoreModel } from './store-model.ts';
import type { StoredMessage, StoredState } from './stored-state.ts';

/**
 * Flips one bit in each of so many files, if there are as many: two in one file may hit head and foot of its last batch,
 * and then nobody can know that there was one.
 *
 * @returns where, for whoever reads about a failure
 */
export function flipBits(disk: SimulatedDisk, count: number, random: Random): string {
  const files = disk
    .list()
    .map((name) => ({ name, bytes: sizeOf(disk, name) }))
    .filter(({ bytes }) => bytes > 0);
  const places: string[] = [];
  while (places.length < count && files.length > 0) {
    const [file] = files.splice(random.below(files.length), 1);
    if (file === undefined) break;
    const at = random.below(file.bytes);
    disk.flip(file.name, at, random.below(8));
    places.push(`byte ${at} of ${file.name}`);
  }
  return places.join(' and in ');
}

/** @param progress how far the log had come when the bits flipped. @throws SimFailure */
export function checkDamaged(state: StoredState, model: StoreModel, progress: Progress): void {
  if (!lacksDefinitions(state)) model.checkDefinitions(state, progress);
  const stored = new Map(state.queues.map((queue) => [queue.id, queue.messages]));
  for (const { id, messages } of state.queues) {
    const queue = model.everQueues.get(id);
    check(queue !== undefined, () => `there is a queue ${id} that nobody declared`);
    checkNothingForeign(queue, messages);
    check(model.queues.has(id) || isNamed(state, id), () => `${queue} is not named, and is there again`);
  }
  const isHeld = (ticket: number) => progress.held.some(({ from, to }) => ticket >= from && ticket <= to);
  for (const queue of state.queues) {
    const isLost = isNamed(state, queue.id) || !model.queues.has(queue.id);
    model.side.checkDamaged(queue, isLost, progress.certain, isHeld);
  }
  for (const queue of model.queues.values()) {
    if (!queue.isDurable || queue.isDeleted || isNamed(state, queue.id)) continue;
    const messages = stored.get(queue.id) ?? [];
    checkNothingBack(queue, messages);
    checkNothingMissing(queue, messages, progress.certain);
  }
}

/** Nothing is damaged any more; all that could be read is there, and what may be a second delivery says so. */
export function checkRepaired(before: StoredState, after: StoredState, model: StoreModel): void {
  check(after.damages.length === 0, () => `after a repair, damage is named: ${JSON.stringify(after.damages)}`);
  check(after.lostQueues.size === 0, () => `after a repair, queues are lost: ${[...after.lostQueues]}`);
  check(after.damagedQueues.size === 0, () => `after a repair, pages of ${[...after.damagedQueues]} cannot be read`);
  checkKept(before, after);
  for (const { id, name, messages } of after.queues) {
    const queue = model.everQueues.get(id);
    if (queue !== undefined) checkTakenBack(queue, messages);
    const mustSay = before.damages.some(({ queueIds }) => queueIds === undefined || queueIds.includes(id));
    const isNew = mustSay && messages.some(({ redelivered }) => !redelivered);
    check(!isNew, () => `after a repair, queue '${name}' has a message that says it is new`);
  }
}

/** A repair that was cut off has kept all that could be read, whether the damage is still named or not. */
export function checkKept(before: StoredState, after: StoredState): void {
  check(after.definitions === before.definitions, () => 'a repair has changed definitions');
  const stored = new Map(after.queues.map((queue) => [queue.id, queue.messages]));
  checkKnown(before, after);
  for (const { id, name, messages } of before.queues) {
    // A page that cannot be read hides what stands behind it, and pages that only lost records knew are taken back.
    const seen = new Set(messages.map((message) => message.id));
    const all = stored.get(id) ?? [];
    const now = isNamed(before, id) ? all.filter((message) => seen.has(message.id)) : all;
    const [was, is] = [messages, now].map((list) => list.map((message) => message.id).join());
    check(was === is, () => `after a repair, queue '${name}' has ${is} instead of ${was}`);
    const isNew = messages.some(({ redelivered }, index) => redelivered && now[index]?.redelivered !== true);
    check(!isNew, () => `after a repair, queue '${name}' has a message that says it is new again`);
  }
}

/** What is known of messages that were there, and of keys, is what it was. */
function checkKnown(before: StoredState, after: StoredState): void {
  for (const { id, name, live, known } of before.queues) {
    const now = after.queues.find((queue) => queue.id === id);
    const [was, is] = [known, now?.known ?? new Map<string, Known>()].map((all) => {
      const kept = [...all].filter(([what]) => {
        const sequence = sequenceOf(what);
        return sequence === undefined || (live.has(sequence) && now?.live.has(sequence));
      });
      return JSON.stringify(kept.sort());
    });
    check(was === is, () => `after a repair, queue '${name}' knows ${is} instead of ${was}`);
  }
}

/** A record may be missing that concerns more than queues. */
function lacksDefinitions({ damages, torn }: StoredState): boolean {
  return [...damages, torn].some((damage) => damage?.hasDefinitions === true);
}

function isNamed({ damages, torn, lostQueues, damagedQueues }: StoredState, id: number): boolean {
  const names = (damage: Damage | undefined) =>
    damage !== undefined && (damage.queueIds === undefined || damage.queueIds.includes(id));
  return damages.some(names) || names(torn) || lostQueues.has(id) || damagedQueues.has(id);
}

/** Whatever is damaged: messages are those that were published there, each once and in order. */
function checkNothingForeign(queue: ModelQueue, messages: readonly StoredMessage[]): void {
  let before = 0;
  for (const { id } of messages) {
    const order = queue.everOrders.get(id);
    check(order !== undefined, () => `${queue} has message ${id}, which was published elsewhere`);
    check(order > before, () => `${queue} has message ${id} twice or out of order`);
    before = order;
  }
}

/**
 * The same after a repair, but for messages that a crash took before they were durable. They may have been written to a page
 * by then, and a repair that has lost records cannot tell that page from one that the log knew. Their sequences were free
 * again, so they may stand anywhere; but once.
 */
function checkTakenBack(queue: ModelQueue, messages: readonly StoredMessage[]): void {
  const ids = messages.map(({ id }) => id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  check(twice === undefined, () => `after a repair, ${queue} has message ${twice} twice`);
  for (const id of ids)
    check(queue.everOrders.has(id), () => `after a repair, ${queue} has message ${id} of elsewhere`);
  checkNothingForeign(
    queue,
    messages.filter(({ id }) => !queue.everLost.has(id)),
  );
}

function checkNothingBack(queue: ModelQueue, messages: readonly StoredMessage[]): void {
  const entries = new Map(all(queue).map((entry) => [entry.message.id, entry]));
  for (const { id, redelivered } of messages) {
    const entry = entries.get(id);
    check(entry !== undefined && entry.ticket > 0, () => `${queue} is not named, and has message ${id} again`);
    check(redelivered || !entry.wasDelivered, () => `${queue} is not named, and message ${id} says that it is new`);
  }
}

function checkNothingMissing(queue: ModelQueue, messages: readonly StoredMessage[], certain: number): void {
  const present = new Set(messages.map(({ id }) => id));
  for (const { message, ticket, settledFrom } of all(queue)) {
    const mustBeThere = ticket > 0 && ticket <= certain && settledFrom === NEVER;
    check(!mustBeThere || present.has(message.id), () => `${queue} is not named, and has lost message ${message.id}`);
  }
}

function all(queue: ModelQueue): Entry[] {
  return [...queue.entries, ...queue.settled];
}

function sizeOf(disk: SimulatedDisk, name: string): number {
  const file = disk.open(name);
  const { size } = file;
  file.close();
  return size;
}
