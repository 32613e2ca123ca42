import type { ReactNode, Ref } from 'react';
import { Button } from '../ui/button.tsx';
import { TextArea } from '../ui/field.tsx';
import { MASK } from './mask.ts';

type ValueFieldProps = {
  value: string;
  /** Hidden, and kept as it is. */
  isMasked: boolean;
  onShow: () => void;
  /** The button that shows it again. */
  showButton: Ref<HTMLButtonElement>;
  error: string | undefined;
};

/** The field of a value that is edited, which can be hidden without losing what was typed. */
export function ValueField({ value, isMasked, onShow, showButton, error }: ValueFieldProps): ReactNode {
  return (
    <>
      {isMasked && (
        <div className="grid gap-1">
          <p className="font-medium">Value</p>
          <p className="flex flex-wrap items-center gap-3">
            <span aria-hidden="true" className="font-mono text-muted select-none">
              {MASK}
            </span>
            <span className="text-muted">Hidden. What you typed is kept.</span>
            <Button ref={showButton} onClick={onShow}>
              Show the value
            </Button>
          </p>
        </div>
      )}
      <div hidden={isMasked}>
        <TextArea
          label="Value"
          name="value"
          mono
          rows={6}
          autoFocus
          autoComplete="off"
          autoCapitalize="none"
          autoCorrect="off"
          spellCheck={false}
          defaultValue={value}
          error={error}
        />
      </div>
    </>
  );
}
