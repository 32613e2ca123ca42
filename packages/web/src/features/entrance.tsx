import type { ReactNode } from 'react';

/** Around the pages before the sign-in. */
export function Entrance({
  name,
  title,
  lead,
  children,
}: {
  /** What the page is called in the title of the document. */
  name: string;
  title: string;
  lead?: ReactNode;
  children: ReactNode;
}): ReactNode {
  return (
    <main className="mx-auto grid min-h-dvh w-full max-w-sm content-start gap-5 px-4 pt-[12vh] pb-8">
      <title>{`${name} · Coffer`}</title>
      <img src="/web/mark.svg" alt="" width="44" height="44" />
      <div>
        <h1 className="text-xl font-semibold">{title}</h1>
        {lead !== undefined && <p className="text-muted">{lead}</p>}
      </div>
      {children}
    </main>
  );
}
