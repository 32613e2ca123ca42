import { Link, useNavigate } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { ApiError } from '../data/api.ts';
import { useSetUp } from '../data/session.ts';
import { Entrance } from '../features/entrance.tsx';
import { Form } from '../features/form-frame.tsx';
import { onSubmit } from '../features/form.ts';
import { PlainHttpNotice } from '../features/plain-http-notice.tsx';
import { EmailField, NameFields, NewPasswordField, UsernameField } from '../features/user-fields.tsx';
import { Button, buttonClass } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';

const FIELDS = ['username', 'email', 'first_name', 'last_name', 'password'] as const;

/** Behind the one-time link: the first account. The token stays in the fragment, which browsers do not send. */
export function SetupPage(): ReactNode {
  const [setupToken] = useState(takeToken);
  const navigate = useNavigate();
  const setUp = useSetUp();
  const submit = onSubmit(FIELDS, (fields) =>
    setUp.mutate(
      { setup_token: setupToken, ...fields },
      { onSuccess: () => void navigate({ to: '/projects' }) },
    ),
  );
  if (setUp.error instanceof ApiError && setUp.error.code === 'setup_done') return <SetUpAlready />;
  return (
    <Entrance
      name="Set up"
      title="Set up Coffer"
      lead="Create the first account. It gets the role ROOT: it manages users and sees every project."
    >
      {setupToken === '' && (
        <Notice tone="danger">
          This page needs the whole link that the server printed. Open that link again. Is Coffer set up
          already?{' '}
          <Link to="/login" className="font-medium underline">
            Sign in
          </Link>
        </Notice>
      )}
      <PlainHttpNotice />
      <Form onSubmit={submit} error={setUp.error} fields={FIELDS}>
        <UsernameField isOwn error={setUp.error} />
        <EmailField isOwn error={setUp.error} />
        <NameFields isOwn error={setUp.error} />
        <NewPasswordField name="password" error={setUp.error} />
        <Button type="submit" look="primary" busy={setUp.isPending} disabled={setupToken === ''}>
          Create account
        </Button>
      </Form>
    </Entrance>
  );
}

function SetUpAlready(): ReactNode {
  return (
    <Entrance
      name="Set up"
      title="Coffer is set up already"
      lead="The first account exists, so the link has done its work. Someone with the role ROOT adds further users."
    >
      <Link to="/login" className={buttonClass('primary')}>
        Go to the sign-in
      </Link>
    </Entrance>
  );
}

/** Out of the address bar, so that it is not copied along with the address. */
function takeToken(): string {
  const token = new URLSearchParams(window.location.hash.slice(1)).get('setup_token') ?? '';
  if (token !== '') window.history.replaceState(window.history.state, '', window.location.pathname);
  return token;
}
