import { ROUTE_DEFAULTS } from '@coffer/core';

export type Members = Readonly<Record<string, unknown>>;

/** As the server takes it, so that it can be compared with what is saved. What is not formed as it should be stays as it is: the server says what is wrong with it. */
export function withDefaults(definition: Members): Members {
  const { inputs, request, response, ...rest }: Members = {
    ...ROUTE_DEFAULTS.definition,
    ...definition,
  };
  return {
    ...rest,
    inputs: Array.isArray(inputs)
      ? inputs.map((input: unknown) => filled(input, ROUTE_DEFAULTS.input))
      : inputs,
    request: withTypes(filled(request, ROUTE_DEFAULTS.request)),
    response: filled(response, ROUTE_DEFAULTS.response),
  };
}

function withTypes(request: unknown): unknown {
  if (!isObject(request)) return request;
  const { body, auth } = request;
  return {
    ...request,
    body: filledByType(body, ROUTE_DEFAULTS.bodies),
    auth: filledByType(auth, ROUTE_DEFAULTS.auths),
  };
}

function filledByType(part: unknown, defaults: Readonly<Record<string, Members>>): unknown {
  if (!isObject(part) || typeof part['type'] !== 'string') return part;
  return filled(part, Object.hasOwn(defaults, part['type']) ? (defaults[part['type']] ?? {}) : {});
}

function filled(part: unknown, defaults: Members): unknown {
  return isObject(part) ? { ...defaults, ...part } : part;
}

function isObject(part: unknown): part is Members {
  return typeof part === 'object' && part !== null && !Array.isArray(part);
}
