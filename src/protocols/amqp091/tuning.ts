/**
 * Limits that server and client agree on by connection.tune and tune-ok.
 */

import { refusal } from '../../core/errors.ts';

/** 0 means no limit; of the heartbeat, none. */
export interface Tuning {
  readonly channelMax: number;
  readonly frameMax: number;
  /** Seconds. */
  readonly heartbeat: number;
}

/** The protocol's own minimum (specification §4.2.3), which some clients ask for. */
export const FRAME_MAX_MIN = 4096;
const CHANNEL_MAX_MIN = 1;

/** @throws BrokerError 530 when what the client took is not within what the server offered */
export function checkTuning(offered: Tuning, taken: Tuning): void {
  checkLimit('frame_max', taken.frameMax, offered.frameMax, FRAME_MAX_MIN);
  checkLimit('channel_max', taken.channelMax, offered.channelMax, CHANNEL_MAX_MIN);
}

function checkLimit(name: string, taken: number, max: number, min: number): void {
  const isUnlimited = taken === 0;
  if (max > 0 && (isUnlimited || taken > max))
    throw outside(name, taken, `higher than the maximum allowed value (${max})`);
  if (!isUnlimited && taken < min) throw outside(name, taken, `lower than the minimum allowed value (${min})`);
}

function outside(name: string, taken: number, what: string) {
  const shown = name === 'channel_max' && taken === 0 ? '0 (no limit)' : String(taken);
  return refusal.notAllowed(`negotiated ${name} = ${shown} is ${what}`);
}
