import type { LookupAddress } from 'node:dns';
import { once } from 'node:events';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { EgressError } from './egress-error.ts';

/** Every address of a name, the first to be tried first. */
export type Lookup = (hostname: string) => Promise<readonly LookupAddress[]>;

export type DialTarget = {
  /** A name, or an address without brackets. */
  host: string;
  port: number;
  lookup: Lookup;
  isAllowed: (address: string) => boolean;
  /** Undefined: not encrypted. `ca` stands in the place of the certificate authorities that are known to all. */
  tls: { ca?: string | undefined } | undefined;
  timeoutMs: number;
};

/**
 * A connection to an address that was checked, proved to lead to the host when it is encrypted, over which nothing has
 * been sent of any request. Fails with an EgressError.
 *
 * The name is asked for once. Each of its addresses must be allowed: with one that is not, something is wrong with the
 * name. One of these very addresses is dialled, and the one that answered is checked once more before TLS begins.
 */
export async function dial(target: DialTarget): Promise<Socket> {
  const { host, isAllowed, tls } = target;
  const signal = AbortSignal.timeout(target.timeoutMs);
  const addresses = await resolve(target, signal);
  if (!addresses.every(({ address }) => isAllowed(address)))
    throw new EgressError('blocked', { sent: false });
  const plain = connect({
    host,
    port: target.port,
    noDelay: true,
    autoSelectFamily: true,
    lookup: (_, { all }, callback) => {
      const [first] = addresses;
      if (all === true) callback(null, [...addresses]);
      else callback(null, first?.address ?? '', first?.family);
    },
  });
  await settled(plain, 'connect', signal);
  if (!isAllowed(plain.remoteAddress ?? '')) {
    plain.destroy();
    throw new EgressError('blocked', { sent: false });
  }
  return tls === undefined ? plain : await encrypted(plain, host, tls.ca, signal);
}

/** A text that is an address takes the same way as a name that has it. */
async function resolve({ host, lookup }: DialTarget, signal: AbortSignal): Promise<readonly LookupAddress[]> {
  const family = isIP(host);
  if (family !== 0) return [{ address: host, family }];
  const addresses = await new Promise<readonly LookupAddress[]>((found, reject) => {
    signal.addEventListener('abort', () => reject(new EgressError('timeout', { sent: false })));
    lookup(host).then(found, (cause: unknown) =>
      reject(new EgressError('unreachable', { sent: false, cause })),
    );
  });
  if (addresses.length === 0) throw new EgressError('unreachable', { sent: false });
  return addresses;
}

async function encrypted(
  socket: Socket,
  host: string,
  ca: string | undefined,
  signal: AbortSignal,
): Promise<Socket> {
  const secure = connectTls({
    socket,
    host,
    // An address is no server name; the certificate has to name it all the same, as `host`.
    servername: isIP(host) === 0 ? host : '',
    // Said here, NODE_TLS_REJECT_UNAUTHORIZED cannot say otherwise.
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['http/1.1'],
    ...(ca === undefined ? {} : { ca }),
  });
  await settled(secure, 'secureConnect', signal);
  return secure;
}

async function settled(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  signal: AbortSignal,
): Promise<void> {
  // It may fail at a moment when nobody waits for it: who uses it next will see that it is closed.
  socket.on('error', () => undefined);
  try {
    await once(socket, event, { signal });
  } catch (cause) {
    socket.destroy();
    if (signal.aborted) throw new EgressError('timeout', { sent: false });
    throw new EgressError(event === 'connect' ? 'unreachable' : 'tls', { sent: false, cause });
  }
}
