import { useNavigate } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { useSetUp } from '../data/session.ts';
import { Entrance } from '../features/entrance.tsx';
import { fieldError, formError, onSubmit } from '../features/form.ts';
import { Button } from '../ui/button.tsx';
import { TextField } from '../ui/field.tsx';
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
  const error = formError(setUp.error, FIELDS);
  return (
    <Entrance
      title="Set up Coffer"
      lead="Create the first account. It gets the role ROOT: it manages users and sees every project."
    >
      {setupToken === '' && (
        <Notice tone="danger">
          This page needs the whole link that the server printed. Open that link again.
        </Notice>
      )}
      {error !== undefined && <Notice tone="danger">{error}</Notice>}
      <form className="grid gap-4" onSubmit={submit} noValidate>
        <TextField
          label="User name"
          name="username"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          autoFocus
          error={fieldError(setUp.error, 'username')}
        />
        <TextField
          label="E-mail address"
          name="email"
          type="email"
          autoComplete="email"
          error={fieldError(setUp.error, 'email')}
        />
        <div className="grid gap-4 sm:grid-cols-2">
          <TextField
            label="First name"
            name="first_name"
            autoComplete="given-name"
            error={fieldError(setUp.error, 'first_name')}
          />
          <TextField
            label="Last name"
            name="last_name"
            autoComplete="family-name"
            error={fieldError(setUp.error, 'last_name')}
          />
        </div>
        <TextField
          label="Password"
          name="password"
          type="password"
          autoComplete="new-password"
          hint="At least 12 characters, and not a common one."
          error={fieldError(setUp.error, 'password')}
        />
        <Button type="submit" look="primary" busy={setUp.isPending} disabled={setupToken === ''}>
          Create account
        </Button>
      </form>
    </Entrance>
  );
}

/** Out of the address bar, so that it is not copied along with the address. */
function takeToken(): string {
  const token = new URLSearchParams(window.location.hash.slice(1)).get('setup_token') ?? '';
  if (token !== '') window.history.replaceState(window.history.state, '', window.location.pathname);
  return token;
}
