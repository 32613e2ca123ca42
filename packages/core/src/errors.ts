import { ERRORS, type ErrorCode } from './error-table.ts';

/** One invalid field: `path` is its name (dots between levels), `message` the rule that it broke, never its content. */
export type FieldError = { path: string; message: string };

export type ErrorDetail = Readonly<Record<string, string | number | boolean>>;

/** The one error class. `detail` is shown to the caller; `cause` is for the log only. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly detail: ErrorDetail;
  readonly fields: readonly FieldError[];

  constructor(
    code: ErrorCode,
    detail: ErrorDetail = {},
    options: { cause?: unknown; fields?: readonly FieldError[] } = {},
  ) {
    super(describe(code, detail), options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.detail = detail;
    this.fields = options.fields ?? [];
  }

  get status(): number {
    return ERRORS[this.code].status;
  }
}

/** Fails with `invalid_input` for one field. */
export function invalidField(path: string, message: string): AppError {
  return new AppError('invalid_input', {}, { fields: [{ path, message }] });
}

function describe(code: ErrorCode, detail: ErrorDetail): string {
  return ERRORS[code].detail.replace(/\{(\w+)\}/g, (_, name: string) => String(detail[name] ?? '?'));
}
