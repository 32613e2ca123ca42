import { useNavigate } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { useCreateProject } from '../data/projects.ts';
import { Dialog } from '../ui/dialog.tsx';
import { TextArea, TextField } from '../ui/field.tsx';
import { announce } from '../ui/toast.tsx';
import { Form, FormButtons } from './form-frame.tsx';
import { fieldError, onSubmit } from './form.ts';

const ID_CHARACTERS_MIN = 3;
const FIELDS = ['name', 'id', 'api_path', 'description'] as const;

export function CreateProjectDialog({ open, onClose }: { open: boolean; onClose: () => void }): ReactNode {
  return (
    <Dialog open={open} onClose={onClose} title="New project" description="You become its first member.">
      <CreateProjectForm onClose={onClose} />
    </Dialog>
  );
}

function CreateProjectForm({ onClose }: { onClose: () => void }): ReactNode {
  const create = useCreateProject();
  const navigate = useNavigate();
  const [name, setName] = useState('');
  // Made from the name until they are changed by hand.
  const [id, setId] = useState<string>();
  const [path, setPath] = useState<string>();
  const derivedId = id ?? deriveId(name);
  const submit = onSubmit(FIELDS, (fields) =>
    create.mutate(fields, {
      onSuccess: ({ project }) => {
        announce(`${project.name} is created`);
        onClose();
        void navigate({ to: '/vault', search: { project_id: project.id } });
      },
    }),
  );
  return (
    <Form onSubmit={submit} error={create.error} fields={FIELDS}>
      <TextField
        label="Name"
        name="name"
        autoFocus
        autoComplete="off"
        maxLength={100}
        value={name}
        onChange={(event) => setName(event.target.value)}
        error={fieldError(create.error, 'name')}
      />
      <TextField
        label="Id"
        name="id"
        mono
        autoComplete="off"
        spellCheck={false}
        maxLength={50}
        hint="3 to 50 lower-case letters, digits and underscores; a letter first. It cannot be changed later."
        value={derivedId}
        onChange={(event) => setId(event.target.value)}
        error={fieldError(create.error, 'id')}
      />
      <TextField
        label="API path"
        name="api_path"
        mono
        autoComplete="off"
        spellCheck={false}
        maxLength={100}
        hint="Where the routes of the project will be, as in /api/v1/shop."
        value={path ?? (derivedId === '' ? '' : `/${derivedId}`)}
        onChange={(event) => setPath(event.target.value)}
        error={fieldError(create.error, 'api_path')}
      />
      <TextArea
        label="Description"
        name="description"
        maxLength={1000}
        error={fieldError(create.error, 'description')}
      />
      <FormButtons action="Create" busy={create.isPending} onCancel={onClose} />
    </Form>
  );
}

/** What the letters of a name are without their marks; one too short to be an id becomes that of a project. */
function deriveId(name: string): string {
  const id = name
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replaceAll('ß', 'ss')
    .replaceAll('æ', 'ae')
    .replaceAll('ø', 'o')
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^[^a-z]+/, '')
    .slice(0, 50)
    .replace(/_+$/, '');
  return id === '' || id.length >= ID_CHARACTERS_MIN ? id : `${id}_project`;
}
