import { AppError, Redacted } from '@coffer/core';
import { describe, expect, test } from 'vitest';
import { createLogger, type Logger } from './logger.ts';
import { StartError } from './start-error.ts';

const SECRET = 'open-sesame-4711';

describe('the log', () => {
  test('is one JSON object a line, with level, time and message, whatever is in them', () => {
    const { log, lines } = recordingLogger('trace');
    log.info('plain');
    log.warn(
      { name: 'two\nlines', level: 'mine', nested: { a: [1] } },
      'with\r\nline ends \u2028 and "quotes"',
    );
    log.error({ err: new Error('first\nsecond') }, 'failed');
    expect(lines).toHaveLength(3);
    for (const line of lines) {
      expect(line.split('\n')).toEqual([expect.any(String), '']);
      const { time, msg } = JSON.parse(line) as Record<string, unknown>;
      expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      expect(msg).toBeTypeOf('string');
    }
  });

  test('tells what is of the world without a stack, with its reason and cause; a fault of ours with one', () => {
    const { log, lines } = recordingLogger('trace');
    const full = Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });
    log.error({ err: new AppError('store_unavailable', { reason: 'the disk is full' }, { cause: full }) });
    log.error({ err: new StartError('the root key cannot be read') });
    log.error({
      err: Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC', syscall: 'write' }),
    });
    log.error({ err: new AppError('internal', {}, { cause: full }) });
    log.error({ err: new TypeError('x is undefined') });
    const errors = lines.map((line) => (JSON.parse(line) as { err: Record<string, unknown> }).err);
    expect(errors.slice(0, 3)).toEqual([
      {
        type: 'AppError',
        code: 'store_unavailable',
        message: expect.any(String),
        detail: { reason: 'the disk is full' },
        cause: { type: 'Error', code: 'SQLITE_FULL', message: 'database or disk is full' },
      },
      { type: 'StartError', message: 'the root key cannot be read' },
      { type: 'Error', code: 'ENOSPC', message: 'ENOSPC: no space left' },
    ]);
    for (const error of errors.slice(3)) expect(error['stack']).toContain('at ');
  });

  test('leaves out what is below its level', () => {
    const { log, lines } = recordingLogger('warn');
    log.info('quiet');
    log.warn('loud');
    expect(lines).toHaveLength(1);
  });

  test('names neither the machine nor the process', () => {
    const { log, lines } = recordingLogger('info');
    log.info('plain');
    expect(Object.keys(JSON.parse(lines[0] ?? '') as object)).toEqual(['level', 'time', 'msg']);
  });

  test.each<[where: string, write: (log: Logger, secret: Redacted<unknown>) => void]>([
    ['a field', (log, secret) => log.info({ secret })],
    ['a field of a field', (log, secret) => log.info({ a: { b: [{ secret }] } })],
    ['the message', (log, secret) => log.info(`got ${String(secret)}`)],
    ['an argument of the message', (log, secret) => log.info('got %s %j %o', secret, secret, secret)],
    ['an error', (log, secret) => log.error({ err: Object.assign(new Error('failed'), { secret }) })],
    [
      'the cause of an error',
      (log, secret) => log.error({ err: new Error('failed', { cause: { secret } }) }),
    ],
    [
      'the message of an error',
      (log, secret) => log.error({ err: new Error(`failed on ${String(secret)}`) }),
    ],
    [
      'the cause of an error of ours',
      (log, secret) =>
        log.error({
          err: new AppError('internal', {}, { cause: Object.assign(new Error('x'), { secret }) }),
        }),
    ],
    ['what a child logger carries', (log, secret) => log.child({ secret }).info('plain')],
  ])('does not show a redacted value that got into %s', (_, write) => {
    const { log, lines } = recordingLogger('trace');
    write(log, new Redacted(SECRET));
    write(log, new Redacted({ inner: SECRET }));
    write(log, new Redacted(Buffer.from(SECRET)));
    expect(lines).toHaveLength(3);
    const text = lines.join('');
    for (const form of [
      SECRET,
      Buffer.from(SECRET).toString('base64'),
      Buffer.from(SECRET).toString('hex'),
    ]) {
      expect(text).not.toContain(form);
    }
    expect(text).not.toContain([...Buffer.from(SECRET)].join(','));
  });
});

function recordingLogger(level: string): { log: Logger; lines: string[] } {
  const lines: string[] = [];
  return { log: createLogger(level, { write: (line) => void lines.push(line) }), lines };
}
