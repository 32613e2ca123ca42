import { formatDotenv } from '@coffer/core';
import { CliError } from './cli-error.ts';
import { jsonText } from './printable.ts';

/** Values by key, in the order of the keys. */
export type Values = Readonly<Record<string, string>>;

export const EXPORT_FORMATS = ['dotenv', 'json', 'yaml', 'shell', 'k8s'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** Fails with `keys_inexpressible`, which names what the format cannot hold. */
export function formatValues(format: ExportFormat, values: Values, secretName: string): string {
  return FORMATTERS[format](values, secretName);
}

/** RFC 1123: labels of at most 63 characters, 253 in all. */
const LABEL = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?';
const DNS_NAME = new RegExp(`^(?=.{1,253}$)${LABEL}(\\.${LABEL})*$`);

/** Fails with `secret_name_invalid` where Kubernetes would refuse it. */
export function demandSecretName(name: string): void {
  if (!DNS_NAME.test(name)) throw new CliError('secret_name_invalid');
}

const FORMATTERS: Readonly<Record<ExportFormat, (values: Values, secretName: string) => string>> = {
  dotenv: (values) => {
    const { text, inexpressible } = formatDotenv(Object.entries(values));
    demandAll('dotenv', inexpressible);
    return text;
  },
  json: jsonText,
  yaml: (values) => (Object.keys(values).length === 0 ? '{}\n' : yamlLines(values, '')),
  shell: (values) => {
    demandAll(
      'shell',
      Object.keys(values).filter((key) => values[key]?.includes('\0')),
    );
    return Object.entries(values)
      .map(([key, value]) => `export ${key}='${value.replaceAll("'", String.raw`'\''`)}'\n`)
      .join('');
  },
  k8s: (values, secretName) => {
    const data = Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
    const head = `apiVersion: v1\nkind: Secret\nmetadata:\n  name: ${yamlText(secretName)}\ntype: Opaque\n`;
    return data.length === 0
      ? `${head}data: {}\n`
      : `${head}data:\n${yamlLines(Object.fromEntries(data) as Values, '  ')}`;
  },
};

function demandAll(format: ExportFormat, keys: readonly string[]): void {
  if (keys.length > 0) throw new CliError('keys_inexpressible', { format, keys: keys.join(', ') });
}

function yamlLines(values: Values, indent: string): string {
  return Object.entries(values)
    .map(([key, value]) => `${indent}${WORDS.test(key) ? yamlText(key) : key}: ${yamlText(value)}\n`)
    .join('');
}

/** What YAML, in one version or another, takes for something else than a text. */
const WORDS = /^(Y|YES|N|NO|ON|OFF|TRUE|FALSE|NULL)$/;

/** A text of JSON is one of YAML in double quotes, where what YAML does not let stand as it is is escaped, too. */
function yamlText(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
