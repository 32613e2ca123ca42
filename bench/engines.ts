import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PostgresCluster } from '../packages/server/src/testing/postgres.ts';
import type { Settings } from './coffer.ts';

/** An empty database for one instance. */
export type Database = {
  settings: Settings;
  /** The process of a database server, whose CPU time counts as well. */
  serverPid: number | undefined;
  remove(): Promise<void>;
};

export type Engine = {
  /** How many servers over one database are measured. */
  nodes: readonly number[];
  create(): Promise<Database>;
};

export const ENGINES = {
  sqlite: {
    nodes: [1],
    create: async () => {
      const directory = mkdtempSync(join(tmpdir(), 'coffer-bench-'));
      return {
        settings: { COFFER_DATA_DIR: directory },
        serverPid: undefined,
        remove: async () => rmSync(directory, { recursive: true, force: true }),
      };
    },
  },
  postgres: {
    nodes: [1, 2],
    create: async () => {
      const directory = mkdtempSync(join(tmpdir(), 'coffer-bench-'));
      const cluster = await PostgresCluster.start();
      return {
        settings: { COFFER_DATA_DIR: directory, COFFER_DATABASE_URL: cluster.url() },
        serverPid: cluster.pid,
        remove: async () => {
          await cluster[Symbol.asyncDispose]();
          rmSync(directory, { recursive: true, force: true });
        },
      };
    },
  },
} satisfies Record<string, Engine>;

export type EngineName = keyof typeof ENGINES;
