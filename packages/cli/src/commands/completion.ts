import { command, type Command } from '../command.ts';
import { completionScript, SHELLS, type Shell } from '../completion.ts';

/** The commands to complete are given, since this one is among them. */
export function completion(commands: () => readonly Command[]): Command {
  return command({
    name: 'completion',
    summary: 'Print a script that completes commands and options.',
    arguments: [{ name: 'SHELL', summary: 'bash, zsh or fish.', choices: SHELLS }],
    options: {},
    scope: 'nothing',
    examples: [
      { line: 'source <(coffer completion bash)', what: 'In ~/.bashrc; likewise for zsh in ~/.zshrc.' },
      { line: 'coffer completion fish > ~/.config/fish/completions/coffer.fish', what: 'For fish.' },
    ],
    run: async (context, { args }) => {
      await Promise.resolve(context.terminal.write(completionScript(args.SHELL as Shell, commands())));
    },
  });
}
