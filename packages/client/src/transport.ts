import { backoffMs } from './backoff.ts';
import type { CallOptions, EndpointLine } from './call.ts';
import { Deadline } from './deadline.ts';
import { CofferError } from './error.ts';
import { readAnswer, readProblem } from './answer.ts';
import { readText } from './read-text.ts';

export type Token = string | (() => string | Promise<string>);

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export type TransportOptions = {
  /** Without a slash at its end. */
  baseUrl: string;
  token: Token | undefined;
  fetch: Fetch;
  timeoutMs: number;
  retries: number;
  /** The next call goes out with another token than the last one. */
  onTokenChange?: (() => void) | undefined;
  /** The server said 401, 403 or 404. */
  onRefusal?: ((error: CofferError, input: AnyInput) => void) | undefined;
};

/** Whatever an endpoint takes. */
export type AnyInput = Readonly<Record<string, unknown>>;

export type Transport = {
  /** The body of a success. Fails with a CofferError. */
  call(endpoint: EndpointLine, input: AnyInput, options?: CallOptions): Promise<unknown>;
  /** The answer as soon as its headers are there, tried once; whoever asks reads and ends it. Fails with a CofferError. */
  open(endpoint: EndpointLine, input: AnyInput, options: OpenOptions): Promise<Response>;
  /** What an outside API answers to the call of a route, as soon as its headers are there. Fails with a CofferError. */
  callRoute(request: Outgoing, options: CallOptions): Promise<Response>;
  /** Asks for the token as a call does, so that a change of it is known. Fails with a CofferError. */
  lookAtToken(options?: CallOptions): Promise<void>;
};

type OpenOptions = { deadline: Deadline; headers: Readonly<Record<string, string>> };

/** A request before the token is added. `path` begins behind the base URL, and has the query. */
export type Outgoing = {
  method: string;
  path: string;
  headers: Readonly<Record<string, string>>;
  body?: string | undefined;
};

/** What every token is made of: anything else would break the header, and the platform would repeat it in its error. */
const TOKEN = /^[\w.~+/-]+=*$/;

/** The codes with which Coffer answers 429 and 503. */
export const PASSING_CODES: Readonly<Record<string, number>> = {
  too_many_attempts: 429,
  too_many_calls: 429,
  too_many_watchers: 429,
  store_unavailable: 503,
  audit_unavailable: 503,
  issuer_unavailable: 503,
  overloaded: 503,
  not_ready: 503,
};

/** On each answer of Coffer itself to the call of a route, and on none of an outside API. */
const ROUTE_ERROR_HEADER = 'x-coffer-route-error';

/** Whoever is to wait for longer is told at once, even when they set no time. */
const RETRY_WAIT_MS_MAX = 300_000;
/** A page of the longest values, each byte of them escaped, has 40 MB. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;
const REFUSAL_BYTES_MAX = 1024 * 1024;

/** Calls over HTTP. The token lives in here, out of reach of whatever prints or serialises a client. */
export function createTransport(options: TransportOptions): Transport {
  const transport = { ...options, onToken: tokenWatcher(options.onTokenChange) };
  const refused = (problem: CofferError, input: AnyInput): CofferError => {
    if ([401, 403, 404].includes(problem.status ?? 0)) options.onRefusal?.(problem, input);
    return problem;
  };
  const problemOf = async (
    { response, token }: Sent,
    deadline: Deadline,
    input: AnyInput,
  ): Promise<CofferError> => {
    const text = await reading(deadline, async () => await readText(response, REFUSAL_BYTES_MAX));
    return refused(readProblem(response, text, token), input);
  };
  return {
    async call(endpoint, input, { signal, timeoutMs = transport.timeoutMs } = {}) {
      const deadline = new Deadline(timeoutMs, signal);
      try {
        return await withRetries(endpoint[0], transport.retries, deadline, async () => {
          const sent = await sendTo(transport, endpoint, input, { deadline, headers: {} });
          if (!sent.response.ok) throw await problemOf(sent, deadline, input);
          const { response } = sent;
          return readAnswer(
            response,
            await reading(deadline, async () => await readText(response, ANSWER_BYTES_MAX)),
          );
        });
      } finally {
        deadline.release();
      }
    },
    async open(endpoint, input, options) {
      const sent = await sendTo(transport, endpoint, input, options);
      if (sent.response.ok) return sent.response;
      throw await problemOf(sent, options.deadline, input);
    },
    async callRoute(request, { signal, timeoutMs = transport.timeoutMs }) {
      const deadline = new Deadline(timeoutMs, signal);
      try {
        const token = await currentToken(transport, deadline);
        const { response } = await send(transport, request, { token, deadline, signal });
        if (!response.headers.has(ROUTE_ERROR_HEADER)) return response;
        const text = await reading(deadline, async () => await readText(response, REFUSAL_BYTES_MAX));
        throw readProblem(response, text, token);
      } catch (error) {
        throw deadline.error ?? error;
      } finally {
        deadline.release();
      }
    },
    async lookAtToken({ signal, timeoutMs = transport.timeoutMs } = {}) {
      const deadline = new Deadline(timeoutMs, signal);
      try {
        await currentToken(transport, deadline).catch((error: unknown) => {
          throw deadline.error ?? error;
        });
      } finally {
        deadline.release();
      }
    },
  };
}

/** The token of the last call is kept in here alone. */
function tokenWatcher(onChange: () => void = () => undefined): (token: string | undefined) => void {
  let last: string | undefined;
  return (token) => {
    if (token === last) return;
    last = token;
    onChange();
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
      if (waitMs >= Math.min(deadline.remainingMs, RETRY_WAIT_MS_MAX)) throw error;
      await deadline.wait(waitMs);
    }
  }
}

/**
 * Reads are repeated when the network fails. A change is not, since it may have been made; but Coffer answers 429 and
 * 503 before it does anything. What only passes for its answer, such as that of a proxy, promises nothing: what counts are
 * the codes of its table.
 */
function mayRetry({ code, status }: CofferError, method: EndpointLine[0]): boolean {
  if (code === 'network_error') return method === 'GET';
  if (status !== 429 && status !== 503) return false;
  return method === 'GET' || (Object.hasOwn(PASSING_CODES, code) && PASSING_CODES[code] === status);
}

type Sent = { response: Response; token: string | undefined };
type TokenSource = Pick<TransportOptions, 'token'> & { onToken: (token: string | undefined) => void };

async function sendTo(
  transport: TransportOptions & TokenSource,
  [method, path, who]: EndpointLine,
  input: AnyInput,
  { deadline, headers }: OpenOptions,
): Promise<Sent> {
  const token = who === 'anyone' ? undefined : await currentToken(transport, deadline);
  const inBody = method === 'POST' || method === 'PATCH';
  const request = {
    method,
    path: `${path}${inBody ? '' : queryOf(input)}`,
    headers: { accept: 'application/json', ...headers },
    body: inBody ? JSON.stringify(input) : undefined,
  };
  return await send(transport, request, { token, deadline });
}

/** The deadline ends it until its headers are there, and the signal also what comes behind them. */
async function send(
  { baseUrl, fetch }: TransportOptions,
  { method, path, headers, body }: Outgoing,
  {
    token,
    deadline,
    signal,
  }: { token: string | undefined; deadline: Deadline; signal?: AbortSignal | undefined },
): Promise<Sent> {
  const response = await reading(
    deadline,
    async () =>
      await fetch(`${baseUrl}${path}`, {
        method,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body }),
        signal: signal === undefined ? deadline.signal : AbortSignal.any([deadline.signal, signal]),
        // The token is for this server, not for where it may point to.
        redirect: 'manual',
        credentials: 'omit',
      }),
  );
  return { response, token };
}

async function currentToken(
  { token: source, onToken }: TokenSource,
  deadline: Deadline,
): Promise<string | undefined> {
  const token = typeof source === 'function' ? await deadline.race(Promise.resolve(source())) : source;
  if (token !== undefined && !TOKEN.test(token)) {
    throw new CofferError(
      'token_invalid',
      'The token has characters that no token has, such as a line break at its end.',
    );
  }
  onToken(token);
  return token;
}

/** Work on the network: fails with `timeout`, `aborted`, `network_error` or a CofferError of its own. */
async function reading<T>(deadline: Deadline, work: () => Promise<T>): Promise<T> {
  try {
    return await deadline.race(work());
  } catch (error) {
    throw deadline.error ?? (error instanceof CofferError ? error : networkError(error));
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

export function queryOf(input: AnyInput): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(input)) {
    if (value !== undefined) query.set(name, typeof value === 'string' ? value : JSON.stringify(value));
  }
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}
