import { AUDIT_EVENT_TYPES } from '@coffer/core';
import { useQuery } from '@tanstack/react-query';
import { SlidersHorizontal } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { ApiError } from '../data/api.ts';
import type { AuditEvent } from '../data/events.ts';
import { membersQuery, projectsQuery } from '../data/projects.ts';
import { useMay } from '../data/session.ts';
import { usersQuery } from '../data/users.ts';
import { Button } from '../ui/button.tsx';
import { classNames } from '../ui/class-names.ts';
import { ChoiceField, type Choice } from '../ui/combobox.tsx';
import { SelectField, TextField } from '../ui/field.tsx';
import { Notice } from '../ui/notice.tsx';
import { isBackwards, type EventSearch } from './event-search.ts';
import { EVENT_TITLES } from './event-titles.ts';
import { fieldError } from './form.ts';

type EventFiltersProps = {
  search: EventSearch;
  /** Those that are shown: they name people, also such as are gone. */
  events: readonly AuditEvent[] | undefined;
  error: Error | null;
  onChange: (next: EventSearch) => void;
};

/** Which events are shown. Where there is little room they are behind a button. */
export function EventFilters({ search, events, error, onChange }: EventFiltersProps): ReactNode {
  const [isOpen, setOpen] = useState(false);
  const count = Object.keys(search).length;
  const set = (name: keyof EventSearch, value: string | undefined): void => {
    const { [name]: _, ...others } = search;
    onChange(value === undefined || value === '' ? others : { ...others, [name]: value });
  };
  return (
    <div className="mb-4 grid gap-3">
      <Button
        className="justify-self-start md:hidden"
        aria-expanded={isOpen}
        aria-controls="event-filters"
        onClick={() => setOpen(!isOpen)}
      >
        <SlidersHorizontal aria-hidden="true" size={16} /> {count === 0 ? 'Filters' : `Filters (${count})`}
      </Button>
      <form
        id="event-filters"
        aria-label="Filter events"
        className={classNames(
          'items-start gap-3 md:grid md:grid-cols-2 lg:grid-cols-5',
          isOpen ? 'grid' : 'hidden',
        )}
        onSubmit={(event) => event.preventDefault()}
      >
        <ProjectChoice
          id={search.project_id}
          error={fieldError(error, 'project_id')}
          onChoose={(id) => set('project_id', id)}
        />
        <PersonChoice
          {...{ search, events }}
          error={fieldError(error, 'uid')}
          onChoose={(uid) => set('uid', uid)}
        />
        <SelectField
          label="What"
          value={search.type ?? ''}
          error={fieldError(error, 'type')}
          onChange={(event) => set('type', event.target.value)}
        >
          <option value="">Everything</option>
          {AUDIT_EVENT_TYPES.map((type) => (
            <option key={type} value={type}>
              {EVENT_TITLES[type]}
            </option>
          ))}
        </SelectField>
        <TextField
          label="From"
          type="date"
          value={search.from ?? ''}
          onChange={(event) => set('from', event.target.value)}
        />
        <TextField
          label="To"
          type="date"
          value={search.to ?? ''}
          error={isBackwards(search) ? 'This day is before the first one: choose a later day.' : undefined}
          onChange={(event) => set('to', event.target.value)}
        />
      </form>
      {error instanceof ApiError && error.fields.length === 0 && (
        <Notice tone="danger">{error.message}</Notice>
      )}
      {count > 0 && (
        <Button look="quiet" className="justify-self-start" onClick={() => onChange({})}>
          Clear filters
        </Button>
      )}
    </div>
  );
}

const FOUND_MAX = 8;

type ChoiceProps = { error: string | undefined; onChoose: (value: string | undefined) => void };

function ProjectChoice({ id, ...props }: ChoiceProps & { id: string | undefined }): ReactNode {
  const [typed, setTyped] = useState('');
  const { data: found } = useQuery(projectsQuery({ filter: typed, page: 1, size: FOUND_MAX }));
  const { data: named } = useQuery({
    ...projectsQuery({ filter: id ?? '', page: 1, size: FOUND_MAX }),
    enabled: id !== undefined,
  });
  // A project that is gone keeps its events, but has no name any more.
  const name = named?.projects.find((project) => project.id === id)?.name;
  return (
    <ChoiceField
      label="Project"
      placeholder="Any"
      shortcut="filter"
      choices={(found?.projects ?? []).map((project) => ({
        value: project.id,
        label: project.name,
        hint: project.id,
      }))}
      chosen={id === undefined ? undefined : { value: id, label: name ?? id }}
      isValue={(text) => text !== ''}
      onType={setTyped}
      {...props}
    />
  );
}

function PersonChoice({
  search: { uid, project_id: projectId },
  events,
  ...props
}: ChoiceProps & Pick<EventFiltersProps, 'search' | 'events'>): ReactNode {
  const [typed, setTyped] = useState('');
  const [known, setKnown] = useState<Choice>();
  const mayListUsers = useMay('user.list');
  const list = { filter: typed, page: 1, size: FOUND_MAX };
  const users = useQuery({ ...usersQuery(list), enabled: mayListUsers });
  const members = useQuery({
    ...membersQuery(projectId ?? '', list),
    enabled: !mayListUsers && projectId !== undefined,
  });
  const people = mayListUsers ? users.data?.users : members.data?.members;
  const choices = unique([
    ...(people ?? []).map(({ uid, username, ...names }) => ({
      value: uid,
      label: username,
      hint: `${names.first_name} ${names.last_name}`,
    })),
    ...(events ?? []).flatMap((event) =>
      event.uid === null || event.username === null ? [] : [{ value: event.uid, label: event.username }],
    ),
  ]);
  const chosen = [...choices, known].find((choice) => choice?.value === uid);
  return (
    <ChoiceField
      label="Who"
      placeholder="Anyone"
      choices={choices}
      chosen={uid === undefined ? undefined : (chosen ?? { value: uid, label: uid })}
      isValue={(text) => /^usr_\w+$/.test(text)}
      onType={setTyped}
      error={props.error}
      onChoose={(value) => {
        setKnown(choices.find((choice) => choice.value === value));
        props.onChoose(value);
      }}
    />
  );
}

function unique(choices: readonly Choice[]): Choice[] {
  return [...new Map(choices.toReversed().map((choice) => [choice.value, choice])).values()].toReversed();
}
