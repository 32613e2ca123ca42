import {
  answerSchema,
  ENDPOINTS,
  problem,
  takesBody,
  type Endpoint,
  type EndpointId,
} from '@coffer/contract';
import type { ErrorCode } from '@coffer/core';

export type Answer = {
  status: number;
  headers: Headers;
  /** any: tests look into it as they expect it to be. */
  body: any;
  text: string;
};

/**
 * Calls a server as programs do, over HTTP, from the contract's table. Every answer is parsed with its strict schema,
 * or with that of a problem, so each test checks them too.
 */
export class Client {
  readonly url: string;
  token: string | undefined;
  uid = '';
  username = '';

  constructor(url: string, token?: string) {
    this.url = url;
    this.token = token;
  }

  async call(
    id: EndpointId,
    input: Record<string, unknown> = {},
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const definition: Endpoint = ENDPOINTS[id];
    const answer = await this.send(definition.method, definition.path, { input, headers });
    if (answer.status < 400) answerSchema(definition).parse(answer.body);
    else problem.parse(answer.body);
    return answer;
  }

  /** The body of a success. Fails when it was none. */
  async ok(id: EndpointId, input: Record<string, unknown> = {}): Promise<any> {
    const { status, body, text } = await this.call(id, input);
    if (status >= 400) throw new Error(`${id} was refused: ${text}`);
    return body;
  }

  /** The code of a refusal. Fails when it was none. */
  async refused(id: EndpointId, input: Record<string, unknown> = {}): Promise<ErrorCode> {
    const { status, body } = await this.call(id, input);
    if (status < 400) throw new Error(`${id} was not refused`);
    return body.code;
  }

  async signIn(id: 'setup' | 'user_login', input: Record<string, unknown>): Promise<void> {
    const { token, user } = await this.ok(id, input);
    this.token = token;
    this.uid = user.uid;
    this.username = user.username;
  }

  /** Any request; `input` goes into the query or the body as the method has it, `body` as it is in its place. */
  async send(
    method: string,
    path: string,
    {
      input = {},
      headers = {},
      body,
    }: {
      input?: Record<string, unknown>;
      headers?: Record<string, string>;
      body?: string | Uint8Array<ArrayBuffer>;
    } = {},
  ): Promise<Answer> {
    const inBody = takesBody({ method } as Endpoint);
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(inBody ? {} : input)) {
      if (value !== undefined) query.append(name, typeof value === 'string' ? value : JSON.stringify(value));
    }
    const response = await fetch(`${this.url}${path}${query.size === 0 ? '' : `?${query.toString()}`}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(this.token === undefined ? {} : { authorization: `Bearer ${this.token}` }),
        ...(inBody ? { 'content-type': 'application/json' } : {}),
        ...headers,
      },
      ...(inBody || body !== undefined ? { body: body ?? JSON.stringify(input) } : {}),
    });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: isJson && text !== '' ? JSON.parse(text) : undefined,
    };
  }
}
