import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { projectsQuery } from '../data/projects.ts';
import { ChoiceField } from '../ui/combobox.tsx';

const FOUND_MAX = 8;

/** Ties a personal token to one project. */
export function ProjectChoice({
  id,
  onChoose,
  error,
}: {
  id: string | undefined;
  onChoose: (id: string | undefined) => void;
  error: string | undefined;
}): ReactNode {
  const [typed, setTyped] = useState('');
  const [name, setName] = useState('');
  const { data } = useQuery(projectsQuery({ filter: typed, page: 1, size: FOUND_MAX }));
  const choices = (data?.projects ?? []).map((project) => ({
    value: project.id,
    label: project.name,
    hint: project.id,
  }));
  return (
    <ChoiceField
      label="Project"
      placeholder="All your projects"
      choices={choices}
      chosen={id === undefined ? undefined : { value: id, label: name }}
      isValue={() => false}
      onType={setTyped}
      onChoose={(value) => {
        setName(choices.find((choice) => choice.value === value)?.label ?? value ?? '');
        onChoose(value);
      }}
      error={error}
    />
  );
}
