import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Plus, Trash2 } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import {
  environmentsQuery,
  useCreateEnvironment,
  useDeleteEnvironment,
  type Environment,
  type Project,
} from '../data/projects.ts';
import { Button, IconButton } from '../ui/button.tsx';
import { ConfirmDialog, Dialog } from '../ui/dialog.tsx';
import { TextField } from '../ui/field.tsx';
import { Notice } from '../ui/notice.tsx';
import { Section } from '../ui/page.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import { ActionsCell, Cell, HeadCell, Row, SkeletonRows, Table } from '../ui/table.tsx';
import { announce } from '../ui/toast.tsx';
import { Form, FormButtons } from './form-frame.tsx';
import { fieldError, onSubmit } from './form.ts';

const COLUMNS = ['', 'w-[34%]', 'w-36', 'w-16'] as const;

/** The environments of a project, each with entries of its own. */
export function Environments({ project }: { project: Project }): ReactNode {
  const { data, error } = useQuery(environmentsQuery(project.id));
  const [isCreating, setCreating] = useState(false);
  const [leaving, setLeaving] = useState<Environment>();
  return (
    <Section
      title="Environments"
      action={
        project.abilities.includes('environment.create') && (
          <Button onClick={() => setCreating(true)}>
            <Plus aria-hidden="true" size={16} /> Add environment
          </Button>
        )
      }
    >
      {error !== null && <Notice tone="danger">{error.message}</Notice>}
      <Table caption="Environments" columns={COLUMNS} stackedBelow="xl">
        <thead>
          <tr>
            <HeadCell>Name</HeadCell>
            <HeadCell>Id</HeadCell>
            <HeadCell>Created</HeadCell>
            <HeadCell>
              <span className="sr-only">Actions</span>
            </HeadCell>
          </tr>
        </thead>
        <tbody>
          {data === undefined && error === null && <SkeletonRows rows={1} columns={4} />}
          {data?.map((environment) => (
            <Row key={environment.id}>
              <Cell className="wrap-anywhere @max-xl:col-span-2">
                <Link
                  to="/vault"
                  search={{
                    project_id: project.id,
                    ...(environment.id === 'default' ? {} : { environment: environment.id }),
                  }}
                  className="font-medium text-accent hover:underline"
                >
                  {environment.name}
                </Link>
              </Cell>
              <Cell className="font-mono wrap-anywhere @max-xl:order-1 @max-xl:col-span-2">
                {environment.id}
              </Cell>
              <Cell className="text-muted @max-xl:order-1">
                <RelativeTime at={environment.created_at} />
              </Cell>
              <ActionsCell>
                {environment.id !== 'default' && (
                  <IconButton
                    label={`Delete ${environment.name}`}
                    danger
                    onClick={() => setLeaving(environment)}
                  >
                    <Trash2 aria-hidden="true" size={16} />
                  </IconButton>
                )}
              </ActionsCell>
            </Row>
          ))}
        </tbody>
      </Table>
      <Dialog
        open={isCreating}
        onClose={() => setCreating(false)}
        title="New environment"
        description="It has its own entries. Calls that name no environment go on using Default."
      >
        <CreateEnvironmentForm projectId={project.id} onDone={() => setCreating(false)} />
      </Dialog>
      <DeleteEnvironment projectId={project.id} environment={leaving} onClose={() => setLeaving(undefined)} />
    </Section>
  );
}

const ENVIRONMENT = ['name', 'id'] as const;

function CreateEnvironmentForm({ projectId, onDone }: { projectId: string; onDone: () => void }): ReactNode {
  const create = useCreateEnvironment();
  const submit = onSubmit(ENVIRONMENT, (fields) =>
    create.mutate(
      { project_id: projectId, ...fields },
      {
        onSuccess: ({ environment }) => {
          announce(`${environment.name} is added`);
          onDone();
        },
      },
    ),
  );
  return (
    <Form onSubmit={submit} error={create.error} fields={ENVIRONMENT}>
      <TextField
        label="Name"
        name="name"
        autoFocus
        autoComplete="off"
        maxLength={100}
        error={fieldError(create.error, 'name')}
      />
      <TextField
        label="Id"
        name="id"
        mono
        autoComplete="off"
        spellCheck={false}
        maxLength={50}
        hint="As in staging: lower-case letters, digits, hyphens and underscores."
        error={fieldError(create.error, 'id')}
      />
      <FormButtons action="Add" busy={create.isPending} onCancel={onDone} />
    </Form>
  );
}

function DeleteEnvironment({
  projectId,
  environment,
  onClose,
}: {
  projectId: string;
  environment: Environment | undefined;
  onClose: () => void;
}): ReactNode {
  const remove = useDeleteEnvironment();
  const close = (): void => {
    remove.reset();
    onClose();
  };
  return (
    <ConfirmDialog
      open={environment !== undefined}
      onClose={close}
      title={`Delete the environment ${environment?.name ?? ''}?`}
      action="Delete environment"
      busy={remove.isPending}
      error={remove.error?.message}
      onConfirm={() =>
        environment !== undefined &&
        remove.mutate(
          { project_id: projectId, id: environment.id },
          {
            onSuccess: () => {
              announce(`${environment.name} is deleted`);
              close();
            },
          },
        )
      }
    >
      <p>
        Only an environment without entries and routes can be deleted. Delete its entries and routes first.
      </p>
    </ConfirmDialog>
  );
}
