// Options of a socket of Node's, which copies them into an object that inherits: those that it reads are all there.
import type { SocketConstructorOpts } from 'node:net';

/** These options and, explicitly, no others. */
export const socketOptions = (options: SocketConstructorOpts): SocketConstructorOpts => ({
  ...NONE,
  ...options,
});

const NONE = {
  allowHalfOpen: undefined,
  handle: undefined,
  highWaterMark: undefined,
  manualStart: undefined,
  objectMode: undefined,
  onread: undefined,
  pauseOnCreate: undefined,
  read: undefined,
  readableHighWaterMark: undefined,
  readableObjectMode: undefined,
  signal: undefined,
  writableHighWaterMark: undefined,
  writableObjectMode: undefined,
};
