/**
 * Two ways to read a socket. Both hand over bytes that are valid during the call only, and stop and go on with
 * `socket.pause()` and `socket.resume()`.
 *
 * The shared buffer is the fast one (1.3 to 2.5 times): every connection of a server is read into the same memory, so
 * nothing is allocated while reading and an idle connection holds nothing. It takes the accepted handle into a new
 * socket, because Node offers `onread` only to sockets that one makes oneself.
 */

import { Socket } from 'node:net';

/** As much as one read takes; larger gained nothing. */
export const READ_BUFFER_BYTES = 256 * 1024;

/** Takes the first `end` bytes of a buffer that it may not keep. */
export type Receive = (bytes: Uint8Array, end: number) => void;

/** Reads a socket that was accepted with `pauseOnConnect`; answers the socket to go on with. */
export type OpenReading = (accepted: Socket, receive: Receive) => Socket;

/** Reads by 'data' events: works on every socket, TLS included. */
export const readByEvents: OpenReading = (accepted, receive) => {
  accepted.on('data', (bytes: Buffer) => receive(bytes, bytes.length));
  accepted.resume();
  return accepted;
};

/** Reads into `buffer`, where the platform can; otherwise by events. */
export function readInto(buffer: Uint8Array): OpenReading {
  return (accepted, receive) => {
    const handle = takeHandle(accepted);
    if (handle === undefined) return readByEvents(accepted, receive);
    const onread = {
      buffer,
      callback: (bytes: number, filled: Uint8Array): boolean => {
        receive(filled, bytes);
        return true;
      },
    };
    return new Socket(withHandle({ handle, onread }));
  };
}

/**
 * Takes the handle out of a socket that has not begun to read. The empty socket that stays behind is destroyed, which
 * only tells its server to count it no longer. Undefined when this Node keeps its handles otherwise.
 */
function takeHandle(accepted: Socket): object | undefined {
  const holder: { _handle?: unknown } = accepted as Socket & { _handle?: unknown };
  const handle = holder._handle;
  if (typeof handle !== 'object' || handle === null) return undefined;
  if (!('useUserBuffer' in handle) || !('readStart' in handle)) return undefined;
  holder._handle = null;
  accepted.destroy();
  return handle;
}

/** `handle` is an option of `net.Socket` that its types do not name. */
function withHandle(options: object): ConstructorParameters<typeof Socket>[0] {
  return options;
}
