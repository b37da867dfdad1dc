/**
 * A broker whose log keeps definitions as the disk would, as bytes, and that can be started again from them. Without
 * sockets, and without messages.
 */

import { ByteWriter } from '../../src/base/byte-writer.ts';
import { ManualClock } from '../../src/base/clock.ts';
import { type FieldTable, writeFieldTable } from '../../src/base/field-table.ts';
import { ChunkPool } from '../../src/base/output.ts';
import type { Binding } from '../../src/core/binding.ts';
import type { Queue } from '../../src/core/queue/queue.ts';
import type { Vhost } from '../../src/core/vhost.ts';
import { type Assembly, assembleBroker, type Storage } from '../../src/server/assembly.ts';
import { configure, type Setting } from '../../src/server/config/configuration.ts';
import { decodeDefinition, encodeDefinition } from '../../src/storage/definition-codec.ts';
import { DefinitionState } from '../../src/storage/definition-state.ts';
import { MemoryLog } from '../../src/storage/memory/memory-log.ts';

/** A log, and what it kept before. @param kept grows with every definition */
export function storageOf(kept: Uint8Array[]): Storage & { readonly log: MemoryLog } {
  const definitions = new DefinitionState();
  for (const bytes of kept) definitions.fold(decodeDefinition(bytes));
  const log = new MemoryLog();
  const define = log.define.bind(log);
  log.define = (record) => {
    kept.push(encodeDefinition(record));
    return define(record);
  };
  return { log, definitions };
}

export class RestartedNode {
  readonly assembly: Assembly;
  readonly warnings: string[] = [];
  /** All that was ever defined. */
  readonly kept: Uint8Array[];
  readonly #settings: readonly Setting[];

  constructor(kept: Uint8Array[] = [], settings: readonly Setting[] = []) {
    const storage = storageOf(kept);
    this.kept = kept;
    this.#settings = settings;
    this.assembly = assembleBroker({
      configuration: configure(settings),
      clock: new ManualClock(),
      pool: new ChunkPool(),
      logLines: { info: () => {}, warning: (text) => void this.warnings.push(text), error: () => {} },
      storage,
      scheduleTurn: () => setImmediate(() => this.#endTurn(storage.log)),
    });
  }

  /** The same node after a restart. */
  restart(settings = this.#settings): RestartedNode {
    return new RestartedNode([...this.kept], settings);
  }

  vhost(name = '/'): Vhost {
    const vhost = this.assembly.broker.findVhost(name);
    if (vhost === undefined) throw new Error(`there is no vhost '${name}'`);
    return vhost;
  }

  /** Everything that survives a restart, as lines. */
  get lasting(): string[] {
    const { broker, administration } = this.assembly;
    return [
      ...[...broker.vhosts].flatMap(lastingOf),
      ...administration.users.list().map((user) => `user ${JSON.stringify(user)}`),
      ...administration.permissions.list().map((permission) => `permission ${JSON.stringify(permission)}`),
      ...administration.topicPermissions.list().map((permission) => `topic permission ${JSON.stringify(permission)}`),
    ].sort();
  }

  #endTurn(log: MemoryLog): void {
    log.flush();
    this.assembly.tickets.turnEnded();
  }
}

/** The definitions of a vhost that survive a restart, as lines. */
export function lastingOf(vhost: Vhost): string[] {
  const { name } = vhost;
  const lines = [`vhost ${name} ${JSON.stringify(vhost.metadata)}`];
  for (const { id, name: queue, options } of vhost.queues) {
    if (options.durable) lines.push(`${name} queue ${id} ${queue} ${options.autoDelete} ${textOf(options.arguments)}`);
  }
  for (const exchange of vhost.exchanges) {
    if (!exchange.durable) continue;
    // Those that every vhost has are made anew.
    const id = exchange.name.startsWith('amq.') || exchange.name === '' ? '' : exchange.id;
    const { type, autoDelete, internal, alternate } = exchange;
    lines.push(`${name} exchange ${id} ${exchange.name} ${type} ${autoDelete} ${internal} ${alternate?.name}`);
    lines.push(`${name} exchange ${exchange.name} has ${textOf(exchange.arguments)}`);
    const bindings = [...exchange.bindings].filter((binding) => isLasting(binding, vhost));
    for (const [index, { kind, destination, key, arguments: bindingArguments }] of bindings.entries()) {
      const end = `${bindings[index]?.id} ${kind} ${destination.name} ${key} ${textOf(bindingArguments)}`;
      lines.push(`${name} exchange ${exchange.name} binding number ${index}: ${end}`);
    }
  }
  return lines;
}

function isLasting(binding: Binding<Queue>, vhost: Vhost): boolean {
  if (binding.kind === 'queue') return binding.destination.options.durable;
  return vhost.findExchange(binding.destination.name)?.durable === true;
}

function textOf(declared: FieldTable): string {
  if (declared.size === 0) return '';
  const writer = new ByteWriter();
  writeFieldTable(writer, declared);
  return Buffer.from(writer.toBytes()).toString('hex');
}
