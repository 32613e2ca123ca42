import { useLayoutEffect, useRef, useState, type ReactNode } from 'react';
import { classNames } from './class-names.ts';

type ClampedProps = { of: string; children: string };

/** Three lines of a text, and a button for the rest where there is more. */
export function ClampedText({ of, children }: ClampedProps): ReactNode {
  // Another text begins closed, and is measured anew.
  return children === '' ? null : (
    <Clamped key={children} of={of}>
      {children}
    </Clamped>
  );
}

function Clamped({ of, children }: ClampedProps): ReactNode {
  const text = useRef<HTMLDivElement>(null);
  const [isOpen, setOpen] = useState(false);
  const [isLong, setLong] = useState(false);
  useLayoutEffect(() => {
    const element = text.current;
    if (element === null || isOpen) return undefined;
    const measure = (): void => setLong(element.scrollHeight > element.clientHeight + 1);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [isOpen]);
  const action = isOpen ? 'Show less' : 'Show more';
  return (
    <>
      <div ref={text} className={classNames('whitespace-pre-line', !isOpen && 'line-clamp-3')}>
        {children}
      </div>
      {isLong && (
        <button
          type="button"
          aria-label={`${action} of ${of}`}
          aria-expanded={isOpen}
          className="rounded text-xs text-accent hover:underline"
          onClick={() => setOpen(!isOpen)}
        >
          {action}
        </button>
      )}
    </>
  );
}
