/** How the process ends. `run` ends like the command that it ran instead. */
export const EXIT = {
  success: 0,
  failure: 1,
  usage: 2,
  notSignedIn: 3,
  notAllowed: 4,
  notFound: 5,
  conflict: 6,
  serverAway: 7,
  outside: 8,
  unfinished: 9,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** For the help and the reference. */
export const EXIT_MEANINGS: readonly (readonly [code: ExitCode, meaning: string])[] = [
  [EXIT.success, 'It is done.'],
  [EXIT.failure, 'It failed, or was called off.'],
  [EXIT.usage, 'The command line is not valid, or lacks something.'],
  [EXIT.notSignedIn, 'Not signed in, or the token is no longer valid.'],
  [EXIT.notAllowed, 'Signed in, but not allowed to do this.'],
  [EXIT.notFound, 'There is no such thing, or it is not yours to see.'],
  [EXIT.conflict, 'Someone else was faster; nothing was changed.'],
  [EXIT.serverAway, 'The server cannot be reached, or cannot serve now.'],
  [EXIT.outside, 'A route was called, and the outside API answered with an error.'],
  [EXIT.unfinished, 'There is more to do first, by you; it said what. The same command goes on from there.'],
];
