import { expect, test } from 'vitest';
import { jsonText, visible } from './printable.ts';

const STEERING = ['\u001b[2J', '\u009b2J', '\u007f', '\u2028', '\u202e', '\u2066', '\u200f', '\r'];

test.each(STEERING)('%j reaches no terminal as it is', (text) => {
  expect(visible(text)).not.toContain(text[0]);
  expect(jsonText({ [text]: text })).not.toContain(text[0]);
});

test('JSON stays the same data', () => {
  const data = { text: `${STEERING.join('')}\n\t"🔑"` };
  expect(JSON.parse(jsonText(data))).toEqual(data);
});
