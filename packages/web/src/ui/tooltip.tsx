import { Tooltip } from '@base-ui/react/tooltip';
import type { ComponentProps, ReactNode } from 'react';

/** One tip serves all buttons: only one is ever open. */
const tips = Tooltip.createHandle<string>();

/** A button with a tip. Only what its label says, too: a tip is never read out. */
export function WithTip({ tip, ...props }: ComponentProps<'button'> & { tip: string }): ReactNode {
  return <Tooltip.Trigger handle={tips} payload={tip} delay={300} {...props} />;
}

/** Where the tip is shown: outside of everything that could cut it off, on the side where there is room. */
export function Tips(): ReactNode {
  return (
    <Tooltip.Root
      handle={tips}
      onOpenChange={(_open, details) => {
        // The key is meant for the dialog, too, that the button is in.
        if (details.reason === 'escape-key') details.allowPropagation();
      }}
    >
      {({ payload }) => (
        <Tooltip.Portal>
          <Tooltip.Positioner sideOffset={4} collisionPadding={8} className="z-60">
            <Tooltip.Popup className="max-w-72 rounded bg-text px-2 py-0.5 text-xs wrap-anywhere text-canvas">
              {payload}
            </Tooltip.Popup>
          </Tooltip.Positioner>
        </Tooltip.Portal>
      )}
    </Tooltip.Root>
  );
}
