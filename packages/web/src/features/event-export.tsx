import { Download } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { ApiError } from '../data/api.ts';
import { fetchAllEvents, type EventFilter } from '../data/events.ts';
import { Button } from '../ui/button.tsx';
import { announce } from '../ui/toast.tsx';

/** As JSON lines, the format that log tools read. */
export function EventExport({ filter, disabled }: { filter: EventFilter; disabled: boolean }): ReactNode {
  const [running, setRunning] = useState<AbortController>();
  const start = async (): Promise<void> => {
    const controller = new AbortController();
    setRunning(controller);
    try {
      const lines: string[] = [];
      for await (const event of fetchAllEvents(filter, controller.signal))
        lines.push(`${JSON.stringify(event)}\n`);
      download(new Blob(lines, { type: 'application/x-ndjson' }), 'coffer-events.jsonl');
      announce(`${lines.length} events exported`);
    } catch (error) {
      if (!controller.signal.aborted)
        announce(error instanceof ApiError ? error.message : 'The export failed.');
    } finally {
      setRunning(undefined);
    }
  };
  return running === undefined ? (
    <Button disabled={disabled} onClick={() => void start()}>
      <Download aria-hidden="true" size={16} /> Export
    </Button>
  ) : (
    <Button onClick={() => running.abort()}>Stop the export</Button>
  );
}

function download(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
