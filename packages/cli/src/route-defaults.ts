export type Members = Readonly<Record<string, unknown>>;

/** What the server takes for members that a definition leaves out: with them it can be compared with what is saved. */
const DEFAULTS = { description: '', access: 'members', rate_per_minute: 60, inputs: [], response: {} };
const INPUT = {
  type: 'string',
  required: true,
  description: '',
  max_length: 1000,
  minimum: null,
  maximum: null,
  values: null,
};
const REQUEST = { query: [], headers: [], body: null, auth: null };
const BODY: Readonly<Record<string, Members>> = { text: { content_type: 'text/plain' } };
const AUTH: Readonly<Record<string, Members>> = {
  hmac: { algorithm: 'sha256', encoding: 'hex', separator: '\n', prefix: '', timestamp_header: null },
  aws_sigv4: { session_token: null },
  oauth2_client_credentials: { client_auth: 'basic', scope: null, audience: null },
};
const RESPONSE = {
  statuses: null,
  headers: ['content-type'],
  max_bytes: 10_485_760,
  timeout_seconds: 30,
  max_seconds: 120,
  redact: 'auto',
  retries: 0,
};

/** What is not formed as it should be stays as it is: the server says what is wrong with it. */
export function withDefaults(definition: Members): Members {
  const { inputs, request, response, ...rest }: Members = { ...DEFAULTS, ...definition };
  return {
    ...rest,
    inputs: Array.isArray(inputs) ? inputs.map((input: unknown) => filled(input, INPUT)) : inputs,
    request: withTypes(filled(request, REQUEST)),
    response: filled(response, RESPONSE),
  };
}

function withTypes(request: unknown): unknown {
  if (!isObject(request)) return request;
  const { body, auth } = request;
  return { ...request, body: filledByType(body, BODY), auth: filledByType(auth, AUTH) };
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
