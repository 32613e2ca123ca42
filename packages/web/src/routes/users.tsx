import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { useMay } from '../data/session.ts';
import { usersQuery } from '../data/users.ts';
import { listStateOf, withListState } from '../features/list-state.ts';
import { isBlocking, NotAllowedPage, ProblemPage } from '../features/problem-page.tsx';
import { ToLastPage } from '../features/to-last-page.tsx';
import { CreateUserDialog, DeleteUserDialog, PasswordDialog, RoleDialog } from '../features/user-dialogs.tsx';
import { UserTable, type UserAction } from '../features/user-table.tsx';
import { Button } from '../ui/button.tsx';
import { FilterBox } from '../ui/filter-box.tsx';
import { EmptyState, Page } from '../ui/page.tsx';
import { Pagination } from '../ui/pagination.tsx';

const route = getRouteApi('/signed-in/users');
const USERS_PER_PAGE = 15;

export function UsersPage(): ReactNode {
  const navigate = route.useNavigate();
  const list = listStateOf(route.useSearch(), USERS_PER_PAGE);
  const mayList = useMay('user.list');
  const [action, setAction] = useState<UserAction | { kind: 'create' }>();
  const {
    data,
    error,
    refetch,
    isPlaceholderData: isOld,
  } = useQuery({ ...usersQuery(list), enabled: mayList });
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
      <ToLastPage amount={isOld ? undefined : data?.amount} list={list} />
      <div className="mb-3">
        <FilterBox label="Filter users…" value={list.filter} onChange={(filter) => change({ filter })} />
      </div>
      {data?.amount === 0 && !isOld ? (
        <EmptyState title="No user matches the filter">
          It looks at user name, names, e-mail address and role.
        </EmptyState>
      ) : (
        <>
          <UserTable users={data?.amount === 0 ? undefined : data?.users} busy={isOld} onAction={setAction} />
          <Pagination
            busy={isOld}
            noun="users"
            amount={data?.amount}
            page={list.page}
            size={list.size}
            sizes={[15, 25, 50, 100]}
            onPage={(page) => change({ page })}
            onSize={(size) => change({ size })}
          />
        </>
      )}
      <CreateUserDialog open={action?.kind === 'create'} onClose={close} />
      <RoleDialog user={userFor('role')} onClose={close} />
      <PasswordDialog user={userFor('password')} onClose={close} />
      <DeleteUserDialog user={userFor('delete')} onClose={close} />
    </Page>
  );
}
