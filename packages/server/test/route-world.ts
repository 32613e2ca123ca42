import type { Role } from '@coffer/core';
import { ScriptedServer, type Reply } from '../src/testing/scripted-server.ts';
import { Client } from '../src/testing/client.ts';
import { startTestServer, type TestOptions, type TestServer } from '../src/testing/server.ts';

/** What no caller may see. Each character of it is written differently by some encoding. */
export const SECRET = 'walnut/kestrel+52"&%=';
export const KEY = 'API_KEY';

export type Input = Record<string, unknown>;
export type Called = { status: number; headers: Headers; body: string; code: string | null };

/** A server with a project, an entry that may be sent to an upstream, and that upstream. */
export class RouteWorld implements AsyncDisposable {
  readonly upstream: ScriptedServer;
  readonly server: TestServer;
  owner!: Client;
  root!: Client;
  project_id = '';

  private constructor(upstream: ScriptedServer, server: TestServer) {
    this.upstream = upstream;
    this.server = server;
  }

  /** The upstream answers by the script; without one it says in JSON what it received. */
  static async start(script: readonly Reply[] = [], options: TestOptions = {}): Promise<RouteWorld> {
    const upstream = await ScriptedServer.start(...(script.length === 0 ? [echo] : script));
    const server = await startTestServer({
      ...options,
      config: { egressAllow: [upstream.url], ...options.config },
    });
    const world = new RouteWorld(upstream, server);
    world.root = await server.setUp();
    world.owner = await server.user(world.root, 'ADMIN');
    world.project_id = await server.project(world.owner);
    await world.entry(KEY, SECRET);
    return world;
  }

  async entry(key: string, value: string, allowed_origins = [this.upstream.url]): Promise<void> {
    const entry = { project_id: this.project_id, key };
    await this.owner.ok('vault_create', { ...entry, value });
    await this.owner.ok('vault_allow_origins', { ...entry, allowed_origins });
  }

  /** A definition that sends the secret as a bearer token to `/`; `request` and all else can be changed. */
  definition({ request = {}, ...changes }: Input & { request?: Input } = {}): Input {
    return {
      project_id: this.project_id,
      id: 'route',
      method: 'POST',
      path: '/call',
      ...changes,
      request: {
        origin: this.upstream.url,
        method: 'POST',
        path: '/',
        auth: { type: 'bearer', token: '${{ vault.API_KEY }}' },
        ...request,
      },
    };
  }

  async route(changes?: Input & { request?: Input }): Promise<void> {
    await this.owner.ok('route_create', this.definition(changes));
  }

  async member(role: Role): Promise<Client> {
    const user = await this.server.user(this.root, role);
    await this.owner.ok('project_member_add', { project_id: this.project_id, uid: user.uid });
    return user;
  }

  async serviceToken(permissions: string[], limits: Input = {}): Promise<Client> {
    const request = { kind: 'service', name: 'CI', project_id: this.project_id, permissions, ...limits };
    const { token, access_token: made } = await this.owner.ok('token_create', request);
    const client = new Client(this.server.app.url, token);
    client.uid = made.id;
    return client;
  }

  async invoke(
    caller: Client | undefined,
    {
      path = '/call',
      method = 'POST',
      ...more
    }: {
      path?: string;
      method?: string;
      body?: unknown;
      headers?: Record<string, string>;
      signal?: AbortSignal;
    } = {},
  ): Promise<Called> {
    const answer = await this.open(caller, { path, method, ...more });
    const { status, headers } = answer;
    return { status, headers, body: await answer.text(), code: headers.get('x-coffer-route-error') };
  }

  /** The head of the answer, whose body is still to come. */
  async open(
    caller: Client | undefined,
    {
      path = '/call',
      method = 'POST',
      body,
      headers,
      signal,
    }: {
      path?: string;
      method?: string;
      body?: unknown;
      headers?: Record<string, string>;
      signal?: AbortSignal;
    } = {},
  ): Promise<Response> {
    return await fetch(`${this.server.app.url}/x/p1${path}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(caller?.token === undefined ? {} : { authorization: `Bearer ${caller.token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  }

  /** Until the ends of the calls that were answered are on record. */
  async settled(): Promise<void> {
    await this.server.app.context.runningCalls.settle();
  }

  async calls(id = 'route'): Promise<Input[]> {
    return (await this.owner.ok('route_call_fetch', { project_id: this.project_id, id })).calls;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
    await this.upstream[Symbol.asyncDispose]();
  }
}

/** What was received, in a header and in JSON. */
const echo: Reply = (response, request) => {
  response.setHeader('content-type', 'application/json');
  response.setHeader('x-echo', String(request.headers.authorization));
  response.end(JSON.stringify({ url: request.url, headers: request.headers }));
};
