/** Control characters but for those in `\n` and `\t`, and what turns the direction of writing or ends a line. */
const STEERING = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;
/** JSON itself escapes the control characters below U+0020. */
const STEERING_IN_JSON = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** What others wrote must not steer the terminal, nor break the line or the cell that it stands in. */
export function visible(text: string): string {
  return text.replace(STEERING, (character) => {
    if (character === '\n') return String.raw`\n`;
    return character === '\t' ? String.raw`\t` : escaped(character);
  });
}

/** The same for text of several lines: its line breaks and tabs stay. */
export function visibleLines(text: string): string {
  return text.replace(STEERING, (character) =>
    character === '\n' || character === '\t' ? character : escaped(character),
  );
}

/** The same data, in a form that steers no terminal either. */
export function jsonText(data: unknown): string {
  return `${JSON.stringify(data, undefined, 2).replace(STEERING_IN_JSON, escaped)}\n`;
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
