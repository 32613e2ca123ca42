/**
 * A reason not to start. The message is one clear line that says what is wrong and what to do; it names settings and
 * files, never their secret contents.
 */
export class StartError extends Error {
  override readonly name = 'StartError';
}
