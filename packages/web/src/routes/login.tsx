import { getRouteApi, useRouter } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useSignIn } from '../data/session.ts';
import { Entrance } from '../features/entrance.tsx';
import { Form } from '../features/form-frame.tsx';
import { onSubmit } from '../features/form.ts';
import { PlainHttpNotice } from '../features/plain-http-notice.tsx';
import { SIGN_IN_FIELDS, SignInFields } from '../features/sign-in-fields.tsx';
import { stopAsking } from '../features/sign-in-gate.ts';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';

const route = getRouteApi('/login');

export function LoginPage(): ReactNode {
  const { next, ended } = route.useSearch();
  const { history } = useRouter();
  const signIn = useSignIn();
  const submit = onSubmit(SIGN_IN_FIELDS, (fields) =>
    signIn.mutate(fields, {
      onSuccess: () => {
        stopAsking();
        history.push(ownPath(next));
      },
    }),
  );
  return (
    <Entrance name="Sign in" title="Sign in to Coffer">
      {ended === true && signIn.error === null && (
        <Notice tone="warn">Your session has ended. Sign in to go back to where you were.</Notice>
      )}
      <PlainHttpNotice />
      <Form onSubmit={submit} error={signIn.error} fields={SIGN_IN_FIELDS}>
        <SignInFields error={signIn.error} />
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
  if (url === null || url.host !== 'coffer.invalid') return '/web/';
  const path = url.pathname.replace(/^\/web(?=\/|$)/, '');
  // Back to a page for those who are not signed in would look as if nothing had happened.
  return /^\/+(?:login|setup)(?:\/|$)/.test(path) ? '/web/' : `/web${path}${url.search}`;
}
