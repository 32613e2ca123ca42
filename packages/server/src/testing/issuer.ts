import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';

type SigningKey = { kid: string; alg: string; privateKey: CryptoKey; jwk: JWK };

/** An issuer of identity tokens on loopback, with a discovery document and keys that can be changed. */
export class Issuer implements AsyncDisposable {
  readonly url: string;
  /** The paths that were asked for. */
  readonly asked: string[] = [];
  /** What is answered instead, by path. */
  readonly answers = new Map<string, { status: number; body: string; headers?: Record<string, string> }>();
  readonly #server: Server;
  #keys: SigningKey[] = [];

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(): Promise<Issuer> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const issuer = new Issuer(server);
    server.on('request', ({ url = '' }, response) => {
      issuer.asked.push(url);
      const { status, body, headers } = issuer.answers.get(url) ?? issuer.#answer(url);
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
    });
    await issuer.rotate('ES256');
    return issuer;
  }

  /** The keys that there were go, a new one comes. */
  async rotate(alg: string): Promise<void> {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
    const kid = `key-${this.asked.length}-${this.#keys.length}-${alg}`;
    this.#keys = [{ kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } }];
  }

  /** Seconds since 1970 in `iat` and `exp`. */
  async token(claims: Record<string, unknown>, header: Record<string, string> = {}): Promise<string> {
    const [key] = this.#keys;
    if (key === undefined) throw new Error('the issuer has no key');
    return await new SignJWT(claims)
      .setProtectedHeader({ alg: key.alg, kid: key.kid, ...header })
      .sign(key.privateKey);
  }

  /** The public key, as everyone can have it. */
  get publicJwk(): JWK | undefined {
    return this.#keys[0]?.jwk;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #answer(path: string): { status: number; body: string; headers?: Record<string, string> } {
    if (path === '/.well-known/openid-configuration') {
      return { status: 200, body: JSON.stringify({ issuer: this.url, jwks_uri: `${this.url}/keys` }) };
    }
    return path === '/keys'
      ? { status: 200, body: JSON.stringify({ keys: this.#keys.map(({ jwk }) => jwk) }) }
      : { status: 404, body: '{}' };
  }
}
