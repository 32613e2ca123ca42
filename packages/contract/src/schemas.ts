import {
  ACTIONS,
  AUDIT_EVENT_TYPES,
  CHANGE_EVENT_TYPES,
  checkApiPath,
  checkEntryKey,
  checkEnvironmentId,
  checkOrigin,
  checkProjectId,
  checkUsername,
  checkValue,
  API_PATH_PATTERN,
  DEFAULT_ENVIRONMENT,
  ENTRY_KEY_PATTERN,
  ENVIRONMENT_ID_PATTERN,
  idPattern,
  isId,
  OUTCOMES,
  PROJECT_ID_PATTERN,
  Redacted,
  ROLES,
  USERNAME_PATTERN,
  utf8Bytes,
  VALUE_BYTES_MAX,
  type ApiPath,
  type EntryKey,
  type EnvironmentId,
  type PrincipalId,
  type ProjectId,
  type SessionId,
  type TokenId,
  type TrustId,
  type UserId,
  type Username,
} from '@coffer/core';
import { z } from 'zod';

/**
 * The schemas that endpoints share. What a schema means for the OpenAPI document, where that is not what zod would
 * say of it, stands in its `openapi` metadata.
 */
export type OpenApiMeta = { openapi?: Record<string, unknown>; description?: string };

const CONTROL_CHARACTER = /\p{Cc}/u;

// --- Text ---------------------------------------------------------------------------------------------------------

/** One line of text for people: no control characters, Unicode. */
function line(limits: { min: number; max: number }): z.ZodString {
  return z
    .string()
    .min(limits.min)
    .max(limits.max)
    .refine((text) => text.isWellFormed(), 'must be Unicode text: it has a lone surrogate')
    .refine((text) => !CONTROL_CHARACTER.test(text), 'must not contain control characters');
}

/** A name as people see it: something visible, and nothing that reorders or hides the text around it. */
export function visibleName(limits: { min: number; max: number }): z.ZodString {
  return line(limits)
    .refine((text) => text.length === 0 || /[^\p{Z}\p{C}]/u.test(text), 'must have a visible character')
    .refine(
      (text) => !/[\u202a-\u202e\u2066-\u2069]/u.test(text),
      'must not change the direction of the text',
    );
}

/** A name with a rule of its own; the message is the rule that was broken. */
export function named<T extends string>(
  check: (text: string) => string | undefined,
  openapi: Record<string, unknown>,
): z.ZodType<T, string> {
  return z
    .string()
    .transform((text, context) => {
      const broken = check(text);
      if (broken === undefined) return text as T;
      context.addIssue({ code: 'custom', message: broken });
      return z.NEVER;
    })
    .meta({ openapi: { type: 'string', ...openapi } });
}

export const entryKey = named<EntryKey>(checkEntryKey, {
  pattern: ENTRY_KEY_PATTERN.source,
  maxLength: 255,
  examples: ['DATABASE_URL'],
});
export const projectId = named<ProjectId>(checkProjectId, {
  pattern: PROJECT_ID_PATTERN.source,
  examples: ['shop'],
});
export const environmentId = named<EnvironmentId>(checkEnvironmentId, {
  pattern: ENVIRONMENT_ID_PATTERN.source,
  examples: ['production'],
});
export const apiPath = named<ApiPath>(checkApiPath, {
  pattern: API_PATH_PATTERN.source,
  maxLength: 100,
  examples: ['/shop'],
});
export const username = named<Username>(checkUsername, {
  pattern: USERNAME_PATTERN.source,
  examples: ['ada'],
});
export const userId = named<UserId>(
  (text) => (isId('usr', text) ? undefined : 'must be a user id: usr_ and 26 characters'),
  { pattern: idPattern('usr').source },
);

export const tokenId = named<TokenId>(
  (text) => (isId('tok', text) ? undefined : 'must be a token id: tok_ and 26 characters'),
  { pattern: idPattern('tok').source },
);
export const trustId = named<TrustId>(
  (text) => (isId('trs', text) ? undefined : 'must be a trust id: trs_ and 26 characters'),
  { pattern: idPattern('trs').source },
);
export const principalId = named<PrincipalId>(
  (text) =>
    isId('usr', text) || isId('tok', text) ? undefined : 'must be a user id or the id of a service token',
  { pattern: `${idPattern('usr').source}|${idPattern('tok').source}` },
);

/** The environment of a vault call. Who leaves it out means `default`, whatever other environments there are (R7). */
export const environment = environmentId.default(DEFAULT_ENVIRONMENT);

export const projectName = visibleName({ min: 1, max: 100 });
export const environmentName = visibleName({ min: 1, max: 100 });
export const description = z
  .string()
  .max(1000)
  .refine((text) => text.isWellFormed(), 'must be Unicode text: it has a lone surrogate')
  .refine(
    (text) => !/[^\P{Cc}\n\r\t]/u.test(text),
    'must not contain control characters but tabs and line breaks',
  );
export const firstName = visibleName({ min: 1, max: 100 });
export const lastName = visibleName({ min: 0, max: 100 });
export const signInName = line({ min: 1, max: 254 }).describe('User name or e-mail address.');
export const email = z.email('must be an e-mail address').max(254);
export const role = z.enum(ROLES);
export const filter = line({ min: 0, max: 255 }).default('').describe('A part of the name, in any case.');

export const allowedOrigins = z
  .array(
    z.string().superRefine((text, context) => {
      const broken = checkOrigin(text);
      if (broken !== undefined) context.addIssue({ code: 'custom', message: broken });
    }),
  )
  .max(20)
  .refine((origins) => new Set(origins).size === origins.length, 'must not name anything twice')
  .meta({
    openapi: {
      type: 'array',
      items: { type: 'string', format: 'uri', examples: ['https://api.example.org'] },
      maxItems: 20,
    },
  });

// --- Secrets: redacted from here inwards --------------------------------------------------------------------------

/** R3: 0 to 65,536 bytes of UTF-8, kept byte for byte. */
export const entryValue = z
  .string()
  .superRefine((text, context) => {
    const broken = checkValue(text);
    if (broken !== undefined) context.addIssue({ code: 'custom', message: broken });
    else if (utf8Bytes(text) > VALUE_BYTES_MAX) {
      context.addIssue({
        code: 'custom',
        message: `must have at most ${VALUE_BYTES_MAX} bytes of UTF-8`,
        params: { error: 'value_too_large' },
      });
    }
  })
  .transform((text) => new Redacted(text))
  .meta({ openapi: { type: 'string', description: '0 to 65,536 bytes of UTF-8, kept byte for byte.' } });

/** A remark beside a value. It is sealed like the value. */
export const comment = z
  .string()
  .max(1000)
  .refine((text) => text.isWellFormed(), 'must be Unicode text: it has a lone surrogate')
  .transform((text) => new Redacted(text))
  .meta({ openapi: { type: 'string', maxLength: 1000 } });

/** A password as it is chosen. Whether it is a common one is for the service to say. */
export const newPassword = z
  .string()
  .min(12, 'must have at least 12 characters')
  .max(256, 'must have at most 256 characters')
  .refine((text) => text.isWellFormed(), 'must be Unicode text: it has a lone surrogate')
  .transform((text) => new Redacted(text))
  .meta({ openapi: { type: 'string', format: 'password', minLength: 12, maxLength: 256 } });

/** Something secret as it is presented: nothing is said about its form. */
export const presentedSecret = secretText(1024);

export function secretText(charactersMax: number) {
  return z
    .string()
    .min(1)
    .max(charactersMax)
    .transform((text) => new Redacted(text))
    .meta({ openapi: { type: 'string', format: 'password', maxLength: charactersMax } });
}

// --- Query parameters: text on the wire ---------------------------------------------------------------------------

function queryInteger(limits: { min: number; max: number }): z.ZodType<number, string> {
  return z
    .string()
    .transform((text, context) => {
      const number = /^(?:0|[1-9]\d{0,15})$/.test(text) ? Number(text) : Number.NaN;
      if (number >= limits.min && number <= limits.max) return number;
      context.addIssue({
        code: 'custom',
        message: `must be a whole number from ${limits.min} to ${limits.max}`,
      });
      return z.NEVER;
    })
    .meta({ openapi: { type: 'integer', minimum: limits.min, maximum: limits.max } });
}

export const queryBoolean = z
  .enum(['true', 'false'])
  .transform((text) => text === 'true')
  .meta({ openapi: { type: 'boolean' } });

/** A moment, as milliseconds since 1970. */
export const moment = z.iso
  .datetime({ offset: true, message: 'must be a time of RFC 3339, as in 2026-11-23T09:30:00Z' })
  .transform((text) => Date.parse(text))
  .meta({ openapi: { type: 'string', format: 'date-time' } });
export const limit = queryInteger({ min: 1, max: 100 }).default(10);
export const offset = queryInteger({ min: 0, max: Number.MAX_SAFE_INTEGER }).default(0);
export const version = z.int().min(1);
export const queryIndex = queryInteger({ min: 0, max: Number.MAX_SAFE_INTEGER });
export const queryVersion = queryInteger({ min: 1, max: Number.MAX_SAFE_INTEGER });

// --- Answers ------------------------------------------------------------------------------------------------------

export const time = z.iso.datetime();
export const by = z.strictObject({ uid: z.string(), username: z.string() });
export const amount = z.int().min(0).describe('The number that match in all.');

export const user = z.strictObject({
  uid: z.string(),
  username: z.string(),
  email: z.string(),
  first_name: z.string(),
  last_name: z.string(),
  role,
  created_at: time,
});

export const member = user.omit({ created_at: true });

export const session = z.strictObject({
  id: z.string(),
  created_at: time,
  expires_at: time,
  ip: z.string(),
  user_agent: z.string(),
  current: z.boolean(),
});

export const sessionId = named<SessionId>(
  (text) => (isId('ses', text) ? undefined : 'must be a session id: ses_ and 26 characters'),
  { pattern: idPattern('ses').source },
);

const ability = z.enum(ACTIONS);
/** What the caller may do: pages offer that and nothing else. */
export const abilities = z.array(ability);

/** Someone who could become a member: no address, no role of theirs. */
export const candidate = z.strictObject({
  uid: z.string(),
  username: z.string(),
  first_name: z.string(),
  last_name: z.string(),
});

export const project = z.strictObject({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  api_path: z.string(),
  members: z.int().min(0).describe('The number of members.'),
  is_member: z.boolean().describe('Whether the caller is one.'),
  abilities,
  created_at: time,
});

export const environmentAnswer = z.strictObject({ id: z.string(), name: z.string(), created_at: time });

/** An entry without its value. */
export const vault = z.strictObject({
  project_id: z.string(),
  environment: z.string(),
  key: z.string(),
  comment: z.string(),
  version,
  allowed_origins: z.array(z.string()).describe('Those that routes may send the value to.'),
  allowed_in_path: z.boolean().describe('Whether routes may put it into the path of a URL.'),
  created_at: time,
  created_by: by,
  updated_at: time,
  updated_by: by,
});

export const vaultWithValue = vault.extend({ value: z.string() });

export const entryVersion = z.strictObject({
  version,
  created_at: time,
  created_by: by,
  current: z.boolean(),
});

/** That an entry changed; what it is now is to be fetched. */
export const change = z.strictObject({
  index: z.int().min(0).describe('Of its record in the audit log.'),
  type: z.enum(CHANGE_EVENT_TYPES),
  key: z.string(),
  at: time,
});

export const event = z.strictObject({
  index: z.int().min(0),
  type: z.enum(AUDIT_EVENT_TYPES),
  at: time,
  outcome: z.enum(OUTCOMES),
  uid: z.string().nullable(),
  username: z.string().nullable(),
  project_id: z.string().nullable(),
  environment: z.string().nullable(),
  object: z.string().nullable(),
  ip: z.string().nullable(),
  request_id: z.string().nullable(),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
});

/** What signing in answers with. */
export const signedIn = {
  token: z.string().describe('A JWT, to be sent as Authorization: Bearer.'),
  expires_at: time.describe('When the token expires.'),
  user,
};

/** Something to change beside what names it. */
export function changesSomething(name: string): [(input: object) => boolean, string] {
  return [(input) => Object.keys(input).some((key) => key !== name), 'must name something to change'];
}
