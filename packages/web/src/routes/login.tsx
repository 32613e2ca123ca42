import { getRouteApi, useRouter } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useSignIn } from '../data/session.ts';
import { Entrance } from '../features/entrance.tsx';
import { Form } from '../features/form-frame.tsx';
import { fieldError, onSubmit } from '../features/form.ts';
import { Button } from '../ui/button.tsx';
import { TextField } from '../ui/field.tsx';
import { Notice } from '../ui/notice.tsx';

const route = getRouteApi('/login');
const FIELDS = ['auth_data', 'password'] as const;

export function LoginPage(): ReactNode {
  const { next, ended } = route.useSearch();
  const { history } = useRouter();
  const signIn = useSignIn();
  const submit = onSubmit(FIELDS, (fields) =>
    signIn.mutate(fields, { onSuccess: () => history.push(ownPath(next)) }),
  );
  return (
    <Entrance name="Sign in" title="Sign in to Coffer">
      {ended === true && signIn.error === null && (
        <Notice tone="warn">Your session has ended. Sign in to go back to where you were.</Notice>
      )}
      <Form onSubmit={submit} error={signIn.error} fields={FIELDS}>
        <TextField
          label="User name or e-mail address"
          name="auth_data"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          autoFocus
          error={fieldError(signIn.error, 'auth_data')}
        />
        <TextField
          label="Password"
          name="password"
          type="password"
          autoComplete="current-password"
          error={fieldError(signIn.error, 'password')}
        />
        <Button type="submit" look="primary" busy={signIn.isPending}>
          Sign in
        </Button>
      </Form>
      <p className="text-xs text-muted">First visit? The server prints a set-up link when it starts.</p>
    </Entrance>
  );
}

/** Only to a page of ours: a link must not lead elsewhere after the sign-in. */
function ownPath(next: string | undefined): string {
  const url = URL.parse(next ?? '/', 'http://coffer.invalid');
  if (url === null || url.host !== 'coffer.invalid' || url.pathname.startsWith('/login')) return '/web/';
  return `/web${url.pathname.replace(/^\/web(?=\/|$)/, '')}${url.search}`;
}
