import type { ReactNode } from 'react';
import { TextField } from '../ui/field.tsx';
import { fieldError } from './form.ts';

export const SIGN_IN_FIELDS = ['auth_data', 'password'] as const;

/** Who signs in, and their password. */
export function SignInFields({ error }: { error: unknown }): ReactNode {
  return (
    <>
      <TextField
        label="User name or e-mail address"
        name="auth_data"
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        autoFocus
        error={fieldError(error, 'auth_data')}
      />
      <TextField
        label="Password"
        name="password"
        type="password"
        autoComplete="current-password"
        error={fieldError(error, 'password')}
      />
    </>
  );
}
