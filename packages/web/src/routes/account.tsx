import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { lastPage } from '../data/page.ts';
import {
  useChangePassword,
  useEndSession,
  useMe,
  sessionsQuery,
  type Session,
  type User,
} from '../data/session.ts';
import { useUpdateUser } from '../data/users.ts';
import { browserName } from '../features/browser-name.ts';
import { Form } from '../features/form-frame.tsx';
import { fieldError, onSubmit } from '../features/form.ts';
import { SignOutButton } from '../features/sign-out-button.tsx';
import { EmailField, NameFields, NewPasswordField } from '../features/user-fields.tsx';
import { Button } from '../ui/button.tsx';
import { ClampedText } from '../ui/clamped-text.tsx';
import { TextField } from '../ui/field.tsx';
import { Notice } from '../ui/notice.tsx';
import { Page, Section } from '../ui/page.tsx';
import { Pagination } from '../ui/pagination.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import { ActionsCell, Cell, HeadCell, Row, SkeletonRows, StackedLabel, Table } from '../ui/table.tsx';
import { announce } from '../ui/toast.tsx';

const SESSIONS_PER_PAGE = 10;
const COLUMNS = ['w-36', 'w-36', '', 'w-36'] as const;

export function AccountPage(): ReactNode {
  const user = useMe();
  return (
    <Page title="My account" lead={`${user.username}, ${user.role}`}>
      <div className="max-w-3xl">
        <Section title="Profile">
          <ProfileForm user={user} />
        </Section>
        <Section title="Password">
          <PasswordForm />
        </Section>
        <Section title="Sessions">
          <Sessions />
        </Section>
      </div>
    </Page>
  );
}

const PROFILE = ['first_name', 'last_name', 'email'] as const;

function ProfileForm({ user }: { user: User }): ReactNode {
  const update = useUpdateUser();
  const submit = onSubmit(PROFILE, (fields) =>
    update.mutate({ uid: user.uid, ...fields }, { onSuccess: () => announce('Profile saved') }),
  );
  return (
    <Form className="grid max-w-md gap-4" onSubmit={submit} error={update.error} fields={PROFILE}>
      <NameFields isOwn user={user} error={update.error} />
      <EmailField isOwn user={user} error={update.error} />
      <div>
        <Button type="submit" busy={update.isPending}>
          Save profile
        </Button>
      </div>
    </Form>
  );
}

const PASSWORD = ['current_password', 'new_password'] as const;

function PasswordForm(): ReactNode {
  // Another key makes another form, with empty fields.
  const [changes, setChanges] = useState(0);
  const change = useChangePassword();
  const submit = onSubmit(PASSWORD, (fields) =>
    change.mutate(fields, {
      onSuccess: () => {
        setChanges(changes + 1);
        change.reset();
        announce('Password changed. Your other sessions have ended.');
      },
    }),
  );
  return (
    <Form
      key={changes}
      className="grid max-w-md gap-4"
      onSubmit={submit}
      error={change.error}
      fields={PASSWORD}
    >
      <TextField
        label="Current password"
        name="current_password"
        type="password"
        autoComplete="current-password"
        error={fieldError(change.error, 'current_password')}
      />
      <NewPasswordField
        name="new_password"
        hint="At least 12 characters, and not a common one. Your other sessions will end."
        error={change.error}
      />
      <div>
        <Button type="submit" busy={change.isPending}>
          Change password
        </Button>
      </div>
    </Form>
  );
}

function Sessions(): ReactNode {
  const [page, setPage] = useState(1);
  const {
    data,
    error,
    isPlaceholderData: isOld,
  } = useQuery(sessionsQuery({ limit: SESSIONS_PER_PAGE, offset: (page - 1) * SESSIONS_PER_PAGE }));
  // The last one of a page may just have ended.
  const last = lastPage(data?.amount ?? 0, SESSIONS_PER_PAGE);
  if (data !== undefined && !isOld && page > last) setPage(last);
  if (error !== null) return <Notice tone="danger">{error.message}</Notice>;
  return (
    <>
      <Table caption="Where you are signed in" busy={isOld} columns={COLUMNS} stackedBelow="xl">
        <thead>
          <tr>
            <HeadCell>Signed in</HeadCell>
            <HeadCell>From</HeadCell>
            <HeadCell>With</HeadCell>
            <HeadCell>
              <span className="sr-only">End it</span>
            </HeadCell>
          </tr>
        </thead>
        <tbody>
          {data === undefined ? (
            <SkeletonRows rows={2} columns={4} />
          ) : (
            data.sessions.map((session) => <SessionRow key={session.id} session={session} />)
          )}
        </tbody>
      </Table>
      {data !== undefined && data.amount > SESSIONS_PER_PAGE && (
        <Pagination
          busy={isOld}
          noun="sessions"
          amount={data.amount}
          page={page}
          size={SESSIONS_PER_PAGE}
          onPage={setPage}
        />
      )}
    </>
  );
}

/** In words, and on demand in full; as it is where there are no words for it. */
function Program({ userAgent }: { userAgent: string }): ReactNode {
  const name = browserName(userAgent);
  if (name === undefined) return <ClampedText of="the program">{userAgent || 'unknown'}</ClampedText>;
  return (
    <details>
      <summary className="cursor-pointer">{name}</summary>
      <span className="text-xs text-muted">{userAgent}</span>
    </details>
  );
}

function SessionRow({ session }: { session: Session }): ReactNode {
  const end = useEndSession();
  return (
    <Row>
      <Cell className="@max-xl:col-span-2">
        <RelativeTime at={session.created_at} />
        {session.current && <div className="font-medium text-accent">This one</div>}
      </Cell>
      <Cell className="font-mono wrap-anywhere @max-xl:order-1 @max-xl:col-span-3">
        <StackedLabel>From</StackedLabel>
        {session.ip}
      </Cell>
      <Cell className="wrap-anywhere @max-xl:order-1 @max-xl:col-span-3">
        <Program userAgent={session.user_agent} />
      </Cell>
      <ActionsCell>
        {session.current ? (
          <SignOutButton>Sign out here</SignOutButton>
        ) : (
          <Button
            look="quiet"
            busy={end.isPending}
            aria-label={`End the session from ${session.ip}`}
            onClick={() => end.mutate(session.id, { onSuccess: () => announce('Session ended') })}
          >
            End
          </Button>
        )}
      </ActionsCell>
    </Row>
  );
}
