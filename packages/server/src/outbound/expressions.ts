import { createHmac } from 'node:crypto';
import {
  evaluateExpression,
  isSecret,
  type Bindings,
  type EntryKey,
  type Expression,
  type FunctionName,
  type Template,
} from '@coffer/core';
import { inputText, type Inputs } from './inputs.ts';

const FUNCTIONS: Readonly<Record<FunctionName, (...args: string[]) => string>> = {
  base64: (text) => Buffer.from(text).toString('base64'),
  urlencode: percentEncode,
  json: (text) => JSON.stringify(text),
  hmac_sha256: (key, message) => createHmac('sha256', key).update(message).digest('hex'),
  basic: (user, password) => Buffer.from(`${user}:${password}`).toString('base64'),
};

/** All but unreserved characters (RFC 3986, 2.3). */
export function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** What an expression of a route stands for. */
export type Evaluate = (expression: Expression) => string;

/** With values of the vault. What is made of them is a secret as well, and is added to the set. */
export function evaluatorOf(
  inputs: Inputs,
  vault: (key: EntryKey) => string,
  secrets: Set<string>,
): Evaluate {
  const bindings: Bindings = {
    vault,
    input: (name) => inputText(inputs.get(name)),
    functions: FUNCTIONS,
    onText: (expression, text) => {
      if (isSecret([expression])) secrets.add(text);
    },
  };
  return (expression) => evaluateExpression(expression, bindings);
}

/** What stands for a value where it is not to be seen. */
export const HIDDEN = '•••';

/** What stands in a preview for an input that was not given. */
export function standIn(name: string): string {
  return `<${name}>`;
}

/** Without any value: where one is needed, there is `HIDDEN`. */
export function previewOf(inputs: Inputs): Evaluate {
  const bindings: Bindings = {
    vault: () => HIDDEN,
    input: (name) => (inputs.has(name) ? inputText(inputs.get(name)) : standIn(name)),
    functions: FUNCTIONS,
  };
  return (expression) => (isSecret([expression]) ? HIDDEN : evaluateExpression(expression, bindings));
}

/** Whether a part of a template is what an expression stands for. */
export function isExpression(part: Template[number]): part is Expression {
  return part.kind !== 'text';
}
