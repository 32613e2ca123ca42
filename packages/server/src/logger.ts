import { pino, type DestinationStream, type Logger as PinoLogger } from 'pino';
import { serializeError } from './serialize-error.ts';

export type Logger = PinoLogger;

/** JSON lines, to a destination that may fail. */
export function createLogger(level: string, destination: DestinationStream): Logger {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  return pino({ ...options, serializers: { err: serializeError } }, forgiving(destination));
}

/** A log that cannot be written, as on a full disk, must not turn an answer into another one. The line is lost. */
function forgiving(destination: DestinationStream): DestinationStream {
  return {
    write(line) {
      try {
        destination.write(line);
      } catch {
        // There is nowhere to say it.
      }
    },
  };
}

/**
 * The lines of one turn of the event loop are written as one, because a system call costs more than a line. What is
 * still to be written when the process ends by itself, or by an error, is written then.
 */
function together(destination: DestinationStream): DestinationStream {
  let waiting = '';
  const flush = (): void => {
    const lines = waiting;
    waiting = '';
    if (lines !== '') forgiving(destination).write(lines);
  };
  process.on('exit', flush);
  return {
    write(line) {
      if (waiting === '') setImmediate(flush);
      waiting += line;
    },
  };
}

/** JSON lines as they are; readable text on a terminal. */
export async function standardOutput(): Promise<DestinationStream> {
  // Synchronous: what was logged before a crash is written.
  if (!process.stdout.isTTY) return together(pino.destination({ fd: 1, sync: true }));
  // For people alone: others need not wait for it to load.
  const { default: pretty } = await import('pino-pretty');
  return pretty({
    destination: 1,
    sync: true,
    colorize: true,
    singleLine: true,
    ignore: 'pid,hostname',
    translateTime: 'SYS:HH:MM:ss',
  });
}
