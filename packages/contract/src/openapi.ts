import { ERRORS, PERMISSIONS, type ErrorCode, type PermissionRule } from '@coffer/core';
import { z } from 'zod';
import { ENDPOINTS } from './api.ts';
import { answerSchema, commonErrors, takesBody, type Endpoint } from './endpoint.ts';
import type { OpenApiMeta } from './schemas.ts';

type JsonObject = Record<string, unknown>;

/** The OpenAPI 3.1 document, from the same table that validates requests (R23). */
export function openApiDocument(info: { version: string; serverUrl?: string }): JsonObject {
  const paths: Record<string, JsonObject> = {};
  for (const [id, definition] of Object.entries<Endpoint>(ENDPOINTS)) {
    (paths[definition.path] ??= {})[definition.method.toLowerCase()] = operation(id, definition);
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Coffer',
      version: info.version,
      summary: 'A self-hosted secrets vault for projects.',
      description:
        'Sign in with `POST /user/login` and send the `token` of its answer as `Authorization: Bearer <token>`. A token lasts 15 minutes; `POST /user/refresh` gives the next one.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    ...(info.serverUrl === undefined ? {} : { servers: [{ url: info.serverUrl }] }),
    tags: [...new Set(Object.values<Endpoint>(ENDPOINTS).map(tagOf))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
      },
      schemas: { Problem: problemSchema() },
    },
  };
}

/** Who may call an endpoint, in words. */
export function whoMay(definition: Endpoint): string {
  if (definition.action === undefined) return 'anyone';
  const rule: PermissionRule = PERMISSIONS[definition.action];
  if (rule.on === 'instance') {
    const roles = rule.roles.length === 4 ? 'anyone signed in' : rule.roles.join(', ');
    return rule.self === true ? `${roles}; everyone for their own account` : roles;
  }
  const members = rule.member.length === 4 ? 'members' : `members with the role ${rule.member.join(' or ')}`;
  return rule.nonMember.length === 0
    ? members
    : `${members}; ${rule.nonMember.join(', ')} without being a member`;
}

/** The first part of the path. */
export function tagOf(definition: Endpoint): string {
  return /^\/(?:health|ready|setup)/.test(definition.path)
    ? 'system'
    : (definition.path.split('/')[1] ?? 'system');
}

/** Every error that an endpoint may answer with, by rising status. */
export function errorsOf(definition: Endpoint): ErrorCode[] {
  return [...new Set([...commonErrors(definition), ...definition.errors])].toSorted(
    (a, b) => ERRORS[a].status - ERRORS[b].status,
  );
}

/** The JSON Schema of what an endpoint takes. */
export function inputSchema(definition: Endpoint): JsonObject {
  return jsonSchema(definition.input, 'input');
}

/** The JSON Schema of what it answers with, as a whole. */
export function outputSchema(definition: Endpoint): JsonObject {
  return jsonSchema(answerSchema(definition), 'output');
}

function operation(id: string, definition: Endpoint): JsonObject {
  return {
    operationId: id,
    tags: [tagOf(definition)],
    summary: definition.summary,
    description: [definition.description, `Who: ${whoMay(definition)}.`].filter(Boolean).join('\n\n'),
    security: definition.action === undefined ? [] : [{ token: [] }],
    ...requestOf(definition),
    responses: {
      [definition.status]: {
        description: definition.message,
        content: {
          'application/json': { schema: outputSchema(definition) },
          ...(definition.stream === true ? { 'text/event-stream': { schema: { type: 'string' } } } : {}),
        },
      },
      ...problemResponses(definition),
    },
  };
}

function requestOf(definition: Endpoint): JsonObject {
  const schema = inputSchema(definition);
  const properties = (schema['properties'] ?? {}) as Record<string, JsonObject>;
  const required = (schema['required'] ?? []) as string[];
  if (Object.keys(properties).length === 0) return {};
  if (takesBody(definition)) {
    return { requestBody: { required: true, content: { 'application/json': { schema } } } };
  }
  const parameters = Object.entries(properties).map(([name, property]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema: property,
  }));
  return { parameters };
}

function problemResponses(definition: Endpoint): JsonObject {
  const byStatus = Map.groupBy(errorsOf(definition), (code) => ERRORS[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      {
        description: codes.map((code) => `\`${code}\`: ${ERRORS[code].title}`).join('; '),
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    ]),
  );
}

/** A failure, RFC 9457 with our `code`, `message`, `request_id` and `errors`. */
export const problem = z.strictObject({
  type: z.string().describe('A URI that names the kind of problem.'),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]),
  message: z.string().describe('The same as detail.'),
  request_id: z.string(),
  errors: z
    .array(z.strictObject({ path: z.string(), message: z.string() }))
    .optional()
    .describe('Every invalid field.'),
});

function problemSchema(): JsonObject {
  return jsonSchema(problem, 'output');
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): JsonObject {
  const document: JsonObject = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    override({ zodSchema, jsonSchema: made }) {
      delete (made as JsonObject)['openapi'];
      const { openapi } = (z.globalRegistry.get(zodSchema) ?? {}) as OpenApiMeta;
      if (openapi !== undefined) {
        for (const key of Object.keys(made)) delete (made as JsonObject)[key];
        Object.assign(made, openapi);
      }
      // zod leaves the default out where the input is transformed; ours are given as they look on the wire.
      const { def } = zodSchema._zod;
      if (def.type === 'default') made.default = def.defaultValue as never;
    },
  });
  delete document['$schema'];
  return document;
}
