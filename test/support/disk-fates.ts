/** What has become of the changes that a simulated disk was asked for: so that a test can say that the worst has happened. */

/** What a power cut, or a failed sync, does to one change. */
export type ChangeFate = 'kept' | 'lost' | 'torn';

export class DiskFates {
  /** At power cuts. */
  lost = 0;
  torn = 0;
  /** A later change of the same file survived one that was lost. */
  reordered = 0;
  /** Changes that a failed sync has lost, and the next one says nothing of. */
  forgotten = 0;
  failedSyncs = 0;
  failedWrites = 0;
  stalls = 0;
  /** Writes for which there was no room. */
  full = 0;

  /** What the power cut did to all changes of one file, in their order. */
  crashed(fates: readonly ChangeFate[]): void {
    let hasLost = false;
    for (const fate of fates) {
      if (fate === 'lost') this.lost++;
      else if (fate === 'torn') this.torn++;
      if (fate === 'kept' && hasLost) this.reordered++;
      hasLost ||= fate !== 'kept';
    }
  }
}
