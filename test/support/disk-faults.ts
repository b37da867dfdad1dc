/** What goes wrong on a simulated disk: on command, and at random as often as a profile says. */

import type { Random } from '../../src/base/random.ts';

/** What can go wrong; `open` and `readNow` throw. */
export type DiskOperation =
  | 'open'
  | 'readNow'
  | 'read'
  | 'write'
  | 'resize'
  | 'sync'
  | 'remove'
  | 'rename'
  | 'syncNames';

/** One in so many operations of the kind goes wrong; none of a kind that is not there. */
export type FaultProfile = { readonly [Operation in DiskOperation]?: number } & {
  /** One in so many operations takes very long. */
  readonly stall?: number;
};

export interface CommandedFault {
  /** `EIO` unless given. */
  readonly code?: string;
  /** Of this file only; of any unless given. */
  readonly file?: string;
  /** How often; once unless given. */
  readonly times?: number;
}

const RANDOM_CODES: { readonly [Operation in DiskOperation]?: readonly string[] } = {
  open: ['EMFILE', 'EIO'],
  write: ['ENOSPC', 'EIO'],
  // A disk may find out only now that there is no room.
  sync: ['EIO', 'EIO', 'ENOSPC'],
};

export class DiskFaults {
  profile: FaultProfile;
  readonly #random: Random;
  #commanded: { operation: DiskOperation; code: string; file: string | undefined; times: number }[] = [];

  constructor(random: Random, profile: FaultProfile) {
    this.#random = random;
    this.profile = profile;
  }

  /** The next operations of the kind go wrong. */
  failNext(operation: DiskOperation, { code = 'EIO', file, times = 1 }: CommandedFault = {}): void {
    this.#commanded.push({ operation, code, file, times });
  }

  /** Nothing goes wrong any more. */
  heal(): void {
    this.profile = {};
    this.#commanded = [];
  }

  /** What goes wrong with an operation that is about to be done. */
  next(operation: DiskOperation, file: string): string | undefined {
    const commanded = this.#commanded.find((fault) => fault.operation === operation && (fault.file ?? file) === file);
    if (commanded === undefined) return this.#atRandom(operation);
    commanded.times--;
    this.#commanded = this.#commanded.filter(({ times }) => times > 0);
    return commanded.code;
  }

  /** Whether an operation takes very long. */
  stalls(): boolean {
    return this.#happens(this.profile.stall);
  }

  #atRandom(operation: DiskOperation): string | undefined {
    if (!this.#happens(this.profile[operation])) return undefined;
    const codes = RANDOM_CODES[operation] ?? ['EIO'];
    return codes[this.#random.below(codes.length)];
  }

  #happens(odds: number | undefined): boolean {
    return odds !== undefined && this.#random.below(odds) === 0;
  }
}
