import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { KeyRound, Plus, Trash2, UserCog } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { useMay, useMe, type User } from '../data/session.ts';
import { usersQuery } from '../data/users.ts';
import { listStateOf, withListState } from '../features/list-state.ts';
import { isBlocking, NotAllowedPage, ProblemPage } from '../features/problem-page.tsx';
import { CreateUserDialog, DeleteUserDialog, PasswordDialog, RoleDialog } from '../features/user-dialogs.tsx';
import { Button, IconButton } from '../ui/button.tsx';
import { FilterBox } from '../ui/filter-box.tsx';
import { EmptyState, Page } from '../ui/page.tsx';
import { Pagination } from '../ui/pagination.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import { ActionsCell, Cell, HeadCell, SkeletonRows, Table } from '../ui/table.tsx';

const route = getRouteApi('/signed-in/users');
const USERS_PER_PAGE = 15;
const COLUMNS = ['w-28 sm:w-44', 'w-36 sm:w-44', '', 'w-20', 'w-32', 'w-32'] as const;

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
      <CreateUserDialog open={action?.kind === 'create'} onClose={close} />
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
    <Table caption="Users" columns={COLUMNS}>
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
              <Cell className="font-medium wrap-anywhere" title={user.uid}>
                {user.username} {user.uid === me.uid && <span className="text-xs text-muted">you</span>}
              </Cell>
              <Cell className="wrap-anywhere">
                {user.first_name} {user.last_name}
              </Cell>
              <Cell className="wrap-anywhere">{user.email}</Cell>
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
