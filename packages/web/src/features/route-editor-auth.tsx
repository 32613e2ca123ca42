import { HMAC_PARTS, type RouteAuth } from '@coffer/core';
import type { ReactNode } from 'react';
import { Section } from '../ui/page.tsx';
import { ChoiceOf, PlainField, TemplateField } from './route-editor-fields.tsx';
import { useEditor } from './route-editor-state.ts';

const KINDS = {
  none: 'nothing more',
  bearer: 'Bearer token',
  basic: 'Basic: user name and password',
  hmac: 'HMAC signature',
  aws_sigv4: 'AWS Signature Version 4',
  oauth2_client_credentials: 'OAuth 2 client credentials',
} as const;

type AuthField = {
  name: string;
  label: string;
  hint?: string;
  placeholder?: string;
  /** Else it is a text. */
  choices?: Readonly<Record<string, string>>;
  /** Lines of a text without expressions. */
  rows?: number;
  isTemplate?: boolean;
};

const KEY = '${{ vault.API_KEY }}';

const FIELDS: Readonly<Record<RouteAuth['type'], readonly AuthField[]>> = {
  bearer: [{ name: 'token', label: 'Token', placeholder: KEY, isTemplate: true }],
  basic: [
    { name: 'username', label: 'User name', isTemplate: true },
    { name: 'password', label: 'Password', placeholder: KEY, isTemplate: true },
  ],
  hmac: [
    { name: 'key', label: 'Key', placeholder: KEY, isTemplate: true },
    { name: 'algorithm', label: 'Hash', choices: { sha256: 'SHA-256', sha512: 'SHA-512', sha1: 'SHA-1' } },
    { name: 'encoding', label: 'Written as', choices: { hex: 'hexadecimal', base64: 'base 64' } },
    {
      name: 'parts',
      label: 'What is signed',
      rows: 3,
      hint: `One on a line, in order: ${HMAC_PARTS.join(', ')}, or header: and the name of a header above.`,
    },
    { name: 'separator', label: 'Between the parts', hint: String.raw`\n is a line break.` },
    { name: 'header', label: 'Header of the signature' },
    { name: 'prefix', label: 'Before the signature', placeholder: 'sha256=' },
    { name: 'timestamp_header', label: 'Header of the time', hint: 'In seconds since 1970; empty: none.' },
  ],
  aws_sigv4: [
    { name: 'access_key_id', label: 'Access key id', isTemplate: true },
    { name: 'secret_access_key', label: 'Secret access key', isTemplate: true },
    { name: 'session_token', label: 'Session token', hint: 'Empty: none.', isTemplate: true },
    { name: 'region', label: 'Region', placeholder: 'eu-central-1' },
    { name: 'service', label: 'Service', placeholder: 's3' },
  ],
  oauth2_client_credentials: [
    {
      name: 'token_url',
      label: 'Token URL',
      placeholder: 'https://auth.example.org/oauth/token',
      hint: 'Its origin has to be allowed by the entries below.',
    },
    { name: 'client_id', label: 'Client id', isTemplate: true },
    { name: 'client_secret', label: 'Client secret', placeholder: KEY, isTemplate: true },
    {
      name: 'client_auth',
      label: 'Sent',
      choices: { basic: 'in the Authorization header', post: 'in the body' },
    },
    { name: 'scope', label: 'Scope', hint: 'Empty: none.', isTemplate: true },
    { name: 'audience', label: 'Audience', hint: 'Empty: none.', isTemplate: true },
  ],
};

/** What proves to the outside API who is calling. */
export function AuthFields(): ReactNode {
  const { draft, change } = useEditor();
  const fields = draft.authType === 'none' ? [] : FIELDS[draft.authType];
  return (
    <Section title="Authentication">
      <div className="grid gap-4 sm:grid-cols-2">
        <ChoiceOf
          path="request.auth.type"
          label="The request carries"
          choices={KINDS}
          value={draft.authType}
          onChange={(authType) => change({ authType }, 'request.auth')}
        />
        {fields.map((field) => (
          <AuthField key={`${draft.authType} ${field.name}`} {...field} />
        ))}
      </div>
    </Section>
  );
}

function AuthField({ name, choices, isTemplate = false, rows, ...field }: AuthField): ReactNode {
  const { draft, change } = useEditor();
  const path = `request.auth.${name}`;
  const shared = {
    ...field,
    path,
    value: draft.auth[name] ?? '',
    onChange: (value: string) => change({ auth: { ...draft.auth, [name]: value } }, path),
  };
  if (choices !== undefined) return <ChoiceOf {...shared} choices={choices} />;
  if (isTemplate) return <TemplateField {...shared} />;
  return <PlainField {...shared} mono {...(rows === undefined ? {} : { rows })} />;
}
