export type Engine = 'sqlite' | 'postgres';

/** The store engine that this run of a test file is for: see vitest.config.ts. */
export const ENGINE: Engine = process.env['TEST_ENGINE'] === 'postgres' ? 'postgres' : 'sqlite';

/** For the titles of tests of the server, which name the engine. A file that has them runs once for each engine. */
export const ENGINES: readonly [Engine] = [ENGINE];
