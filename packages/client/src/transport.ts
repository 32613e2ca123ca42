import { backoffMs } from './backoff.ts';
import type { CallOptions, EndpointLine } from './call.ts';
import { Deadline } from './deadline.ts';
import { CofferError } from './error.ts';
import { readAnswer, readProblem } from './answer.ts';

export type Token = string | (() => string | Promise<string>);

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export type TransportOptions = {
  /** Without a slash at its end. */
  baseUrl: string;
  token: Token | undefined;
  fetch: Fetch;
  timeoutMs: number;
  retries: number;
};

/** Whatever an endpoint takes. */
export type AnyInput = Readonly<Record<string, unknown>>;

export type Transport = {
  /** The body of a success. Fails with a CofferError. */
  call(endpoint: EndpointLine, input: AnyInput, options?: CallOptions): Promise<unknown>;
  /** The answer as soon as its headers are there, tried once; whoever asks reads and ends it. Fails with a CofferError. */
  open(endpoint: EndpointLine, input: AnyInput, options: OpenOptions): Promise<Response>;
};

type OpenOptions = { deadline: Deadline; headers: Readonly<Record<string, string>> };

/** What every token is made of: anything else would break the header, and the platform would repeat it in its error. */
const TOKEN = /^[\w.~+/-]+=*$/;

/** Calls over HTTP. The token lives in here, out of reach of whatever prints or serialises a client. */
export function createTransport(transport: TransportOptions): Transport {
  return {
    async call(endpoint, input, { signal, timeoutMs = transport.timeoutMs } = {}) {
      const deadline = new Deadline(timeoutMs, signal);
      try {
        return await withRetries(endpoint[0], transport.retries, deadline, async () => {
          const { response, token } = await send(transport, endpoint, input, { deadline, headers: {} });
          const text = await reading(deadline, async () => await response.text());
          return readAnswer(response, text, token);
        });
      } finally {
        deadline.release();
      }
    },
    async open(endpoint, input, options) {
      const { response, token } = await send(transport, endpoint, input, options);
      if (response.ok) return response;
      const text = await reading(options.deadline, async () => await response.text());
      throw readProblem(response, text, token);
    },
  };
}

async function withRetries<T>(
  method: EndpointLine[0],
  retries: number,
  deadline: Deadline,
  attempt: () => Promise<T>,
): Promise<T> {
  for (let failures = 0; ; failures += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof CofferError) || failures >= retries || !mayRetry(error, method)) throw error;
      const waitMs = (error.retryAfterSeconds ?? 0) * 1000 + backoffMs(failures);
      // Whoever called learns now what they would learn then, and when it is worth another try.
      if (waitMs >= deadline.remainingMs) throw error;
      await deadline.wait(waitMs);
    }
  }
}

/**
 * Reads are repeated when the network fails. A change is not, since it may have been made; but Coffer answers 429 and
 * 503 before it does anything. What only passes for its answer, such as that of a proxy, promises nothing.
 */
function mayRetry({ code, status }: CofferError, method: EndpointLine[0]): boolean {
  if (code === 'network_error') return method === 'GET';
  if (status !== 429 && status !== 503) return false;
  return method === 'GET' || code !== 'answer_invalid';
}

async function send(
  { baseUrl, token: source, fetch }: TransportOptions,
  [method, path, who]: EndpointLine,
  input: AnyInput,
  { deadline, headers }: OpenOptions,
): Promise<{ response: Response; token: string | undefined }> {
  const token = who === 'anyone' ? undefined : await currentToken(source, deadline);
  const inBody = method === 'POST' || method === 'PATCH';
  const response = await reading(
    deadline,
    async () =>
      await fetch(`${baseUrl}${path}${inBody ? '' : queryOf(input)}`, {
        method,
        headers: {
          accept: 'application/json',
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(inBody ? { 'content-type': 'application/json' } : {}),
          ...headers,
        },
        ...(inBody ? { body: JSON.stringify(input) } : {}),
        signal: deadline.signal,
        // The token is for this server, not for where it may point to.
        redirect: 'manual',
        credentials: 'omit',
      }),
  );
  return { response, token };
}

async function currentToken(source: Token | undefined, deadline: Deadline): Promise<string | undefined> {
  if (source === undefined) return undefined;
  const token = typeof source === 'string' ? source : await deadline.race(Promise.resolve(source()));
  if (TOKEN.test(token)) return token;
  throw new CofferError(
    'token_invalid',
    'The token has characters that no token has, such as a line break at its end.',
  );
}

/** Work on the network: fails with `timeout`, `aborted` or `network_error`. */
async function reading<T>(deadline: Deadline, work: () => Promise<T>): Promise<T> {
  try {
    return await deadline.race(work());
  } catch (error) {
    throw deadline.error ?? networkError(error);
  }
}

/** With the platform's word for it, as in ECONNREFUSED, and nothing else: messages repeat what was sent. */
function networkError(error: unknown): CofferError {
  const { code, cause } = error as { code?: unknown; cause?: { code?: unknown } };
  const words = [cause?.code, code].filter((word) => typeof word === 'string');
  const word = words.find((text) => /^[A-Z_]{3,40}$/.test(text));
  const why = word === undefined ? '' : ` (${word})`;
  return new CofferError('network_error', `The server cannot be reached, or broke off its answer${why}.`);
}

function queryOf(input: AnyInput): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(input)) {
    if (value !== undefined) query.set(name, typeof value === 'string' ? value : JSON.stringify(value));
  }
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}
