/**
 * What a definition means by what it leaves out: the server fills it in, the command line compares with it, and the
 * editor begins with it.
 */
export const ROUTE_DEFAULTS = {
  definition: { description: '', access: 'members', rate_per_minute: 60, inputs: [], response: {} },
  input: {
    type: 'string',
    required: true,
    description: '',
    max_length: 1000,
    minimum: null,
    maximum: null,
    values: null,
  },
  request: { query: [], headers: [], body: null, auth: null },
  bodies: { text: { content_type: 'text/plain' } },
  auths: {
    hmac: { algorithm: 'sha256', encoding: 'hex', separator: '\n', prefix: '', timestamp_header: null },
    aws_sigv4: { session_token: null },
    oauth2_client_credentials: { client_auth: 'basic', scope: null, audience: null },
  },
  response: {
    statuses: null,
    headers: ['content-type'],
    max_bytes: 8_388_608,
    timeout_seconds: 30,
    max_seconds: 120,
    redact: 'auto',
    retries: 0,
  },
} as const;
