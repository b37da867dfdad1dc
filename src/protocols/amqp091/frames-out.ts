/**
 * Frames on their way out: what stands around a payload, and method frames as a whole.
 *
 * For the methods that are rare enough to be objects; deliveries are written by position elsewhere.
 */

import { ByteWriter } from '../../base/byte-writer.ts';
import { copyBytes, type Region, regionOf } from '../../base/bytes.ts';
import type { Output } from '../../base/output.ts';
import { FRAME_END, FRAME_HEAD_BYTES, FRAME_OVERHEAD_BYTES, FRAME_TYPES } from './frame.ts';
import { encodeMethod, type Method } from './methods.ts';

export const HEARTBEAT_FRAME = encodeFrame(FRAME_TYPES.heartbeat, 0, new Uint8Array(0));

const writer = new ByteWriter();

/** Writes a method frame. @throws CodecError, with nothing written, when a text takes more than 255 bytes. */
export function writeMethodFrame(output: Output, channel: number, method: Method): void {
  writer.reset();
  encodeMethod(writer, method);
  const bytes = FRAME_OVERHEAD_BYTES + writer.length;
  output.reserve(bytes);
  putFrame(output.chunk, output.position, FRAME_TYPES.method, channel, writer.region, writer.length);
  output.position += bytes;
}

/** Writes bytes as they are. */
export function writeBytes(output: Output, bytes: Uint8Array): void {
  output.reserve(bytes.length);
  output.chunk.bytes.set(bytes, output.position);
  output.position += bytes.length;
}

/** One frame as bytes of its own. */
export function encodeFrame(type: number, channel: number, payload: Uint8Array): Uint8Array {
  const frame = regionOf(new Uint8Array(FRAME_OVERHEAD_BYTES + payload.length));
  putFrame(frame, 0, type, channel, regionOf(payload), payload.length);
  return frame.bytes;
}

function putFrame(to: Region, start: number, type: number, channel: number, payload: Region, length: number): void {
  to.view.setUint8(start, type);
  to.view.setUint16(start + 1, channel);
  to.view.setUint32(start + 3, length);
  copyBytes(to, start + FRAME_HEAD_BYTES, payload, 0, length);
  to.view.setUint8(start + FRAME_HEAD_BYTES + length, FRAME_END);
}
