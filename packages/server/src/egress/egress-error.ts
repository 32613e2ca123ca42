/** Why a request had no answer, or not all of it, as a sentence for whoever asked for it. */
const SENTENCES = {
  /** The rules forbid it. */
  blocked: 'the address is not one that may be called',
  /** It cannot be sent as it is: a method or a header that is ours to set, or that is none. */
  invalid: 'the request is not one that can be sent',
  /** As many as may be are under way. */
  busy: 'too many requests are under way',
  /** No address for the name, or no connection to any. */
  unreachable: 'there was no answer',
  /** No connection that is encrypted and proves that it leads to the host of the URL. */
  tls: 'the connection could not be made secure',
  /** Of the head of the answer, or of more of its body. */
  timeout: 'there was no answer in time',
  /** By whoever asked for it. */
  aborted: 'the request was given up',
  /** The connection ended too early. */
  interrupted: 'the connection ended before the answer did',
  /** What came is not HTTP, or another protocol. */
  malformed: 'the answer is not valid HTTP',
  too_large: 'the answer is too large',
  status: 'the answer was not 200',
} as const;

export type EgressReason = keyof typeof SENTENCES;

export class EgressError extends Error {
  override readonly name = 'EgressError';
  readonly reason: EgressReason;
  /** Whether any byte of the request may have left. */
  readonly sent: boolean;

  constructor(reason: EgressReason, { sent, cause }: { sent: boolean; cause?: unknown }) {
    super(SENTENCES[reason], cause === undefined ? {} : { cause });
    this.reason = reason;
    this.sent = sent;
  }
}
