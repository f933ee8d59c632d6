// Options for sockets. Node copies them into an object that inherits, so that all options it reads must be set
// explicitly.
import type { SocketConstructorOpts } from 'node:net';

/** These options, and undefined for all others. */
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
