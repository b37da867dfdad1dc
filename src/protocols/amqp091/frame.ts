/** The frame of AMQP 0-9-1: type, channel, payload size, payload, end octet (specification §4.2.3). */

export const FRAME_TYPES = { method: 1, header: 2, body: 3, heartbeat: 8 } as const;

export const FRAME_END = 0xce;

/** What stands before a payload: type (1), channel (2), payload size (4). */
export const FRAME_HEAD_BYTES = 7;

/** What a frame adds to its payload: head and end octet. */
export const FRAME_OVERHEAD_BYTES = 8;
