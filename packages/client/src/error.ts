import type { ErrorCode } from './endpoints.generated.ts';

/**
 * What went wrong on the way, beside what the server answers with. After `network_error` and `timeout` it is unknown
 * whether a change was made.
 */
export type ClientErrorCode =
  | 'network_error'
  | 'timeout'
  | 'aborted'
  /** What came back is no answer of Coffer. */
  | 'answer_invalid';

/** One invalid field: `path` is its name (dots between levels), `message` the rule that it broke. */
export type FieldError = { path: string; message: string };

type Details = {
  status?: number | undefined;
  requestId?: string | undefined;
  errors?: readonly FieldError[] | undefined;
  retryAfterSeconds?: number | undefined;
};

/** The one error of the client. It holds neither the token nor a value. */
export class CofferError extends Error {
  override readonly name = 'CofferError';
  /** A newer server may answer with codes that this version does not know. */
  readonly code: ErrorCode | ClientErrorCode | (string & Record<never, never>);
  /** Of HTTP; undefined when there was no answer. */
  readonly status: number | undefined;
  readonly requestId: string | undefined;
  /** Every invalid field; empty unless the code is about fields. */
  readonly errors: readonly FieldError[];
  readonly retryAfterSeconds: number | undefined;

  constructor(code: CofferError['code'], message: string, details: Details = {}) {
    super(message);
    this.code = code;
    this.status = details.status;
    this.requestId = details.requestId;
    this.errors = details.errors ?? [];
    this.retryAfterSeconds = details.retryAfterSeconds;
  }
}
