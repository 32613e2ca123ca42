import { useQuery } from '@tanstack/react-query';
import { Plus, SquareTerminal, Trash2 } from 'lucide-react';
import { useRef, useState, type ReactNode } from 'react';
import type { Project } from '../data/projects.ts';
import { trustsQuery, useDeleteTrust, type Trust } from '../data/tokens.ts';
import { Button, IconButton } from '../ui/button.tsx';
import { CodeBlock } from '../ui/code-block.tsx';
import { ConfirmDialog, Dialog, DialogButtons } from '../ui/dialog.tsx';
import { Notice } from '../ui/notice.tsx';
import { EmptyState, Section } from '../ui/page.tsx';
import { Pagination } from '../ui/pagination.tsx';
import { ActionsCell, Cell, HeadCell, Row, SkeletonRows, StackedLabel, Table } from '../ui/table.tsx';
import { announce } from '../ui/toast.tsx';
import { GrantSummary } from './grant-summary.tsx';
import { CreateTrustDialog } from './trust-create-dialog.tsx';
import { exchangeCommands, PLATFORMS } from './workload-platforms.ts';

const COLUMNS = ['w-[22%]', '', 'w-[26%]', 'w-22', 'w-22'] as const;
const TRUSTS_PER_PAGE = 10;

/** The workloads whose identity tokens a project takes in exchange for service tokens. */
export function Trusts({ project }: { project: Project }): ReactNode {
  const [page, setPage] = useState(1);
  const [isCreating, setCreating] = useState(false);
  const [shown, setShown] = useState<Trust>();
  const [leaving, setLeaving] = useState<Trust>();
  const create = useRef<HTMLButtonElement>(null);
  const { data, error } = useQuery(trustsQuery(project.id, { filter: '', page, size: TRUSTS_PER_PAGE }));
  const mayCreate = project.abilities.includes('token.create');
  return (
    <Section
      title="Trusted workloads"
      action={
        mayCreate && (
          <Button ref={create} onClick={() => setCreating(true)}>
            <Plus aria-hidden="true" size={16} /> Trust a workload
          </Button>
        )
      }
    >
      {error !== null && <Notice tone="danger">{error.message}</Notice>}
      {data?.amount === 0 ? (
        <EmptyState title="This project trusts no workload yet">
          <p>
            A job of GitHub Actions or GitLab, or a pod, has an identity token of its platform. It exchanges
            that for a service token of a few minutes, so that no secret has to be stored there.
          </p>
        </EmptyState>
      ) : (
        <>
          <TrustTable {...{ project }} trusts={data?.trusts} onShow={setShown} onDelete={setLeaving} />
          {data !== undefined && data.amount > TRUSTS_PER_PAGE && (
            <Pagination
              noun="workloads"
              amount={data.amount}
              page={page}
              size={TRUSTS_PER_PAGE}
              onPage={setPage}
            />
          )}
        </>
      )}
      <CreateTrustDialog
        project={project}
        open={isCreating}
        onMade={(trust) => {
          announce(`${trust.name} is trusted`);
          setCreating(false);
          setShown(trust);
        }}
        onClose={() => setCreating(false)}
      />
      <ExampleDialog trust={shown} onClose={() => setShown(undefined)} />
      <DeleteTrustDialog
        trust={leaving}
        onClose={() => setLeaving(undefined)}
        onGone={() => setPage(1)}
        focusAfter={() => create.current}
      />
    </Section>
  );
}

function TrustTable({
  project,
  trusts,
  onShow,
  onDelete,
}: {
  project: Project;
  trusts: readonly Trust[] | undefined;
  onShow: (trust: Trust) => void;
  onDelete: (trust: Trust) => void;
}): ReactNode {
  return (
    <Table caption={`Trusted workloads of ${project.name}`} columns={COLUMNS} stackedBelow="4xl">
      <thead>
        <tr>
          <HeadCell>Name</HeadCell>
          <HeadCell>Subject</HeadCell>
          <HeadCell>May</HeadCell>
          <HeadCell>Valid for</HeadCell>
          <HeadCell>
            <span className="sr-only">Actions</span>
          </HeadCell>
        </tr>
      </thead>
      <tbody>
        {trusts === undefined ? (
          <SkeletonRows rows={2} columns={5} />
        ) : (
          trusts.map((trust) => (
            <Row key={trust.id}>
              <Cell className="font-medium wrap-anywhere @max-4xl:col-span-3">
                {trust.name}
                <span className="block font-normal text-muted">{platformOf(trust)}</span>
              </Cell>
              <Cell className="font-mono text-xs wrap-anywhere @max-4xl:col-span-3">
                {trust.subject}
                {Object.entries(trust.claims).map(([name, claim]) => (
                  <span key={name} className="block text-muted">
                    {name}: {String(claim)}
                  </span>
                ))}
              </Cell>
              <Cell className="wrap-anywhere @max-4xl:col-span-3">
                <GrantSummary grant={trust} />
              </Cell>
              <Cell className="text-muted @max-4xl:col-span-2">
                <StackedLabel>Valid for</StackedLabel>
                {Math.round(trust.ttl_seconds / 60)} min
              </Cell>
              <ActionsCell>
                <IconButton label={`How ${trust.name} gets its token`} onClick={() => onShow(trust)}>
                  <SquareTerminal aria-hidden="true" size={16} />
                </IconButton>
                {project.abilities.includes('token.revoke') && (
                  <IconButton label={`Delete ${trust.name}`} danger onClick={() => onDelete(trust)}>
                    <Trash2 aria-hidden="true" size={16} />
                  </IconButton>
                )}
              </ActionsCell>
            </Row>
          ))
        )}
      </tbody>
    </Table>
  );
}

function platformOf({ issuer }: Trust): string {
  return PLATFORMS.find((platform) => platform.issuer === issuer)?.title ?? issuer;
}

function ExampleDialog({ trust, onClose }: { trust: Trust | undefined; onClose: () => void }): ReactNode {
  return (
    <Dialog
      open={trust !== undefined}
      onClose={onClose}
      wide
      title={`How ${trust?.name ?? ''} gets its token`}
      description="No secret is in it: copy it into the job."
    >
      {trust !== undefined && (
        <div className="grid grid-cols-[minmax(0,1fr)] gap-4">
          <CodeBlock label="The commands">{exchangeCommands(trust)}</CodeBlock>
          <p className="text-muted">
            The token in <code className="font-mono">$COFFER_TOKEN</code> is valid for{' '}
            {Math.round(trust.ttl_seconds / 60)} minutes, and sent as{' '}
            <code className="font-mono">Authorization: Bearer</code>.{' '}
            {trust.single_use
              ? 'Each identity token is exchanged once: a new one is asked for each time.'
              : 'The same identity token can be exchanged as often as it is valid.'}
          </p>
          <DialogButtons>
            <Button look="primary" onClick={onClose}>
              Done
            </Button>
          </DialogButtons>
        </div>
      )}
    </Dialog>
  );
}

function DeleteTrustDialog({
  trust,
  onClose,
  onGone,
  focusAfter,
}: {
  trust: Trust | undefined;
  onClose: () => void;
  onGone: () => void;
  /** Where the focus goes once the row is gone. */
  focusAfter: () => HTMLElement | null;
}): ReactNode {
  const remove = useDeleteTrust();
  const isGone = useRef(false);
  const close = (): void => {
    remove.reset();
    onClose();
  };
  return (
    <ConfirmDialog
      open={trust !== undefined}
      onClose={close}
      focusAfter={() => {
        const target = isGone.current ? focusAfter() : true;
        isGone.current = false;
        return target;
      }}
      title={`Stop trusting ${trust?.name ?? ''}?`}
      action="Delete trust"
      busy={remove.isPending}
      error={remove.error?.message}
      onConfirm={() =>
        trust !== undefined &&
        remove.mutate(trust.id, {
          onSuccess: () => {
            isGone.current = true;
            announce(`${trust.name} is not trusted any more`);
            onGone();
            close();
          },
        })
      }
    >
      <p>
        The tokens that it has got are refused from their next request on, and it gets no others. Its jobs
        fail until the workload is trusted again.
      </p>
    </ConfirmDialog>
  );
}
