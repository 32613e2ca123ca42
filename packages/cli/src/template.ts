import {
  fillTemplate as fill,
  inputNamesIn,
  parseTemplate,
  TemplateError,
  vaultKeysIn,
  type Bindings,
  type Template,
} from '@coffer/core';
import { createHmac } from 'node:crypto';
import { CliError } from './cli-error.ts';
import type { Values } from './export-formats.ts';

const FUNCTIONS: Bindings['functions'] = {
  base64: (text) => Buffer.from(text).toString('base64'),
  urlencode: (text) => encodeURIComponent(text).replace(/[!'()*]/g, percentEncoded),
  json: (text) => JSON.stringify(text),
  hmac_sha256: (key, message) => createHmac('sha256', key).update(message).digest('hex'),
  basic: (user, password) => Buffer.from(`${user}:${password}`).toString('base64'),
};

/** What names no value of the vault is for others to fill, and stays. Fails with `placeholder_invalid`. */
export function readTemplate(text: string): Template {
  try {
    const template = parseTemplate(text, (inner) => /(?:^|[(,])\s*vault\b/.test(inner));
    if (inputNamesIn(template).length > 0)
      throw new TemplateError('there are no inputs here', text.indexOf('input.'));
    return template;
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    const line = text.slice(0, error.at).split('\n').length;
    throw new CliError('placeholder_invalid', { line, why: error.message });
  }
}

/** In one pass: what a value holds is not filled again. Fails with `keys_missing`, which names all of them. */
export function fillTemplate(template: Template, values: Values): string {
  const missing = vaultKeysIn(template).filter((key) => !Object.hasOwn(values, key));
  if (missing.length > 0) throw new CliError('keys_missing', { keys: missing.join(', ') });
  return fill(template, { vault: (key) => values[key] ?? '', input: () => '', functions: FUNCTIONS });
}

function percentEncoded(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
