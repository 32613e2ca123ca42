/**
 * Calls back once when the program that started us is gone, however it ended: nobody else would stop us then. It is told by a
 * channel of Node (`stdio: 'ipc'`), which a program that may go on alone is started without. Does not keep us running.
 */
export function whenStarterEnds(react: () => void): void {
  // Undefined, whatever the types say: there is no channel. False: it was there, and its other end is gone.
  const isConnected = process.connected as boolean | undefined;
  if (isConnected === undefined) return;
  if (!isConnected) return react();
  process.once('disconnect', react);
  process.channel?.unref();
}
