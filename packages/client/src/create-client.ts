import { ValueCache, type CacheOptions } from './cache.ts';
import { callRoute, type RouteCall } from './call-route.ts';
import type { CallOptions, EndpointLine } from './call.ts';
import { ENDPOINTS, type Api } from './endpoints.generated.ts';
import { createTransport, type AnyInput, type Fetch, type Token, type Transport } from './transport.ts';
import { cacheName, openVault, type Vault } from './vault.ts';

export type ClientOptions = {
  /** Of the server, as in `https://vault.example.org`. */
  url: string | URL;
  /** Or a function that is asked before each call, so that a token may be refreshed. */
  token?: Token | undefined;
  /** In the place of the global one. */
  fetch?: Fetch | undefined;
  /** How long a call may take, its retries and waits included. Default: 10,000. */
  timeoutMs?: number | undefined;
  /** How often a call is repeated that failed in passing. Default: 2. */
  retries?: number | undefined;
  /** Keeps values for `get` in memory, until the token is another one or the server refuses. Off unless given. */
  cache?: CacheOptions | undefined;
};

export type Client = {
  /** A method for each endpoint. */
  readonly api: Api;
  /**
   * Calls a route, as `call('/x/shop/charges/ch_1')`: what the outside API answers, whatever its status. It is sent once;
   * `timeoutMs` is for the time until the answer begins. Fails with a CofferError when Coffer refuses the call.
   */
  call(path: string, call?: RouteCall): Promise<Response>;
  /** The entries of one environment of a project. */
  vault(projectId: string, environment?: string): Vault;
};

const TIMEOUT_MS = 10_000;
const RETRIES = 2;

/** Makes a client; nothing is sent yet. Fails with a TypeError when the options make no sense. */
export function createClient(options: ClientOptions): Client {
  const { token, fetch = globalThis.fetch, timeoutMs = TIMEOUT_MS, retries = RETRIES } = options;
  if (!(timeoutMs > 0)) throw new TypeError('timeoutMs must be more than 0');
  if (!Number.isInteger(retries) || retries < 0)
    throw new TypeError('retries must be a whole number from 0 on');
  const cache = options.cache && new ValueCache(options.cache);
  const transport = createTransport({
    baseUrl: baseUrlOf(options.url),
    token,
    // Browsers want to see it called on the window.
    fetch: async (url, init) => await fetch(url, init),
    timeoutMs,
    retries,
    // What one token has read is not for the next one.
    onTokenChange: () => cache?.forget(),
    onRefusal: ({ code }, { project_id, environment, key }) => {
      if (code === 'version_not_found') return;
      if (code !== 'entry_not_found') cache?.forget();
      else cache?.forget(cacheName({ project_id, environment }, key));
    },
  });
  const api = createApi(transport);
  return {
    api,
    call: async (path, call) => await callRoute(transport, path, call),
    vault: (projectId, environment = 'default') =>
      openVault({ api, transport, cache, place: { project_id: projectId, environment } }),
  };
}

/** The url is not repeated in the error: a password may have been put into it. */
function baseUrlOf(url: string | URL): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) {
    throw new TypeError('url must be an http or https URL, as in https://vault.example.org');
  }
  if (parsed.username !== '' || parsed.password !== '') {
    throw new TypeError('url must not hold a user name or a password: give a token');
  }
  if (parsed.search !== '' || parsed.hash !== '')
    throw new TypeError('url must not have a query or a fragment');
  return `${parsed.origin}${parsed.pathname.replace(/\/+$/, '')}`;
}

/** `/vault/fetch/one` becomes `vault.fetchOne`. */
function createApi(transport: Transport): Api {
  const api: Record<string, unknown> = {};
  for (const endpoint of Object.values<EndpointLine>(ENDPOINTS)) {
    const method = async (input: AnyInput = {}, options?: CallOptions): Promise<unknown> =>
      await transport.call(endpoint, input, options);
    const [noun = '', verb, ...rest] = endpoint[1].split('/').slice(1);
    if (verb === undefined) api[noun] = method;
    else ((api[noun] ??= {}) as Record<string, unknown>)[camel(verb, rest)] = method;
  }
  return api as Api;
}

function camel(first: string, rest: readonly string[]): string {
  return first + rest.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join('');
}
