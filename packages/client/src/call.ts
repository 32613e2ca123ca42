export type CallOptions = {
  signal?: AbortSignal | undefined;
  /** For the whole call, its retries and waits included. */
  timeoutMs?: number | undefined;
};

/** `who`: whether the call needs a token. It is not sent to those that do not. */
export type EndpointLine = readonly [
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  who: 'anyone' | 'signed_in',
];
