/**
 * Short byte strings as texts with one character for each byte, so that they can be keys of a map: whatever the bytes
 * mean, two are the same text when they are the same bytes.
 */

/** @param bytes a few hundred at most */
export function byteText(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

/** Writes the bytes of such a text. */
export function putByteText(view: DataView, at: number, text: string): void {
  for (let index = 0; index < text.length; index++) view.setUint8(at + index, text.charCodeAt(index));
}
