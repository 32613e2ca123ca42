import { Copy } from 'lucide-react';
import { useRef, type ReactNode } from 'react';
import type { AccessToken } from '../data/tokens.ts';
import { Button } from '../ui/button.tsx';
import { writeClipboard } from '../ui/clipboard.ts';
import { CodeBlock } from '../ui/code-block.tsx';
import { DialogBody, DialogButtons } from '../ui/dialog.tsx';
import { Notice } from '../ui/notice.tsx';
import { announce } from '../ui/toast.tsx';

/** The secret of a new token, this once. It is text of the page alone, gone when the dialog closes. */
export function TokenSecret({
  secret,
  token,
  onCopied,
  onClose,
}: {
  secret: string;
  token: AccessToken;
  /** It was copied, by the button or by hand. */
  onCopied: () => void;
  onClose: () => void;
}): ReactNode {
  const text = useRef<HTMLPreElement>(null);
  const copy = async (): Promise<void> => {
    if (await writeClipboard(secret)) {
      onCopied();
      announce('Copied the token');
      return;
    }
    if (text.current !== null) window.getSelection()?.selectAllChildren(text.current);
    announce('The browser keeps the clipboard from this page. The token is selected: copy it yourself.');
  };
  return (
    <>
      <DialogBody>
        <Notice tone="warn">This is the only time that it is shown. Keep it where secrets are kept.</Notice>
        <div className="flex flex-wrap items-center gap-2 rounded-md border border-line-strong bg-sunken p-3">
          <pre
            ref={text}
            tabIndex={0}
            aria-label="The token"
            className="min-w-0 flex-1 basis-64 font-mono break-all whitespace-pre-wrap select-all"
            onCopy={onCopied}
          >
            {secret}
          </pre>
          <Button autoFocus onClick={() => void copy()}>
            <Copy aria-hidden="true" size={16} /> Copy token
          </Button>
        </div>
        <div className="grid grid-cols-[minmax(0,1fr)] gap-2">
          <p>
            Programs send it as <code className="font-mono">Authorization: Bearer</code>. In a terminal, paste
            it after the first line, which keeps it out of the history of the shell:
          </p>
          <CodeBlock label="How to use it">{exampleOf(token)}</CodeBlock>
        </div>
      </DialogBody>
      <DialogButtons foot>
        <Button look="primary" onClick={onClose}>
          Done
        </Button>
      </DialogButtons>
    </>
  );
}

function exampleOf({ project_id: projectId, permissions, environments }: AccessToken): string {
  const [environment = 'default'] = environments ?? [];
  const path =
    projectId !== null && permissions.includes('vault.list')
      ? `/vault/fetch?project_id=${projectId}&environment=${environment}`
      : '/token/me';
  return [
    'read -rs COFFER_TOKEN && export COFFER_TOKEN',
    `curl -H "Authorization: Bearer $COFFER_TOKEN" \\`,
    `  '${window.location.origin}${path}'`,
  ].join('\n');
}
