import { globSync, readFileSync } from 'node:fs';
import { defaultServerConditions } from 'vite';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

// Tests run the packages' sources: nothing has to be built first, and a stack trace names the line that failed.
const conditions = ['@coffer/source', ...defaultServerConditions];

const include = ['packages/*/src/**/*.test.ts', 'packages/server/test/**/*.test.ts', 'e2e/**/*.test.ts'];

/** Those whose titles name the engine: R37. */
const ofBothEngines = include
  .flatMap((pattern) => globSync(pattern))
  .filter((file) => readFileSync(file, 'utf8').includes('ENGINES'));

/** Where nothing is known of earlier runs, the larger file counts as the longer one. Those that start programs wait for them, however short. */
class ProgramsFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ project, moduleId }: TestSpecification): string =>
      `${project.name} ${moduleId.includes('/e2e/') ? 'first' : 'then'}`;
    // oxlint-disable-next-line unicorn/no-array-sort -- It is no array's.
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => place(a).localeCompare(place(b)));
  }
}

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    pool: 'forks',
    // One that waits leaves its core to another.
    maxWorkers: 3,
    // What a file imports stays for the next one of the worker: most would spend more on that than on their tests.
    isolate: false,
    setupFiles: 'packages/server/src/testing/modules-of-mocks.ts',
    sequence: { sequencer: ProgramsFirst },
    restoreMocks: true,
    // Bounds for what hangs, not for what is slow: a busy machine takes its time.
    testTimeout: 90_000,
    hookTimeout: 90_000,
    expect: { poll: { timeout: 10_000 } },
    projects: [
      {
        extends: true,
        test: { name: 'sqlite', include, globalSetup: 'packages/server/src/testing/sqlite-for-tests.ts' },
      },
      {
        extends: true,
        test: {
          name: 'postgres',
          include: ofBothEngines,
          env: { TEST_ENGINE: 'postgres' },
          globalSetup: 'packages/server/src/testing/postgres-for-tests.ts',
        },
      },
    ],
  },
});
