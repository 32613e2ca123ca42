import { expect, test } from 'vitest';
import { runProgram, StartFailure } from './child.ts';

test('every exit code from 0 to 255 is that of the program', async () => {
  for (let code = 0; code < 256; code += 1) {
    expect(await runProgram({ file: '/bin/sh', args: ['-c', `exit ${code}`], env: {} })).toBe(code);
  }
});

test('a program that cannot be started fails with the code of shells', async () => {
  await expect(runProgram({ file: '/no/such/program', args: [], env: {} })).rejects.toMatchObject({
    exit: 127,
  });
  await expect(runProgram({ file: '/dev/null', args: [], env: {} })).rejects.toBeInstanceOf(StartFailure);
});
