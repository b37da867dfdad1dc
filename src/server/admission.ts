/**
 * Who counts the sockets that are open, and says when there are as many as there may be.
 */

export interface Admission {
  /** A socket has come. @returns false when there is no room for it, and it is not counted. */
  enter(): boolean;
  /** A socket that was counted has closed. */
  leave(): void;
}

export const EVERYBODY: Admission = { enter: () => true, leave: () => {} };
