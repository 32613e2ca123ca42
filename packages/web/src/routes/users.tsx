import { ROLES, type Role } from '@coffer/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { KeyRound, Plus, Trash2, UserCog } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { useMay, useMe, type User } from '../data/session.ts';
import { useCreateUser, useDeleteUser, useResetPassword, usersQuery, useUpdateUser } from '../data/users.ts';
import { fieldError, formError, onSubmit } from '../features/form.ts';
import { listStateOf, withListState } from '../features/list-state.ts';
import { isBlocking, NotAllowedPage, ProblemPage } from '../features/problem-page.tsx';
import { Button, IconButton } from '../ui/button.tsx';
import { ConfirmDialog, Dialog, DialogButtons } from '../ui/dialog.tsx';
import { SelectField, TextField } from '../ui/field.tsx';
import { FilterBox } from '../ui/filter-box.tsx';
import { Notice } from '../ui/notice.tsx';
import { EmptyState, Page } from '../ui/page.tsx';
import { Pagination } from '../ui/pagination.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import { ActionsCell, Cell, HeadCell, SkeletonRows, Table } from '../ui/table.tsx';
import { announce } from '../ui/toast.tsx';

const route = getRouteApi('/signed-in/users');
const USERS_PER_PAGE = 15;

type UserAction = { kind: 'role' | 'password' | 'delete'; user: User };

export function UsersPage(): ReactNode {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const list = listStateOf(search, USERS_PER_PAGE);
  const mayList = useMay('user.list');
  const [action, setAction] = useState<UserAction | { kind: 'create' }>();
  const { data, error, refetch } = useQuery({ ...usersQuery(list), enabled: mayList });
  if (!mayList) return <NotAllowedPage>Users are managed by ROOT.</NotAllowedPage>;
  if (isBlocking(error, data)) return <ProblemPage error={error} onRetry={() => void refetch()} />;
  const change = (next: Partial<typeof list>): void =>
    void navigate({ search: (now) => withListState(now, next) });
  const close = (): void => setAction(undefined);
  const userFor = (kind: UserAction['kind']) =>
    action?.kind === kind && 'user' in action ? action.user : undefined;
  return (
    <Page
      title="Users"
      lead="Who may sign in, and with which role."
      action={
        <Button look="primary" data-shortcut="create" onClick={() => setAction({ kind: 'create' })}>
          <Plus aria-hidden="true" size={16} /> Add user
        </Button>
      }
    >
      <div className="mb-3">
        <FilterBox label="Filter users…" value={list.filter} onChange={(filter) => change({ filter })} />
      </div>
      {data?.amount === 0 ? (
        <EmptyState title="No user matches the filter">
          It looks at user name, names, e-mail address and role.
        </EmptyState>
      ) : (
        <>
          <UserTable users={data?.users} onAction={setAction} />
          {data !== undefined && (
            <Pagination
              noun="users"
              amount={data.amount}
              page={list.page}
              size={list.size}
              sizes={[15, 25, 50, 100]}
              onPage={(page) => change({ page })}
              onSize={(size) => change({ size })}
            />
          )}
        </>
      )}
      <Dialog
        open={action?.kind === 'create'}
        onClose={close}
        title="New user"
        description="Give them the password in person or in another safe way."
      >
        <CreateUserForm onDone={close} />
      </Dialog>
      <RoleDialog user={userFor('role')} onClose={close} />
      <PasswordDialog user={userFor('password')} onClose={close} />
      <DeleteUserDialog user={userFor('delete')} onClose={close} />
    </Page>
  );
}

function UserTable({
  users,
  onAction,
}: {
  users: readonly User[] | undefined;
  onAction: (action: UserAction) => void;
}): ReactNode {
  const me = useMe();
  return (
    <Table caption="Users">
      <thead>
        <tr>
          <HeadCell>User name</HeadCell>
          <HeadCell>Name</HeadCell>
          <HeadCell>E-mail</HeadCell>
          <HeadCell>Role</HeadCell>
          <HeadCell>Created</HeadCell>
          <HeadCell>
            <span className="sr-only">Actions</span>
          </HeadCell>
        </tr>
      </thead>
      <tbody>
        {users === undefined ? (
          <SkeletonRows rows={8} columns={6} />
        ) : (
          users.map((user) => (
            <tr key={user.uid}>
              <Cell className="font-medium" title={user.uid}>
                {user.username} {user.uid === me.uid && <span className="text-xs text-muted">you</span>}
              </Cell>
              <Cell>
                {user.first_name} {user.last_name}
              </Cell>
              <Cell>{user.email}</Cell>
              <Cell>{user.role}</Cell>
              <Cell className="text-muted">
                <RelativeTime at={user.created_at} />
              </Cell>
              <ActionsCell>
                <IconButton
                  label={`Change the role of ${user.username}`}
                  onClick={() => onAction({ kind: 'role', user })}
                >
                  <UserCog aria-hidden="true" size={16} />
                </IconButton>
                <IconButton
                  label={`Set a new password for ${user.username}`}
                  onClick={() => onAction({ kind: 'password', user })}
                >
                  <KeyRound aria-hidden="true" size={16} />
                </IconButton>
                <IconButton
                  label={`Delete ${user.username}`}
                  danger
                  onClick={() => onAction({ kind: 'delete', user })}
                >
                  <Trash2 aria-hidden="true" size={16} />
                </IconButton>
              </ActionsCell>
            </tr>
          ))
        )}
      </tbody>
    </Table>
  );
}

const CREATE = ['username', 'email', 'first_name', 'last_name', 'password', 'role'] as const;

function CreateUserForm({ onDone }: { onDone: () => void }): ReactNode {
  const create = useCreateUser();
  const submit = onSubmit(CREATE, (fields) =>
    create.mutate(
      { ...fields, role: asRole(fields.role) },
      {
        onSuccess: ({ user }) => {
          announce(`${user.username} can sign in now`);
          onDone();
        },
      },
    ),
  );
  const error = formError(create.error, CREATE);
  return (
    <form className="grid gap-4" onSubmit={submit} noValidate>
      {error !== undefined && <Notice tone="danger">{error}</Notice>}
      <TextField
        label="User name"
        name="username"
        autoFocus
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        error={fieldError(create.error, 'username')}
      />
      <TextField
        label="E-mail address"
        name="email"
        type="email"
        autoComplete="off"
        error={fieldError(create.error, 'email')}
      />
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField
          label="First name"
          name="first_name"
          autoComplete="off"
          error={fieldError(create.error, 'first_name')}
        />
        <TextField
          label="Last name"
          name="last_name"
          autoComplete="off"
          error={fieldError(create.error, 'last_name')}
        />
      </div>
      <TextField
        label="Password"
        name="password"
        type="password"
        autoComplete="new-password"
        hint="At least 12 characters, and not a common one."
        error={fieldError(create.error, 'password')}
      />
      <RoleField defaultValue="VIEWER" error={fieldError(create.error, 'role')} />
      <DialogButtons>
        <Button onClick={onDone}>Cancel</Button>
        <Button type="submit" look="primary" busy={create.isPending}>
          Add user
        </Button>
      </DialogButtons>
    </form>
  );
}

function RoleField({ defaultValue, error }: { defaultValue: Role; error: string | undefined }): ReactNode {
  return (
    <SelectField
      label="Role"
      name="role"
      defaultValue={defaultValue}
      hint="ROOT manages users and sees all projects. ROOT and ADMIN open the vaults of projects that they are a member of; AUTHOR and VIEWER open none."
      error={error}
    >
      {ROLES.map((role) => (
        <option key={role}>{role}</option>
      ))}
    </SelectField>
  );
}

type UserDialogProps = { user: User | undefined; onClose: () => void };

function RoleDialog({ user, onClose }: UserDialogProps): ReactNode {
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
  const submit = onSubmit(['role'], ({ role }) =>
    update.mutate(
      { uid: user.uid, role: asRole(role) },
      {
        onSuccess: () => {
          announce(`${user.username} has the role ${role} now`);
          onClose();
        },
      },
    ),
  );
  const error = formError(update.error, ['role']);
  return (
    <form className="grid gap-4" onSubmit={submit}>
      {error !== undefined && <Notice tone="danger">{error}</Notice>}
      <RoleField defaultValue={user.role} error={fieldError(update.error, 'role')} />
      <DialogButtons>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" look="primary" busy={update.isPending}>
          Change role
        </Button>
      </DialogButtons>
    </form>
  );
}

function PasswordDialog({ user, onClose }: UserDialogProps): ReactNode {
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
  const error = formError(reset.error, ['new_password']);
  return (
    <form className="grid gap-4" onSubmit={submit} noValidate>
      {error !== undefined && <Notice tone="danger">{error}</Notice>}
      <TextField
        label="New password"
        name="new_password"
        type="password"
        autoFocus
        autoComplete="new-password"
        hint="At least 12 characters, and not a common one."
        error={fieldError(reset.error, 'new_password')}
      />
      <DialogButtons>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" look="primary" busy={reset.isPending}>
          Set password
        </Button>
      </DialogButtons>
    </form>
  );
}

function DeleteUserDialog({ user, onClose }: UserDialogProps): ReactNode {
  const remove = useDeleteUser();
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
      <p>
        Their sessions and memberships end at once. What they did stays in the audit log and in the history of
        entries.
      </p>
    </ConfirmDialog>
  );
}

function asRole(text: string): Role {
  return ROLES.find((role) => role === text) ?? 'VIEWER';
}
