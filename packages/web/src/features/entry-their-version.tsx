import type { ReactNode } from 'react';
import { fetchValue, type EntryVersion, type EntryWithValue, type Place } from '../data/entries.ts';
import { Button } from '../ui/button.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import { announceProblem } from './announce-problem.ts';
import { useRevealed } from './use-revealed.ts';
import { ValueText } from './value-text.tsx';

type TheirVersionProps = { place: Place; entryKey: string; version: EntryVersion };

/** The version that someone else saved meanwhile, to look at beside what one typed. */
export function TheirVersion({ place, entryKey, version: theirs }: TheirVersionProps): ReactNode {
  const { version, created_by: by, created_at: at } = theirs;
  const { revealed, reveal, hide } = useRevealed<EntryWithValue>();
  const show = async (): Promise<void> => {
    try {
      await reveal(async (signal) => await fetchValue({ ...place, key: entryKey, version }, signal));
    } catch (error) {
      announceProblem(error, 'The value cannot be read now.');
    }
  };
  return (
    <section
      aria-label={`Version ${version}`}
      className="grid min-w-0 content-start gap-3 rounded-lg border border-line p-3"
    >
      <div>
        <p className="font-medium">Version {version}</p>
        <p className="text-muted wrap-anywhere">
          <RelativeTime at={at} /> by {by.username}
        </p>
      </div>
      {revealed !== undefined && (
        <>
          <ValueText label={`Value of version ${version}`} held={revealed} />
          <p className="whitespace-pre-line text-muted wrap-anywhere">
            {revealed.comment === '' ? 'Without a comment' : `Comment: ${revealed.comment}`}
          </p>
        </>
      )}
      <div>
        <Button onClick={() => (revealed === undefined ? void show() : hide())}>
          {revealed === undefined ? 'Show' : 'Hide'} version {version}
        </Button>
      </div>
    </section>
  );
}
