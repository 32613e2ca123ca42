import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Changes } from './changes.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('several changes in a row are one, when it is quiet again', async () => {
  const changes = new Changes();
  changes.add();
  let told = 0;
  void changes.next().then(() => (told += 1));
  await vi.advanceTimersByTimeAsync(400);
  changes.add();
  await vi.advanceTimersByTimeAsync(400);
  expect(told).toBe(0);
  await vi.advanceTimersByTimeAsync(100);
  expect(told).toBe(1);
  changes.close();
});

test('changes without a pause do not put it off for ever', async () => {
  const changes = new Changes();
  let told = 0;
  void changes.next().then(() => (told += 1));
  for (let at = 0; at <= 2000; at += 100) {
    changes.add();
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(told).toBe(1);
  changes.close();
});
