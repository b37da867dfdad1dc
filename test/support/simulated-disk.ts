/**
 * A disk in memory that does what real ones do on a bad day, the same for the same seed: it takes its time, works in any
 * order, fails, lies after a failed sync, fills up, and when the power goes it keeps, loses or tears what was not synced.
 *
 * Nothing happens by itself: `step` does one operation and calls back, `crash` is a power cut.
 */

import type { Random } from '../../src/base/random.ts';
import type { Disk, DiskFault, DiskFile, Done } from '../../src/storage/disk/disk.ts';
import { DiskFates } from './disk-fates.ts';
import { DiskFaults, type DiskOperation, type FaultProfile } from './disk-faults.ts';
import type { Fate, SimulatedContent } from './simulated-content.ts';
import { type FileHost, faultOf, type Lane, type Operation, SimulatedFile } from './simulated-file.ts';
import { SimulatedNames } from './simulated-names.ts';

/** How many other operations a random stall outlasts at most. */
const STALL_STEPS_MAX = 100;

export interface SimulatedDiskOptions {
  readonly random: Random;
  /** What goes wrong at random; nothing unless given. */
  readonly faults?: FaultProfile;
}

/** All and nothing are as likely as they are rare when each change goes its own way. */
const FATES: readonly Fate[] = ['kept', 'lost', 'mixed', 'mixed', 'mixed'];

export class SimulatedDisk implements Disk {
  readonly faults: DiskFaults;
  /** The disk is full when files take more than this. */
  bytesMax = Number.POSITIVE_INFINITY;
  /** What was asked for and done, also in vain. */
  /** Of this disk and those before it. */
  readonly fates: DiskFates;
  readonly counts = { reads: 0, writes: 0, bytesWritten: 0, syncs: 0, nameSyncs: 0 };

  readonly #random: Random;
  readonly #names: SimulatedNames;
  readonly #openFiles = new Set<SimulatedFile>();
  readonly #host: FileHost;
  readonly #nameLane: Lane = [];
  /** Those in which something waits. */
  readonly #lanes = new Set<Lane>();
  /** Names of files whose operations are held; `undefined` holds all. */
  readonly #held = new Set<string | undefined>();
  /** Lanes that have stalled by chance, each until a step. */
  readonly #stalled = new Map<Lane, number>();
  #steps = 0;
  #isOff = false;

  constructor({ random, faults = {} }: SimulatedDiskOptions, names = new SimulatedNames(), fates = new DiskFates()) {
    this.#random = random;
    this.fates = fates;
    this.#names = names;
    this.faults = new DiskFaults(random, faults);
    this.#host = {
      ask: (lane, operation) => this.#ask(lane, operation),
      nextFault: (operation, file) => this.#nextFault(operation, file),
      room: (content, bytes, position) => this.#room(content, bytes, position),
      below: (limit) => random.below(limit),
      failSync: (content) => content.failSync(random, fates),
      closed: (file) => void this.#openFiles.delete(file),
      counts: this.counts,
    };
  }

  /** How many operations wait. */
  get pending(): number {
    return [...this.#lanes].reduce((sum, lane) => sum + lane.length, 0);
  }

  /** What the disk is doing, or will do next, a file each: `write segment-000001`, say. */
  get underWay(): readonly string[] {
    return [...this.#lanes].flatMap(([next]) => (next === undefined ? [] : [`${next.kind} ${next.file}`]));
  }

  /** The room that all files take. */
  get usedBytes(): number {
    const contents = new Set([...this.#names.contents(), ...[...this.#openFiles].map(({ content }) => content)]);
    return [...contents].reduce((sum, { current }) => sum + current.allocatedBytes, 0);
  }

  list(): readonly string[] {
    return this.#names.list();
  }

  open(name: string): DiskFile {
    const fault = this.#nextFault('open', name);
    if (fault !== undefined) throw new Error(fault.message);
    const file = new SimulatedFile(name, this.#names.find(name) ?? this.#names.make(name), this.#host);
    this.#openFiles.add(file);
    return file;
  }

  remove(name: string, done: Done): void {
    const change = () => {
      this.#names.remove(name);
      return undefined;
    };
    this.#askNames('remove', { file: name, what: 'remove', change, done });
  }

  rename(from: string, to: string, done: Done): void {
    const change = () => (this.#names.rename(from, to) ? undefined : 'ENOENT');
    this.#askNames('rename', { file: from, what: `rename`, target: ` to ${to}`, change, done });
  }

  syncNames(done: Done): void {
    const change = () => {
      this.#names.sync();
      return undefined;
    };
    this.#askNames('syncNames', {
      file: '.',
      what: 'sync',
      change,
      failed: () => this.#names.failSync(this.#random),
      done,
    });
  }

  /**
   * Does one of the operations that wait, and calls back; which one is up to chance.
   *
   * @returns whether there was one; those that are held do not count
   */
  step(random: Random = this.#random): boolean {
    const ready = [...this.#lanes].filter((lane) => !this.#isHeld(lane));
    if (ready.length === 0) return false;
    this.#steps++;
    const awake = ready.filter((lane) => (this.#stalled.get(lane) ?? 0) <= this.#steps);
    const lane = awake[random.below(Math.max(1, awake.length))];
    if (lane === undefined) return true;
    if (this.faults.stalls()) this.#stallBriefly(lane, random.below(STALL_STEPS_MAX));
    else this.#run(lane);
    return true;
  }

  /** Does everything that waits, and what is asked for meanwhile. */
  runAll(random: Random = this.#random): void {
    while (this.step(random));
  }

  /** Operations of this file, or all, wait until `resume`. */
  stall(file?: string): void {
    this.fates.stalls++;
    this.#held.add(file);
  }

  /** Ends all that was stalled. */
  resume(): void {
    this.#held.clear();
  }

  /** From now on there is room, nothing stalls and nothing goes wrong. */
  heal(): void {
    this.faults.heal();
    this.resume();
    this.#stalled.clear();
    this.bytesMax = Number.POSITIVE_INFINITY;
  }

  /** Damages one bit of a file on the medium. */
  flip(file: string, position: number, bit: number): void {
    const content = this.#names.find(file);
    if (content === undefined || position >= content.current.length) {
      throw new Error(`${file} has no byte ${position}`);
    }
    content.flip(position, bit);
  }

  /**
   * The power goes. This disk does nothing and calls nobody back from now on.
   *
   * @returns the disk that is there when the power is back: as faulty, but nothing is held or commanded
   */
  crash(random: Random = this.#random): SimulatedDisk {
    this.#cutOff(random);
    const fate = FATES[random.below(FATES.length)] ?? 'mixed';
    return this.#successor(this.#names.afterCrash(fate, random, this.fates), this.fates);
  }

  /**
   * The program ends, and the operating system goes on: what was written and not synced stays so, and can still be lost
   * with the power. This disk does nothing and calls nobody back from now on.
   *
   * @returns the disk as the next program finds it: as faulty, but nothing is held or commanded
   */
  kill(random: Random = this.#random): SimulatedDisk {
    this.#cutOff(random);
    return this.#successor(this.#names, this.fates);
  }

  /** Another disk with what this one has for certain: what a power cut leaves when it takes all that it can. */
  certain(): SimulatedDisk {
    return this.#successor(this.#names.afterCrash('lost', this.#random, new DiskFates()));
  }

  /** Another disk with the files of this one as programs see them, all durable. @param random of its own; shared unless given */
  copy(random: Random = this.#random): SimulatedDisk {
    return this.#successor(this.#names.copy(), new DiskFates(), random);
  }

  #cutOff(random: Random): void {
    for (const lane of this.#lanes) {
      // What is under way may have happened; what waits behind it has not begun.
      if (random.below(2) === 0) lane[0]?.cut();
    }
    this.#lanes.clear();
    this.#isOff = true;
  }

  #successor(names: SimulatedNames, fates = new DiskFates(), random: Random = this.#random): SimulatedDisk {
    const disk = new SimulatedDisk({ random, faults: this.faults.profile }, names, fates);
    disk.bytesMax = this.bytesMax;
    return disk;
  }

  #ask(lane: Lane, operation: Operation): void {
    if (this.#isOff) return;
    lane.push(operation);
    this.#lanes.add(lane);
  }

  #askNames(kind: DiskOperation, { file, what, target = '', change, failed, done }: NameChange): void {
    const run = (code: string | undefined) => {
      if (code !== undefined) failed?.();
      const wrong = code ?? change();
      done(wrong === undefined ? undefined : faultOf(what, file + target, wrong));
    };
    this.#ask(this.#nameLane, { kind, file, run, cut: change });
  }

  #run(lane: Lane): void {
    const operation = lane.shift();
    if (lane.length === 0) this.#lanes.delete(lane);
    if (operation === undefined) return;
    this.#stalled.delete(lane);
    this.#count(operation.kind);
    const code = this.faults.next(operation.kind, operation.file);
    if (code !== undefined && operation.kind === 'write') this.fates.failedWrites++;
    operation.run(code);
  }

  #count(kind: DiskOperation): void {
    if (kind === 'read') this.counts.reads++;
    else if (kind === 'write') this.counts.writes++;
    else if (kind === 'sync') this.counts.syncs++;
    else if (kind === 'syncNames') this.counts.nameSyncs++;
  }

  #stallBriefly(lane: Lane, steps: number): void {
    this.fates.stalls++;
    this.#stalled.set(lane, this.#steps + 1 + steps);
  }

  #isHeld(lane: Lane): boolean {
    return this.#held.has(undefined) || this.#held.has(lane[0]?.file);
  }

  #nextFault(operation: DiskOperation, file: string): DiskFault | undefined {
    const code = this.faults.next(operation, file);
    return code === undefined ? undefined : faultOf(operation === 'open' ? 'open' : 'read', file, code);
  }

  #room(content: SimulatedContent, bytes: number, position: number): number {
    if (this.bytesMax === Number.POSITIVE_INFINITY) return bytes;
    const room = content.current.fitting(bytes, position, this.bytesMax - this.usedBytes);
    if (room < bytes) this.fates.full++;
    return room;
  }
}

interface NameChange {
  readonly file: string;
  readonly what: string;
  readonly target?: string;
  /** @returns what went wrong */
  change(): string | undefined;
  /** Instead of the change, when it is to go wrong. */
  failed?(): void;
  readonly done: Done;
}
