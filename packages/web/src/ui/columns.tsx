import type { ReactNode } from 'react';

/** How wide the columns of a table are, as class names; one without a width takes what is left. */
export function Columns({ widths }: { widths: readonly string[] }): ReactNode {
  return (
    <colgroup>
      {widths.map((width, index) => (
        // oxlint-disable-next-line react/no-array-index-key -- columns do not move
        <col key={index} className={width} />
      ))}
    </colgroup>
  );
}
