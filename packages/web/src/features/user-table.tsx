import { KeyRound, Trash2, UserCog } from 'lucide-react';
import type { ReactNode } from 'react';
import { useMe, type User } from '../data/session.ts';
import { IconButton } from '../ui/button.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import { ActionsCell, Cell, HeadCell, Row, SkeletonRows, StackedLabel, Table } from '../ui/table.tsx';

const COLUMNS = ['w-[18%]', 'w-[18%]', '', 'w-22', 'w-32', 'w-32'] as const;

export type UserAction = { kind: 'role' | 'password' | 'delete'; user: User };

type UserTableProps = {
  users: readonly User[] | undefined;
  busy: boolean;
  onAction: (action: UserAction) => void;
};

export function UserTable({ users, busy, onAction }: UserTableProps): ReactNode {
  return (
    <Table caption="Users" busy={busy} columns={COLUMNS} stackedBelow="4xl">
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
          users.map((user) => <UserRow key={user.uid} {...{ user, onAction }} />)
        )}
      </tbody>
    </Table>
  );
}

function UserRow({ user, onAction }: Pick<UserTableProps, 'onAction'> & { user: User }): ReactNode {
  const me = useMe();
  const name = user.username;
  return (
    <Row>
      <Cell className="font-medium wrap-anywhere @max-4xl:col-span-2 @max-4xl:font-semibold" title={user.uid}>
        {name} {user.uid === me.uid && <span className="text-xs text-muted">you</span>}
      </Cell>
      <Cell className="wrap-anywhere @max-4xl:order-1 @max-4xl:col-span-3">
        {user.first_name} {user.last_name}
      </Cell>
      <Cell className="wrap-anywhere @max-4xl:order-1 @max-4xl:col-span-3">{user.email}</Cell>
      <Cell className="@max-4xl:order-1 @max-4xl:pr-0">{user.role}</Cell>
      <Cell className="text-muted @max-4xl:order-1 @max-4xl:col-span-2 @max-4xl:pl-1.5 @max-4xl:before:content-['·_']">
        <StackedLabel>created</StackedLabel>
        <RelativeTime at={user.created_at} />
      </Cell>
      <ActionsCell>
        <IconButton label={`Change the role of ${name}`} onClick={() => onAction({ kind: 'role', user })}>
          <UserCog aria-hidden="true" size={16} />
        </IconButton>
        <IconButton
          label={`Set a new password for ${name}`}
          onClick={() => onAction({ kind: 'password', user })}
        >
          <KeyRound aria-hidden="true" size={16} />
        </IconButton>
        <IconButton label={`Delete ${name}`} danger onClick={() => onAction({ kind: 'delete', user })}>
          <Trash2 aria-hidden="true" size={16} />
        </IconButton>
      </ActionsCell>
    </Row>
  );
}
