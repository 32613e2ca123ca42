/**
 * A reason not to start. The message is one clear line that says what is wrong and what to do; it names settings and
 * files, never their secret contents.
 */
export class StartError extends Error {
  override readonly name = 'StartError';
  /** The reason as anyone may be told it: without files, directories and settings. Undefined: that would say nothing. */
  readonly briefly: string | undefined;

  constructor(message: string, { cause, briefly }: { cause?: unknown; briefly?: string } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.briefly = briefly;
  }
}
