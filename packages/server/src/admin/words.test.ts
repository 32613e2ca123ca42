import { describe, expect, test } from 'vitest';
import { progressOf } from './progress.ts';
import { Words } from './words.ts';

function listen(isTTY: boolean) {
  const heard = { text: '' };
  const clock = { now: 0 };
  const output = { isTTY, write: (text: string) => void (heard.text += text) };
  const words = new Words(output, () => clock.now);
  const say: Words['say'] = (line, options) => words.say(line, options);
  return { heard, clock, say };
}

describe('how far long work is', () => {
  test('is one line on a terminal, which is written anew and gives way to what is said next', () => {
    const { heard, clock, say } = listen(true);
    const progress = progressOf(say, 3, 'data keys are rewrapped');
    for (const done of [1, 2, 3]) {
      clock.now += 100;
      progress(done);
    }
    say('Done.');
    const anew = '\r\u001B[K';
    expect(heard.text).toBe(
      `1 of 3 data keys are rewrapped (33 %).${anew}2 of 3 data keys are rewrapped (66 %).${anew}3 of 3 data keys are rewrapped (100 %).\nDone.\n`,
    );
  });

  test('is a line every ten seconds in a pipe, and one at the end', () => {
    const { heard, clock, say } = listen(false);
    const progress = progressOf(say, 25, 'steps are done');
    for (let done = 1; done <= 25; done += 1) {
      clock.now += 1000;
      progress(done);
    }
    expect(heard.text).toBe(
      '10 of 25 steps are done (40 %).\n20 of 25 steps are done (80 %).\n25 of 25 steps are done (100 %).\n',
    );
  });
});
