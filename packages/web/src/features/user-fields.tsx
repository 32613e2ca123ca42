import type { ComponentProps, ReactNode } from 'react';
import { TextField } from '../ui/field.tsx';
import { fieldError } from './form.ts';

type UserFieldsProps = {
  error: unknown;
  /** Of the one who fills it in: the browser may offer what it knows about them. */
  isOwn?: boolean;
  user?: { first_name: string; last_name: string; email: string };
};

export function UsernameField({ error, isOwn = false }: UserFieldsProps): ReactNode {
  return (
    <TextField
      label="User name"
      name="username"
      autoFocus
      autoComplete={isOwn ? 'username' : 'off'}
      autoCapitalize="none"
      spellCheck={false}
      error={fieldError(error, 'username')}
    />
  );
}

export function EmailField({ error, isOwn = false, user }: UserFieldsProps): ReactNode {
  return (
    <TextField
      label="E-mail address"
      name="email"
      type="email"
      autoComplete={isOwn ? 'email' : 'off'}
      defaultValue={user?.email}
      error={fieldError(error, 'email')}
    />
  );
}

export function NameFields({ error, isOwn = false, user }: UserFieldsProps): ReactNode {
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <TextField
        label="First name"
        name="first_name"
        autoComplete={isOwn ? 'given-name' : 'off'}
        defaultValue={user?.first_name}
        error={fieldError(error, 'first_name')}
      />
      <TextField
        label="Last name"
        name="last_name"
        autoComplete={isOwn ? 'family-name' : 'off'}
        defaultValue={user?.last_name}
        error={fieldError(error, 'last_name')}
      />
    </div>
  );
}

/** Named as the endpoint names it: `password` of someone new, `new_password` of someone who has one. */
export function NewPasswordField({
  error,
  hint = 'At least 12 characters, and not a common one.',
  ...props
}: { error: unknown; hint?: string; name: 'password' | 'new_password' } & Pick<
  ComponentProps<'input'>,
  'autoFocus'
>): ReactNode {
  return (
    <TextField
      label={props.name === 'password' ? 'Password' : 'New password'}
      type="password"
      autoComplete="new-password"
      hint={hint}
      error={fieldError(error, props.name)}
      {...props}
    />
  );
}
