import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/**
 * Sends requests and measures, in a process of its own: `fork` it and send it a `Load`. It writes raw HTTP on keep-alive
 * connections, each with one request under way, so that it costs little beside what it measures.
 */
export type Load = {
  /** `host:port` of one or more servers; connections are dealt out in turn. */
  servers: readonly string[];
  connections: number;
  milliseconds: number;
  /** A whole request; every `{key}` in it becomes a key. */
  request: string;
  /** Numbered from `first`; `random` among `count`, or `next`, each once. */
  keys: { first: number; count: number; order: 'random' | 'next' };
};

export type LoadResult = {
  answers: number;
  elapsedMs: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
  slowest: number;
  cpuMs: number;
  /** Keys that `next` has used up. */
  used: number;
};

const HEAD_END = '\r\n\r\n';
const KEY_DIGITS = 9;

export function keyOf(index: number): string {
  return `KEY_${String(index).padStart(KEY_DIGITS, '0')}`;
}

export async function generate(load: Load): Promise<LoadResult> {
  const parts = load.request.split('{key}');
  const latencies: number[] = [];
  let used = 0;
  let random = 1;
  const nextRequest = (): string => {
    if (parts.length === 1) return load.request;
    // A small generator of its own: the same keys in each round, at no cost.
    random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
    const step = load.keys.order === 'next' ? used : random % load.keys.count;
    used += 1;
    return parts.join(keyOf(load.keys.first + step));
  };
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  const end = startedAt + load.milliseconds;
  await Promise.all(
    Array.from({ length: load.connections }, async (_, index) => {
      const server = load.servers[index % load.servers.length] ?? '';
      await hammer(server, { nextRequest, end, latencies });
    }),
  );
  const elapsedMs = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpuBefore);
  const sorted = Float64Array.from(latencies).toSorted();
  const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
  return {
    answers: sorted.length,
    elapsedMs,
    p50: at(0.5),
    p99: at(0.99),
    slowest: at(1),
    cpuMs: (user + system) / 1000,
    used,
  };
}

async function hammer(
  server: string,
  { nextRequest, end, latencies }: { nextRequest: () => string; end: number; latencies: number[] },
): Promise<void> {
  const [host, port] = server.split(':');
  const socket = connect(Number(port), host).setNoDelay();
  await once(socket, 'connect');
  let sentAt = 0;
  const send = (): void => {
    sentAt = performance.now();
    socket.write(nextRequest());
  };
  onAnswer(socket, () => {
    const now = performance.now();
    latencies.push(now - sentAt);
    if (now < end) send();
    else socket.destroy();
  });
  send();
  await once(socket, 'close');
}

/** Fails the process when an answer is no success: a refusal costs less than what is measured. */
function onAnswer(socket: Socket, answered: () => void): void {
  let pending: Buffer | undefined;
  let missing = 0;
  socket.on('error', (error) => {
    throw error;
  });
  socket.on('data', (chunk: Buffer) => {
    if (missing > 0) {
      missing -= chunk.length;
    } else {
      const bytes = pending === undefined ? chunk : Buffer.concat([pending, chunk]);
      const head = bytes.indexOf(HEAD_END);
      if (head === -1) {
        pending = bytes;
        return;
      }
      pending = undefined;
      const text = bytes.toString('latin1', 0, head);
      if (!text.startsWith('HTTP/1.1 20')) throw new Error(bytes.toString('latin1', 0, 500));
      const length = /content-length: (\d+)/i.exec(text)?.[1];
      if (length === undefined) throw new Error(`an answer without a length: ${text}`);
      missing = head + HEAD_END.length + Number(length) - bytes.length;
    }
    if (missing === 0) answered();
  });
}

process.on('message', (load: Load) => {
  void generate(load).then((result) => process.send?.(result));
});
