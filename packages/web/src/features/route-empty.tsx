import type { ReactNode } from 'react';
import { CodeBlock } from '../ui/code-block.tsx';
import { EmptyState } from '../ui/page.tsx';

/** In the place of the routes when there is none: what one is, and how to make one. */
export function NoRoutes({
  projectId,
  isFiltered,
  create,
}: {
  projectId: string;
  isFiltered: boolean;
  /** The button, for whoever may. */
  create: ReactNode;
}): ReactNode {
  if (isFiltered)
    return <EmptyState title="No route matches the filter">Try a shorter part of its id.</EmptyState>;
  return (
    <EmptyState title="This project has no routes yet">
      <p>
        A route is an address of this server that calls an outside API with a value of the vault, such as an
        API key. Whoever calls it gets the answer, and never the value.
      </p>
      {create === false ? (
        <p>ADMIN and ROOT members make them.</p>
      ) : (
        <>
          <p>
            Two things have to agree: the route names the entry, and the entry allows the origin that the
            route sends it to.
          </p>
          {create}
          <p>From a terminal, with the definition in a file:</p>
          <CodeBlock label="The command">{`coffer routes apply route.json --project ${projectId}`}</CodeBlock>
        </>
      )}
    </EmptyState>
  );
}
