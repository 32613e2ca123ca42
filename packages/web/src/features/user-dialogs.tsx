import { ROLES, type Role } from '@coffer/core';
import { useState, type ReactNode } from 'react';
import { useMe, type User } from '../data/session.ts';
import { useCreateUser, useDeleteUser, useResetPassword, useUpdateUser } from '../data/users.ts';
import { ConfirmDialog, Dialog } from '../ui/dialog.tsx';
import { SelectField } from '../ui/field.tsx';
import { Notice } from '../ui/notice.tsx';
import { announce } from '../ui/toast.tsx';
import { Form, FormButtons } from './form-frame.tsx';
import { fieldError, onSubmit } from './form.ts';
import { EmailField, NameFields, NewPasswordField, UsernameField } from './user-fields.tsx';

export function CreateUserDialog({ open, onClose }: { open: boolean; onClose: () => void }): ReactNode {
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title="New user"
      description="Give them the password in person or in another safe way."
    >
      <CreateUserForm onClose={onClose} />
    </Dialog>
  );
}

const CREATE = ['username', 'email', 'first_name', 'last_name', 'password', 'role'] as const;

function CreateUserForm({ onClose }: { onClose: () => void }): ReactNode {
  const create = useCreateUser();
  const [role, setRole] = useState<Role>('VIEWER');
  const submit = onSubmit(CREATE, (fields) =>
    create.mutate(
      { ...fields, role },
      {
        onSuccess: ({ user }) => {
          announce(`${user.username} can sign in now`);
          onClose();
        },
      },
    ),
  );
  return (
    <Form onSubmit={submit} error={create.error} fields={CREATE}>
      <UsernameField error={create.error} />
      <EmailField error={create.error} />
      <NameFields error={create.error} />
      <NewPasswordField name="password" error={create.error} />
      <RoleField role={role} onChange={setRole} error={create.error} />
      <FormButtons action="Add user" busy={create.isPending} onCancel={onClose} />
    </Form>
  );
}

function RoleField({
  role,
  onChange,
  error,
}: {
  role: Role;
  onChange: (role: Role) => void;
  error: unknown;
}): ReactNode {
  return (
    <SelectField
      label="Role"
      name="role"
      value={role}
      onChange={(event) => onChange(ROLES.find((known) => known === event.target.value) ?? role)}
      hint="ROOT manages users and sees all projects. ROOT and ADMIN open the vaults of projects that they are a member of; AUTHOR and VIEWER open none."
      error={fieldError(error, 'role')}
    >
      {ROLES.map((known) => (
        <option key={known}>{known}</option>
      ))}
    </SelectField>
  );
}

type UserDialogProps = { user: User | undefined; onClose: () => void };

export function RoleDialog({ user, onClose }: UserDialogProps): ReactNode {
  return (
    <Dialog
      open={user !== undefined}
      onClose={onClose}
      title={`Role of ${user?.username ?? ''}`}
      description="It counts from their next request on."
    >
      {user !== undefined && <RoleForm user={user} onClose={onClose} />}
    </Dialog>
  );
}

function RoleForm({ user, onClose }: { user: User; onClose: () => void }): ReactNode {
  const update = useUpdateUser();
  const me = useMe();
  const [role, setRole] = useState(user.role);
  const isGivenUp = user.uid === me.uid && role !== 'ROOT';
  const submit = onSubmit(['role'], () =>
    update.mutate(
      { uid: user.uid, role },
      {
        onSuccess: () => {
          announce(`${user.username} has the role ${role} now`);
          onClose();
        },
      },
    ),
  );
  return (
    <Form onSubmit={submit} error={update.error} fields={['role']}>
      <RoleField role={role} onChange={setRole} error={update.error} />
      {isGivenUp && (
        <Notice tone="warn">
          You take ROOT from yourself: this page and all projects that you are not a member of are closed to
          you at once. Only another ROOT user can give it back.
        </Notice>
      )}
      <FormButtons
        action={isGivenUp ? 'Give up the role ROOT' : 'Change role'}
        look={isGivenUp ? 'danger' : 'primary'}
        busy={update.isPending}
        onCancel={onClose}
      />
    </Form>
  );
}

export function PasswordDialog({ user, onClose }: UserDialogProps): ReactNode {
  return (
    <Dialog
      open={user !== undefined}
      onClose={onClose}
      title={`New password for ${user?.username ?? ''}`}
      description="For someone who lost theirs. All their sessions end."
    >
      {user !== undefined && <PasswordForm user={user} onClose={onClose} />}
    </Dialog>
  );
}

function PasswordForm({ user, onClose }: { user: User; onClose: () => void }): ReactNode {
  const reset = useResetPassword();
  const submit = onSubmit(['new_password'], (fields) =>
    reset.mutate(
      { uid: user.uid, ...fields },
      {
        onSuccess: () => {
          announce(`${user.username} has a new password`);
          onClose();
        },
      },
    ),
  );
  return (
    <Form onSubmit={submit} error={reset.error} fields={['new_password']}>
      <NewPasswordField name="new_password" autoFocus error={reset.error} />
      <FormButtons action="Set password" busy={reset.isPending} onCancel={onClose} />
    </Form>
  );
}

export function DeleteUserDialog({ user, onClose }: UserDialogProps): ReactNode {
  const remove = useDeleteUser();
  const me = useMe();
  const close = (): void => {
    remove.reset();
    onClose();
  };
  return (
    <ConfirmDialog
      open={user !== undefined}
      onClose={close}
      title={`Delete ${user?.username ?? ''}?`}
      action="Delete user"
      confirmText={user?.username ?? ''}
      confirmLabel="User name"
      busy={remove.isPending}
      error={remove.error?.message}
      onConfirm={() =>
        user !== undefined &&
        remove.mutate(user.uid, {
          onSuccess: () => {
            announce(`${user.username} is deleted`);
            close();
          },
        })
      }
    >
      {user?.uid === me.uid && (
        <p className="font-semibold">This is your own account: you are signed out at once and for good.</p>
      )}
      <p>
        Their sessions and memberships end at once. What they did stays in the audit log and in the history of
        entries.
      </p>
    </ConfirmDialog>
  );
}
