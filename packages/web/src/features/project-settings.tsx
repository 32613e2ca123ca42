import type { ReactNode } from 'react';
import { useUpdateProject, type Project } from '../data/projects.ts';
import { Button } from '../ui/button.tsx';
import { TextArea, TextField } from '../ui/field.tsx';
import { announce } from '../ui/toast.tsx';
import { Form } from './form-frame.tsx';
import { fieldError, onSubmit } from './form.ts';

/** The settings, for those who may not change them. */
export function Settings({ project }: { project: Project }): ReactNode {
  return (
    <dl className="grid max-w-2xl grid-cols-[8rem_1fr] gap-y-1">
      <dt className="text-muted">API path</dt>
      <dd className="font-mono wrap-anywhere">{project.api_path}</dd>
      <dt className="text-muted">Description</dt>
      <dd className="whitespace-pre-line wrap-anywhere">{project.description || '–'}</dd>
    </dl>
  );
}

const FIELDS = ['name', 'api_path', 'description'] as const;

export function SettingsForm({ project }: { project: Project }): ReactNode {
  const update = useUpdateProject();
  const submit = onSubmit(FIELDS, (fields) =>
    update.mutate({ project_id: project.id, ...fields }, { onSuccess: () => announce('Settings saved') }),
  );
  return (
    <Form className="grid max-w-lg gap-4" onSubmit={submit} error={update.error} fields={FIELDS}>
      <TextField
        label="Name"
        name="name"
        autoComplete="off"
        maxLength={100}
        defaultValue={project.name}
        error={fieldError(update.error, 'name')}
      />
      <TextField
        label="API path"
        name="api_path"
        mono
        autoComplete="off"
        spellCheck={false}
        maxLength={100}
        defaultValue={project.api_path}
        error={fieldError(update.error, 'api_path')}
      />
      <TextArea
        label="Description"
        name="description"
        maxLength={1000}
        defaultValue={project.description}
        error={fieldError(update.error, 'description')}
      />
      <div>
        <Button type="submit" busy={update.isPending}>
          Save settings
        </Button>
      </div>
    </Form>
  );
}
