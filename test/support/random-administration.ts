/** Random changes of definitions through the doors that clients and administrators use, from random numbers. */

import { AdministrationError } from '../../src/auth/administration-error.ts';
import { type FieldTable, table } from '../../src/base/field-table.ts';
import { BrokerError } from '../../src/core/errors.ts';
import { Owner } from '../../src/core/owner.ts';
import type { Vhost } from '../../src/core/vhost.ts';
import type { Assembly } from '../../src/server/assembly.ts';

const NAMES = ['a', 'b', 'c'];
const EXCHANGES = [...NAMES, 'amq.topic', 'amq.headers', 'amq.fanout'];
const TYPES = ['direct', 'fanout', 'topic', 'headers'];
const PATTERNS = ['', '.*', '^a', 'b|c'];
const ARGUMENTS = [table({}), table({ 'x-max-length': 5 }), table({ a: 'text', b: [1, null] })];
const USER = 'guest';

const owner = new Owner(USER, 'random');

type Act = (assembly: Assembly, choice: Choice) => unknown;

/** Makes choices by numbers given in advance. */
class Choice {
  readonly #numbers: number[];

  constructor(numbers: readonly number[]) {
    this.#numbers = [...numbers];
  }

  of<Item>(items: readonly Item[]): Item {
    const item = items[(this.#numbers.shift() ?? 0) % items.length];
    if (item === undefined) throw new Error('there is nothing to choose from');
    return item;
  }

  get name(): string {
    return this.of(NAMES);
  }

  /** Nearly always true, so that most of it lasts. */
  get isDurable(): boolean {
    return this.of([true, true, true, false]);
  }

  get isRare(): boolean {
    return this.of([false, false, false, true]);
  }
}

/** One change, or one that is refused. */
export async function changeSomething(assembly: Assembly, numbers: readonly number[]): Promise<void> {
  const choice = new Choice(numbers);
  try {
    await choice.of(ACTS)(assembly, choice);
  } catch (error) {
    if (!(error instanceof BrokerError || error instanceof AdministrationError)) throw error;
  }
}

function vhostOf({ broker }: Assembly, choice: Choice): Vhost {
  return choice.of([...broker.vhosts]);
}

function exchangeArguments(choice: Choice): FieldTable {
  return choice.of([table({}), table({ 'alternate-exchange': choice.name })]);
}

function declareQueue(assembly: Assembly, choice: Choice): void {
  const flags = { durable: choice.isDurable, exclusive: choice.isRare, autoDelete: choice.isRare };
  vhostOf(assembly, choice).declareQueue(owner, { name: choice.name, ...flags, arguments: choice.of(ARGUMENTS) });
}

function declareExchange(assembly: Assembly, choice: Choice): void {
  const flags = { durable: choice.isDurable, autoDelete: choice.isRare, internal: choice.isRare };
  const shape = { type: choice.of(TYPES), ...flags, arguments: exchangeArguments(choice) };
  vhostOf(assembly, choice).declareExchange(owner, { name: choice.name, ...shape });
}

function bindQueue(assembly: Assembly, choice: Choice): void {
  const ends = [choice.name, choice.of(EXCHANGES), choice.name] as const;
  vhostOf(assembly, choice).bindQueue(owner, ...ends, choice.of(ARGUMENTS));
}

/** One of the bindings that there are. */
function unbind(assembly: Assembly, choice: Choice): void {
  const vhost = vhostOf(assembly, choice);
  const bindings = [...vhost.exchanges].flatMap((exchange) => [...exchange.bindings]);
  if (bindings.length === 0) return;
  const { kind, source, destination, key, arguments: bindingArguments } = choice.of(bindings);
  if (kind === 'queue') vhost.unbindQueue(owner, destination.name, source, key, bindingArguments);
  else vhost.unbindExchange(owner, { source, destination: destination.name, key, arguments: bindingArguments });
}

function exchangeBinding(choice: Choice) {
  const ends = { source: choice.of(EXCHANGES), destination: choice.of(EXCHANGES) };
  return { ...ends, key: choice.name, arguments: choice.of(ARGUMENTS) };
}

async function addVhost({ administration }: Assembly, choice: Choice): Promise<void> {
  const vhost = choice.name;
  await administration.vhosts.add(vhost, { description: choice.name, tags: [choice.name] });
  await administration.permissions.set({ user: USER, vhost, configure: '.*', write: '.*', read: '.*' });
}

/** A user in a vhost. */
function pair(assembly: Assembly, choice: Choice) {
  return { user: choice.name, vhost: vhostOf(assembly, choice).name };
}

const ACTS: readonly Act[] = [
  declareQueue,
  declareQueue,
  declareExchange,
  declareExchange,
  bindQueue,
  bindQueue,
  unbind,
  (assembly, choice) => vhostOf(assembly, choice).bindExchange(owner, exchangeBinding(choice)),
  (assembly, choice) => vhostOf(assembly, choice).bindExchange(owner, exchangeBinding(choice)),
  (assembly, choice) => vhostOf(assembly, choice).deleteQueue(owner, choice.name, { ifUnused: false, ifEmpty: false }),
  (assembly, choice) => vhostOf(assembly, choice).deleteExchange(owner, choice.name, { ifUnused: choice.isRare }),
  addVhost,
  ({ administration }, choice) => administration.vhosts.delete(choice.name),
  ({ administration }, choice) => administration.users.add(choice.name, { tags: [choice.name] }),
  ({ administration }, choice) => administration.users.delete(choice.name),
  ({ administration }, choice) => administration.users.setTags(choice.name, [choice.name]),
  (assembly, choice) =>
    assembly.administration.permissions.set({
      ...pair(assembly, choice),
      configure: choice.of(PATTERNS),
      write: choice.of(PATTERNS),
      read: choice.of(PATTERNS),
    }),
  (assembly, choice) => assembly.administration.permissions.clear(pair(assembly, choice)),
  (assembly, choice) =>
    assembly.administration.topicPermissions.set({
      ...pair(assembly, choice),
      exchange: choice.of(EXCHANGES),
      write: choice.of(PATTERNS),
      read: choice.of(PATTERNS),
    }),
  (assembly, choice) =>
    assembly.administration.topicPermissions.clear({ ...pair(assembly, choice), exchange: choice.of(EXCHANGES) }),
];
