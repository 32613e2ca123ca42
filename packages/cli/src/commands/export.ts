import { command } from '../command.ts';
import { demandSecretName, EXPORT_FORMATS, formatValues, type ExportFormat } from '../export-formats.ts';
import { readFiltered } from '../fetch-values.ts';
import { demandSafe } from '../key-filter.ts';
import { openPlace } from '../target.ts';

export const exportValues = command({
  name: 'export',
  summary: 'Print all values, in a format that other programs read.',
  description: [
    'A value that a format cannot hold is refused by its key, and nothing is printed: `json` and `yaml` hold everything.',
    'With --format shell, names that decide which programs are found and loaded, such as PATH or LD_PRELOAD, are refused unless --only names them letter by letter.',
  ],
  arguments: [],
  options: {
    format: {
      type: 'string',
      short: 'f',
      value: 'FORMAT',
      choices: EXPORT_FORMATS,
      summary: 'dotenv (unless given), json, yaml, shell (lines of `export`) or k8s (a Secret).',
    },
    name: {
      type: 'string',
      value: 'NAME',
      summary: 'Of the Secret, with --format k8s; project and environment otherwise.',
    },
    only: {
      type: 'string',
      value: 'KEYS',
      multiple: true,
      summary: 'These alone; `*` for any characters, several separated by commas.',
    },
    except: { type: 'string', value: 'KEYS', multiple: true, summary: 'All but these.' },
  },
  examples: [
    { line: 'coffer export > .env', what: 'A dotenv file.' },
    {
      line: 'coffer export -e production --format k8s | kubectl apply -f -',
      what: 'A Secret of Kubernetes.',
    },
    { line: 'eval "$(coffer export --format shell --only \'AWS_*\')"', what: 'Into this shell.' },
  ],
  run: async (context, { options }) => {
    const place = openPlace(context);
    const format = context.global.json ? 'json' : ((options.format ?? 'dotenv') as ExportFormat);
    const name = options.name ?? `${place.project}-${place.environment}`.replaceAll('_', '-');
    if (format === 'k8s') demandSecretName(name);
    const values = await readFiltered(place, options);
    // A shell takes them into its own environment.
    if (format === 'shell') demandSafe(values, options);
    context.terminal.write(formatValues(format, values, name));
  },
});
