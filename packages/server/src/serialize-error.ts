import { AppError } from '@coffer/core';
import { stdSerializers } from 'pino';
import { StartError } from './start-error.ts';

/**
 * An error as the log has it. What is of the world, such as a database that is away, a full disk or a file that cannot be read, is
 * told without a stack, which would say where we noticed; all else is a fault of ours, and has one.
 */
export function serializeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  return isExpected(error) ? summarize(error) : stdSerializers.err(error);
}

function isExpected(error: Error): boolean {
  return (
    (error instanceof AppError && error.code !== 'internal') ||
    error instanceof StartError ||
    // Of the operating system.
    'syscall' in error
  );
}

function summarize(error: Error): Record<string, unknown> {
  const { name: type, message } = error;
  const { code, detail } = error as { code?: unknown; detail?: unknown };
  const about = { type, message, ...(code === undefined ? {} : { code }) };
  if (error instanceof AppError)
    return { ...about, detail, ...(error.cause instanceof Error ? { cause: summarize(error.cause) } : {}) };
  return about;
}
