import { expect, test } from 'vitest';
import { SecretLine } from './secret-line.ts';

function entered(...chunks: string[]): SecretLine {
  const line = new SecretLine();
  for (const chunk of chunks) line.read(chunk);
  return line;
}

test.each([
  [['secret\r'], 'secret'],
  [['sec', 'ret\r\n'], 'secret'],
  [['x\u007fse\u0015secret\n'], 'secret'],
  [['\u001b[200~secret\u001b[201~\r'], 'secret'],
  [['\u001b[20', '0~sec', 'ret\u001b[2', '01~', '\r'], 'secret'],
  [['\u001b[200~secret\r\n\u001b[201~'], 'secret'],
  [['\u001b[200~a\u0003\u001b[Ab\u001b[201~\r'], 'a\u0003\u001b[Ab'],
  [['s\u001b[Aec\u001bODre', '\u001b', '[1;5Ct\r'], 'secret'],
  [['a\u007f🔑\u007f🔑\r'], '🔑'],
])('%j is %j', (chunks, text) => {
  expect(entered(...chunks)).toMatchObject({ state: 'entered', text, goesOn: false });
});

test.each([
  [['one\rtwo\r']],
  [['one\n', 'two']],
  [['\u001b[200~one\rtwo\u001b[201~']],
  [['\u001b[200~one\r\u001b[201~two']],
])('%j goes on behind its line', (chunks) => {
  expect(entered(...chunks)).toMatchObject({ state: 'entered', goesOn: true });
});

test('Ctrl-C, and Ctrl-D on an empty line, call it off', () => {
  expect(entered('x\u0003').state).toBe('cancelled');
  expect(entered('\u0004').state).toBe('cancelled');
  expect(entered('x\u0004').state).toBe('entered');
});
