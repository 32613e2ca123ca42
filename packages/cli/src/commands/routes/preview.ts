import type { Api } from '@coffer/client';
import { command } from '../../command.ts';
import { EXIT } from '../../exit-codes.ts';
import { completeDefinition, isMembers, readRouteFile } from '../../route-file.ts';
import { readGivenInputs, typedInputs, type DeclaredInput } from '../../route-inputs.ts';
import { openPlace } from '../../target.ts';

type Preview = Parameters<Api['route']['preview']>[0];

export const routesPreview = command({
  name: 'routes preview',
  summary: 'Show the request that a route would make, with ••• for values.',
  description: ['Nothing is saved, opened or sent. Fails when the route could not be saved, and says why.'],
  arguments: [
    { name: 'FILE', summary: 'A JSON or YAML file; `-` for standard input.' },
    { name: 'NAME=VALUE', summary: 'What a caller might give.', multiple: true },
  ],
  options: {},
  examples: [{ line: 'coffer routes preview charge.yaml amount=4200', what: 'Before it is applied.' }],
  run: async (context, { args }) => {
    const file = await readRouteFile(context, args.FILE);
    const given = await readGivenInputs(context, { pairs: args['NAME=VALUE'], command: 'routes preview' });
    const { client, project, environment } = openPlace(context);
    const definition = completeDefinition(context, file, environment);
    const { inputs } = definition;
    const declared = (Array.isArray(inputs) ? inputs : []).filter(isDeclared);
    const { preview, problems, keys } = await client.api.route.preview({
      ...(definition as Omit<Preview, 'project_id'>),
      project_id: project,
      // Who may call it makes no difference to the request.
      access: 'members',
      example: Object.fromEntries(typedInputs(declared, given, 'routes preview')),
    });
    const { terminal, global } = context;
    if (global.json) terminal.json({ preview, keys, problems });
    else {
      const head = [`${preview.method} ${preview.url}`];
      for (const { name, value } of preview.headers) head.push(`${name}: ${value}`);
      for (const line of head) terminal.line([line]);
      if (preview.body !== null) await terminal.pass([Buffer.from(`\n${preview.body}\n`)]);
      for (const { message } of problems) terminal.say(message, 'bad');
    }
    return problems.length === 0 ? EXIT.success : EXIT.failure;
  },
});

function isDeclared(input: unknown): input is DeclaredInput {
  return isMembers(input) && ['name', 'in', 'type'].every((member) => typeof input[member] === 'string');
}
