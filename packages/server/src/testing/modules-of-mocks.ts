import { readFileSync } from 'node:fs';
import { afterAll, expect, vi } from 'vitest';

/** Vitest runs this before each file. Files share what they import: one with mocks loads it anew, and leaves nothing of it. */
const { testPath } = expect.getState();
if (testPath !== undefined && readFileSync(testPath, 'utf8').includes('vi.mock(')) {
  vi.resetModules();
  afterAll(() => void vi.resetModules());
}
