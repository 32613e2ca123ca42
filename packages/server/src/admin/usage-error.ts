/** The words behind `coffer admin` say nothing that can be done. The message repeats none of them that could be a secret. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
