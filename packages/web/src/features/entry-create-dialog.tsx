import { useRef, useState, type ClipboardEvent, type DragEvent, type ReactNode, type Ref } from 'react';
import { flushSync } from 'react-dom';
import { ApiError } from '../data/api.ts';
import { useCreateEntry, type Place } from '../data/entries.ts';
import { Button } from '../ui/button.tsx';
import { Dialog, DialogBody, DialogButtons } from '../ui/dialog.tsx';
import { TextArea, TextField } from '../ui/field.tsx';
import { Notice } from '../ui/notice.tsx';
import { announce } from '../ui/toast.tsx';
import { fieldError, formError, lineFeeds, onSubmit } from './form.ts';
import { ImportPanel } from './import-panel.tsx';

const CREATE = ['key', 'value', 'comment'] as const;
/** A line of a .env text. */
const ASSIGNMENT = /^\s*(?:export\s+)?\w+\s*=/m;

type CreateProps = { place: Place; open: boolean; onClose: () => void };

/**
 * One entry by hand, or many out of a .env text. A file that is dropped anywhere on it is such a text, and so is what
 * is pasted where the key goes and is more than a key.
 */
export function CreateEntryDialog({ place, open, onClose }: CreateProps): ReactNode {
  const [isImport, setImport] = useState(false);
  const [file, setFile] = useState<File>();
  const importButton = useRef<HTMLButtonElement>(null);
  const close = (): void => {
    setImport(false);
    setFile(undefined);
    onClose();
  };
  const back = (): void => {
    flushSync(() => {
      setImport(false);
      setFile(undefined);
    });
    importButton.current?.focus();
  };
  const look = (given: File): void => {
    setFile(given);
    setImport(true);
  };
  const drop = (event: DragEvent): void => {
    const [dropped] = event.dataTransfer.files;
    if (dropped === undefined) return;
    event.preventDefault();
    look(dropped);
  };
  const paste = (event: ClipboardEvent): void => {
    const text = event.clipboardData.getData('text/plain');
    if (!ASSIGNMENT.test(text)) return;
    event.preventDefault();
    look(new File([text], 'pasted'));
  };
  return (
    // What happens in the dialog arrives here, though it stands elsewhere in the document.
    <div
      className="contents"
      onDragOver={(event) => event.dataTransfer.types.includes('Files') && event.preventDefault()}
      onDrop={drop}
    >
      <Dialog
        open={open}
        onClose={close}
        wide={isImport}
        title={isImport ? 'Import entries' : 'New entry'}
        description={
          isImport
            ? 'Nothing is changed before you have seen what will be.'
            : 'The value is encrypted when it is saved.'
        }
      >
        {isImport && <ImportPanel place={place} file={file} onFile={setFile} onDone={close} onBack={back} />}
        {/* It stays there meanwhile: what was typed must not be lost by a look at the import. */}
        <div hidden={isImport} className={isImport ? undefined : 'contents'}>
          <CreateForm
            place={place}
            onDone={close}
            onImport={() => setImport(true)}
            onPasteKey={paste}
            importButton={importButton}
          />
        </div>
      </Dialog>
    </div>
  );
}

function CreateForm({
  place,
  onDone,
  onImport,
  onPasteKey,
  importButton,
}: {
  place: Place;
  onDone: () => void;
  onImport: () => void;
  onPasteKey: (event: ClipboardEvent) => void;
  importButton: Ref<HTMLButtonElement>;
}): ReactNode {
  const create = useCreateEntry();
  const submit = onSubmit(CREATE, ({ key, value, comment }) =>
    create.mutate(
      { ...place, key, value: lineFeeds(value), comment: lineFeeds(comment) },
      {
        onSuccess: ({ vault }) => {
          announce(`${vault.key} is saved`);
          onDone();
        },
      },
    ),
  );
  const error = formError(create.error, CREATE);
  const taken = create.error instanceof ApiError && create.error.code === 'entry_exists';
  return (
    <form className="contents" onSubmit={submit} noValidate>
      <DialogBody>
        {error !== undefined && !taken && <Notice tone="danger">{error}</Notice>}
        <TextField
          label="Key"
          name="key"
          mono
          autoFocus
          autoComplete="off"
          autoCapitalize="characters"
          spellCheck={false}
          maxLength={255}
          onPaste={onPasteKey}
          hint="Upper-case letters, digits and underscores; a letter first. As in DATABASE_URL. It cannot be changed later."
          error={taken ? 'This key is taken: edit the entry instead.' : fieldError(create.error, 'key')}
        />
        <TextArea
          label="Value"
          name="value"
          mono
          rows={4}
          autoComplete="off"
          spellCheck={false}
          autoCapitalize="none"
          autoCorrect="off"
          hint="Kept byte for byte, blanks and line breaks too."
          error={fieldError(create.error, 'value')}
        />
        <TextArea
          label="Comment"
          name="comment"
          rows={2}
          autoComplete="off"
          spellCheck={false}
          maxLength={1000}
          error={fieldError(create.error, 'comment')}
        />
      </DialogBody>
      <DialogButtons foot>
        <Button ref={importButton} look="quiet" className="mr-auto" onClick={onImport}>
          Paste a .env file…
        </Button>
        <Button onClick={onDone}>Cancel</Button>
        <Button type="submit" look="primary" busy={create.isPending}>
          Create
        </Button>
      </DialogButtons>
    </form>
  );
}
