/** The frame of AMQP 0-9-1: type, channel, payload size, payload, end octet (specification §4.2.3). */

export const FRAME_TYPES = { method: 1, header: 2, body: 3, heartbeat: 8 } as const;

export const FRAME_END = 0xce;

/** What a frame adds to its payload. */
export const FRAME_OVERHEAD_BYTES = 8;
