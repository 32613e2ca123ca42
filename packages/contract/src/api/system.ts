import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { email, firstName, lastName, newPassword, presentedSecret, signedIn, username } from '../schemas.ts';

export const systemApi = {
  health: endpoint({
    method: 'GET',
    path: '/health',
    summary: 'Is the process alive?',
    input: z.strictObject({}),
    output: { version: z.string() },
    message: 'Alive',
    errors: [],
  }),
  ready: endpoint({
    method: 'GET',
    path: '/ready',
    summary: 'Can it serve: do the database, the keys and the audit log work?',
    input: z.strictObject({}),
    output: {
      warnings: z
        .array(z.string())
        .describe(
          'What an administrator should look into though all that works, such as a backup that failed.',
        ),
    },
    message: 'Ready',
    errors: ['not_ready'],
  }),
  setup: endpoint({
    method: 'POST',
    path: '/setup',
    summary: 'Create the first ROOT user of an empty instance, and sign in.',
    description: 'Takes the token of the link that the server prints when it starts on an empty database.',
    event: 'instance_setup',
    input: z.strictObject({
      setup_token: presentedSecret,
      username,
      email,
      first_name: firstName,
      last_name: lastName,
      password: newPassword,
    }),
    output: signedIn,
    status: 201,
    message: 'Instance set up',
    errors: ['setup_token_invalid', 'setup_done', 'too_many_attempts', 'overloaded'],
  }),
};
