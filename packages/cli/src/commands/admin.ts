import { ADMIN_COMMANDS, type AdminCommand } from '@coffer/core';
import type { Command } from '../command.ts';
import { runServerProgram } from '../server-program.ts';

/** What the program of the server does beside the database, command by command. */
export const adminCommands: readonly Command[] = ADMIN_COMMANDS.map((definition: AdminCommand): Command => ({
  ...definition,
  name: `admin ${definition.name}`,
  scope: 'nothing',
  run: async ({ env, global }, input) => {
    const options = input.options as Record<string, string | boolean | readonly string[] | undefined>;
    const given = Object.entries(options).flatMap(([name, value]) => {
      if (value === undefined || value === false) return [];
      if (value === true) return [`--${name}`];
      return [value].flat().map((one) => `--${name}=${one}`);
    });
    const json = global.json ? ['--json'] : [];
    const args = Object.values(input.args).flatMap((value) => value ?? []);
    return await runServerProgram(
      'admin',
      [...definition.name.split(' '), ...given, ...json, '--', ...args],
      env,
    );
  },
}));
