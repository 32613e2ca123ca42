import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { PostgresAddress } from '../postgres-address.ts';

/**
 * A database behind a network that takes its time, and that counts how often a connection went there and back: what is sent
 * after an answer came is another round trip.
 */
export class DistantDatabase implements AsyncDisposable {
  readonly #listener: Server;
  readonly #sockets = new Set<Socket>();
  readonly #address: PostgresAddress;
  #roundTrips = 0;

  private constructor(address: PostgresAddress, oneWayMs: number) {
    this.#address = address;
    this.#listener = createServer((near) => this.#forward(near, oneWayMs));
  }

  static async start(address: PostgresAddress, { oneWayMs = 5 } = {}): Promise<DistantDatabase> {
    const distant = new DistantDatabase(address, oneWayMs);
    distant.#listener.listen(0, '127.0.0.1');
    await once(distant.#listener, 'listening');
    return distant;
  }

  get address(): PostgresAddress {
    return { ...this.#address, host: '127.0.0.1', port: (this.#listener.address() as AddressInfo).port };
  }

  /** How many `work` takes, on all connections. */
  async roundTripsOf(work: () => Promise<unknown>): Promise<number> {
    const before = this.#roundTrips;
    await work();
    return this.#roundTrips - before;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#listener.close();
    await once(this.#listener, 'close');
  }

  #forward(near: Socket, oneWayMs: number): void {
    const far = connect({ host: this.#address.host, port: this.#address.port, noDelay: true });
    near.setNoDelay(true);
    let isAnswered = true;
    near.on('data', (sent) => {
      if (isAnswered) this.#roundTrips += 1;
      isAnswered = false;
      setTimeout(() => far.write(sent), oneWayMs);
    });
    far.on('data', (answer) => {
      setTimeout(() => {
        isAnswered = true;
        near.write(answer);
      }, oneWayMs);
    });
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
  }
}
