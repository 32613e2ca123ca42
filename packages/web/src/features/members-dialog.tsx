import { useQuery } from '@tanstack/react-query';
import { UserMinus, UserPlus } from 'lucide-react';
import { useRef, useState, type ReactNode } from 'react';
import { ApiError } from '../data/api.ts';
import { lastPage } from '../data/page.ts';
import {
  candidatesQuery,
  membersQuery,
  useAddMember,
  useRemoveMember,
  type Candidate,
  type Member,
  type Project,
} from '../data/projects.ts';
import { useMe } from '../data/session.ts';
import { Button } from '../ui/button.tsx';
import { ConfirmDialog, Dialog } from '../ui/dialog.tsx';
import { FilterBox } from '../ui/filter-box.tsx';
import { Notice } from '../ui/notice.tsx';
import { Pagination } from '../ui/pagination.tsx';
import { ActionsCell, Cell, HeadCell, Row, SkeletonRows, Table } from '../ui/table.tsx';
import { announce } from '../ui/toast.tsx';

const MEMBERS_PER_PAGE = 10;
const COLUMNS = ['', 'w-[34%]', 'w-24', 'w-34'] as const;

/** Who the members of a project are; who may, adds and removes them here. */
export function MembersDialog({
  project,
  onClose,
}: {
  project: Project | undefined;
  onClose: () => void;
}): ReactNode {
  return (
    <Dialog
      open={project !== undefined}
      onClose={onClose}
      wide
      title={`Members of ${project?.name ?? ''}`}
      description="Members with the role ROOT or ADMIN open the vault. Everyone else sees the project only."
    >
      {project !== undefined && <MembersPanel project={project} />}
    </Dialog>
  );
}

/** The same for a part of a page. */
export function MembersPanel({ project }: { project: Project }): ReactNode {
  const [filter, setFilter] = useState('');
  const [page, setPage] = useState(1);
  const [leaving, setLeaving] = useState<Member>();
  const mayAdd = project.abilities.includes('member.add');
  const mayRemove = project.abilities.includes('member.remove');
  const {
    data,
    error,
    isPlaceholderData: isOld,
  } = useQuery(membersQuery(project.id, { filter, page, size: MEMBERS_PER_PAGE }));
  // The last one of a page may just have been removed.
  const last = lastPage(data?.amount ?? 0, MEMBERS_PER_PAGE);
  if (data !== undefined && !isOld && page > last) setPage(last);
  return (
    <div className="grid gap-4">
      {mayAdd && <AddMember project={project} />}
      <FilterBox
        label="Filter members…"
        value={filter}
        onChange={(value) => {
          setFilter(value);
          setPage(1);
        }}
      />
      {error !== null && <Notice tone="danger">{error.message}</Notice>}
      <Table
        caption={`Members of ${project.name}`}
        busy={isOld}
        columns={mayRemove ? COLUMNS : COLUMNS.slice(0, 3)}
        stackedBelow="xl"
      >
        <thead>
          <tr>
            <HeadCell>Name</HeadCell>
            <HeadCell>User name</HeadCell>
            <HeadCell>Role</HeadCell>
            {mayRemove && (
              <HeadCell>
                <span className="sr-only">Actions</span>
              </HeadCell>
            )}
          </tr>
        </thead>
        <tbody>
          {data === undefined && error === null && <SkeletonRows rows={3} columns={mayRemove ? 4 : 3} />}
          {data?.members.map((member) => (
            <Row key={member.uid}>
              <Cell className="wrap-anywhere @max-xl:col-span-2">
                {member.first_name} {member.last_name}
              </Cell>
              <Cell className="wrap-anywhere text-muted @max-xl:order-1 @max-xl:col-span-2">
                {member.username}
              </Cell>
              <Cell className="@max-xl:text-right">{member.role}</Cell>
              {mayRemove && (
                <ActionsCell className="@max-xl:order-1">
                  <Button
                    look="quiet"
                    className="h-8! hover:text-danger"
                    aria-label={`Remove ${member.username}`}
                    onClick={() => setLeaving(member)}
                  >
                    <UserMinus aria-hidden="true" size={16} /> Remove
                  </Button>
                </ActionsCell>
              )}
            </Row>
          ))}
          {data?.members.length === 0 && (
            <Row>
              <Cell colSpan={4} className="@max-xl:col-span-3 py-4 text-center text-muted">
                {filter === '' ? 'There are no members.' : 'No member matches the filter.'}
              </Cell>
            </Row>
          )}
        </tbody>
      </Table>
      {data !== undefined && (
        <Pagination
          busy={isOld}
          noun="members"
          amount={data.amount}
          page={page}
          size={MEMBERS_PER_PAGE}
          onPage={setPage}
        />
      )}
      <RemoveMember project={project} member={leaving} onClose={() => setLeaving(undefined)} />
    </div>
  );
}

function AddMember({ project }: { project: Project }): ReactNode {
  const [typed, setTyped] = useState('');
  const add = useAddMember();
  const input = useRef<HTMLInputElement>(null);
  const { data } = useQuery({ ...candidatesQuery(project.id, typed), enabled: typed !== '' });
  const join = ({ uid, username }: Candidate): void =>
    add.mutate(
      { project_id: project.id, uid },
      {
        onSuccess: () => {
          setTyped('');
          // The button that was pressed goes away.
          input.current?.focus();
          announce(`${username} is a member now`);
        },
      },
    );
  return (
    <fieldset className="grid gap-2 rounded-lg border border-line bg-canvas p-3">
      <legend className="px-1 font-semibold">Add a member</legend>
      <FilterBox
        label="Add someone: name or address…"
        icon={<UserPlus aria-hidden="true" size={16} />}
        shortcut={false}
        inputRef={input}
        value={typed}
        onChange={setTyped}
      />
      {add.error !== null && <Notice tone="danger">{add.error.message}</Notice>}
      {typed !== '' && data !== undefined && (
        <ul aria-label="People who are no members" className="grid gap-1">
          {data.candidates.map((candidate) => (
            <li
              key={candidate.uid}
              className="flex items-center justify-between gap-2 rounded-md px-2 py-1 hover:bg-sunken"
            >
              <span className="min-w-0 wrap-anywhere">
                {candidate.first_name} {candidate.last_name}{' '}
                <span className="text-muted">{candidate.username}</span>
              </span>
              <Button
                aria-label={`Add ${candidate.username}`}
                className="h-8!"
                busy={add.isPending}
                onClick={() => join(candidate)}
              >
                <UserPlus aria-hidden="true" size={16} /> Add
              </Button>
            </li>
          ))}
          {data.candidates.length === 0 && (
            <li className="px-2 py-1 text-muted">Nobody who is not a member matches.</li>
          )}
        </ul>
      )}
    </fieldset>
  );
}

function RemoveMember({
  project,
  member,
  onClose,
}: {
  project: Project;
  member: Member | undefined;
  onClose: () => void;
}): ReactNode {
  const remove = useRemoveMember();
  const me = useMe();
  const isMe = member?.uid === me.uid;
  const isLast = remove.error instanceof ApiError && remove.error.code === 'last_manager';
  const close = (): void => {
    remove.reset();
    onClose();
  };
  const confirm = (): void => {
    if (member === undefined) return;
    remove.mutate(
      { project_id: project.id, uid: member.uid, force: isLast },
      {
        onSuccess: () => {
          announce(`${member.username} is no longer a member`);
          close();
        },
      },
    );
  };
  return (
    <ConfirmDialog
      open={member !== undefined}
      onClose={close}
      title={`Remove ${isMe ? 'yourself' : (member?.username ?? '')} from ${project.name}?`}
      action={isLast ? 'Remove all the same' : 'Remove member'}
      busy={remove.isPending}
      error={isLast ? undefined : remove.error?.message}
      onConfirm={confirm}
    >
      {isMe ? (
        <p>
          You lose access to its vault at once
          {me.role === 'ROOT'
            ? '. As ROOT you still see the project and can add yourself again; that is on record.'
            : ', and the project is no longer in your lists. Only another ROOT or ADMIN can add you again.'}
        </p>
      ) : (
        <p>They lose access at once. What they have read they may have kept: rotate those secrets.</p>
      )}
      {isLast && (
        <Notice tone="warn">
          This is the last ROOT or ADMIN member. Without them no member can open the vault until a ROOT user
          adds another.
        </Notice>
      )}
    </ConfirmDialog>
  );
}
