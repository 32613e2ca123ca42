import {
  AppError,
  canonicalJson,
  inputHeader,
  utf8Bytes,
  type FieldError,
  type Json,
  type RouteInput,
} from '@coffer/core';

/** What a caller sent, before it is known what it should be. Names have no prototype's members among them. */
export type GivenInputs = {
  path: Readonly<Record<string, string>>;
  query: Readonly<Record<string, string>>;
  headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** A JSON object; undefined: there was no body. */
  body: Readonly<Record<string, unknown>> | undefined;
};

/** By name; those that were not given are not there. */
export type Inputs = ReadonlyMap<string, Json>;

const INTEGER = /^-?(?:0|[1-9]\d{0,15})$/;
const NUMBER = /^-?(?:0|[1-9]\d{0,20})(?:\.\d{1,20})?(?:[eE][+-]?\d{1,3})?$/;
const NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;
const JSON_DEPTH_MAX = 32;

/** What was declared, and nothing else. Fails with `invalid_input`, which lists every field that is wrong. */
export function readInputs(declared: readonly RouteInput[], given: GivenInputs): Inputs {
  const inputs = new Map<string, Json>();
  const fields = [
    ...undeclared(declared, 'query', Object.keys(given.query)),
    ...undeclared(declared, 'body', Object.keys(given.body ?? {})),
  ];
  for (const input of declared) {
    const raw = rawOf(input, given);
    if (raw === undefined) {
      if (input.required) fields.push({ path: input.name, message: 'is required' });
      continue;
    }
    const value = input.in === 'body' ? raw : fromText(input, raw as string);
    const broken = value === undefined ? describeType(input) : check(input, value as Json);
    if (broken === undefined) inputs.set(input.name, value as Json);
    else fields.push({ path: input.name, message: broken });
  }
  if (fields.length > 0) throw new AppError('invalid_input', {}, { fields });
  return inputs;
}

/** How an input is written where a text is wanted. */
export function inputText(value: Json | undefined): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : canonicalJson(value);
}

function undeclared(
  declared: readonly RouteInput[],
  place: 'query' | 'body',
  names: readonly string[],
): FieldError[] {
  const known = new Set(declared.filter((input) => input.in === place).map(({ name }) => name));
  return names
    .filter((name) => !known.has(name))
    .slice(0, 20)
    .map((name) => ({
      path: NAME.test(name) ? name : '(unnamed)',
      message: `is not an input of this route in the ${place}`,
    }));
}

function rawOf(input: RouteInput, given: GivenInputs): unknown {
  if (input.in === 'header') {
    const name = inputHeader(input.name);
    const value = Object.hasOwn(given.headers, name) ? given.headers[name] : undefined;
    return typeof value === 'object' ? value.join(', ') : value;
  }
  const fields: Readonly<Record<string, unknown>> = given[input.in] ?? {};
  return Object.hasOwn(fields, input.name) ? fields[input.name] : undefined;
}

/** Undefined: it is not of the type. */
function fromText({ type }: RouteInput, text: string): Json | undefined {
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : undefined;
  if (type === 'integer') return INTEGER.test(text) ? Number(text) : undefined;
  if (type === 'number') return NUMBER.test(text) ? Number(text) : undefined;
  return text;
}

/** The rule that it breaks. */
function check(input: RouteInput, value: Json): string | undefined {
  switch (input.type) {
    case 'string':
      return typeof value === 'string' ? checkText(input, value) : describeType(input);
    case 'integer':
      return Number.isSafeInteger(value) ? checkNumber(input, value as number) : describeType(input);
    case 'number':
      return typeof value === 'number' && Number.isFinite(value)
        ? checkNumber(input, value)
        : describeType(input);
    case 'boolean':
      return typeof value === 'boolean' ? undefined : describeType(input);
    case 'json':
      return checkJson(input, value);
  }
}

function checkText({ values, max_length: max }: RouteInput, text: string): string | undefined {
  if (!text.isWellFormed()) return 'must be Unicode text: it has a lone surrogate';
  if (text.length > max) return `must have at most ${max} characters`;
  return values === null || values.includes(text) ? undefined : `must be one of ${values.join(', ')}`;
}

function checkNumber({ minimum, maximum }: RouteInput, number: number): string | undefined {
  if (minimum !== null && number < minimum) return `must be at least ${minimum}`;
  return maximum !== null && number > maximum ? `must be at most ${maximum}` : undefined;
}

function checkJson({ max_length: max }: RouteInput, value: Json): string | undefined {
  if (!isShallow(value, JSON_DEPTH_MAX)) return `must not be nested more than ${JSON_DEPTH_MAX} deep`;
  if (!isFinite(value)) return 'must have no numbers beyond those of 64 bits';
  try {
    return utf8Bytes(canonicalJson(value)) > max ? `must have at most ${max} bytes as JSON` : undefined;
  } catch {
    return 'must be Unicode text: it has a lone surrogate';
  }
}

/** `JSON.parse` makes infinity of a number that is too large. */
function isFinite(value: Json): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  return (
    typeof value !== 'object' ||
    value === null ||
    Object.values(value).every((member: Json) => isFinite(member))
  );
}

function isShallow(value: Json, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return depth > 0 && Object.values(value).every((member: Json) => isShallow(member, depth - 1));
}

function describeType({ type }: RouteInput): string {
  const names: Readonly<Record<RouteInput['type'], string>> = {
    string: 'text',
    integer: 'a whole number',
    number: 'a number',
    boolean: 'true or false',
    json: 'JSON',
  };
  return `must be ${names[type]}`;
}
