/**
 * Runs a load that the load generator does not have, from this process, and measures the broker's CPU time. JavaScript
 * keeps up with a broker less well than C does: what counts is what each message costs the broker.
 */

import { cpuSeconds } from '../process-tree.mjs';

/**
 * @typedef {object} Session a load that is set up
 * @property {() => Promise<void>} step hands in some more messages; may wait for the broker
 * @property {() => Promise<number>} finish waits until all has come that is to come; says how many messages that were
 * @property {() => Promise<void>} close
 */

/**
 * @param {(broker: { port: number }) => Promise<Session>} open
 * @param {{ port: number, pid: number }} broker
 * @param {number} seconds
 * @returns {Promise<{ cpu?: number, error: string }>} server CPU in microseconds per message
 */
export async function runOwnLoad(open, broker, seconds) {
  try {
    const session = await open(broker);
    const before = cpuSeconds(broker.pid);
    const end = performance.now() + seconds * 1000;
    while (performance.now() < end) await session.step();
    const messages = await session.finish();
    const used = cpuSeconds(broker.pid) - before;
    await session.close();
    return { cpu: (used * 1e6) / messages, error: '' };
  } catch (error) {
    return { error: error.message };
  }
}
