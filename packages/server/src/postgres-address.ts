import type { Redacted } from '@coffer/core';

/** Where a PostgreSQL database is, and how to get there. */
export type PostgresAddress = {
  /** A name, an address, or the directory of a socket. */
  host: string;
  port: number;
  database: string;
  user: string;
  /** Undefined: the database asks for none. */
  password: Redacted<string> | undefined;
  /** Undefined: in plain text. */
  tls:
    | {
        /** Of the server's certificate: nothing, that a CA signed it, or also that it is for this host. */
        verify: 'nothing' | 'ca' | 'full';
        /** PEM. Undefined: the CAs that Node knows. */
        ca: string | undefined;
        /** What the server knows us by; PEM. */
        client: { cert: string; key: Redacted<string> } | undefined;
      }
    | undefined;
};
