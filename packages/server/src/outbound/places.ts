import { percentEncode } from './expressions.ts';

/** What may stand somewhere in a request, and how it is written there. */
export type Place = {
  /** For messages. */
  name: string;
  /** Why what an expression stands for cannot stand there. */
  refuse: (text: string) => string | undefined;
  /** What an expression stands for. */
  encode: (text: string) => string;
  /** What stands around expressions. */
  literal: (text: string) => string;
};

const asIs = (text: string): string => text;
const nothing = (): undefined => undefined;
const hasBreak = (text: string): boolean => /[\r\n\0]/.test(text);
const BREAK = 'it has a line break or NUL';

/** A part of a segment: nothing that any server could take for more than that, once decoded or twice. */
export const pathPlace: Place = {
  name: 'the path',
  refuse: (text) =>
    /[/\\%?#;\p{Cc}]/u.test(text) ? 'it has one of / \\ % ? # ; or a control character' : undefined,
  encode: percentEncode,
  literal: asIs,
};

export function queryPlace(name: string): Place {
  return {
    name: `the query parameter ${name}`,
    refuse: (text) => (hasBreak(text) ? BREAK : undefined),
    encode: percentEncode,
    literal: percentEncode,
  };
}

export function headerPlace(name: string): Place {
  return {
    name: `the header ${name}`,
    refuse: (text) => {
      if (hasBreak(text)) return BREAK;
      return /^[\t\x20-\x7e]*$/.test(text) ? undefined : 'it has a character that is not printable ASCII';
    },
    encode: asIs,
    literal: asIs,
  };
}

/** It is put in as data, and escaped when the whole is written. */
export const jsonPlace: Place = { name: 'the body', refuse: nothing, encode: asIs, literal: asIs };

export function formPlace(name: string): Place {
  return { name: `the field ${name}`, refuse: nothing, encode: formEncode, literal: formEncode };
}

export function textPlace(contentType: string): Place {
  return {
    name: 'the body',
    refuse: (text) => (text.includes('\0') ? 'it has NUL' : undefined),
    encode: /xml|html/.test(contentType) ? escapeMarkup : asIs,
    literal: asIs,
  };
}

export function authPlace(field: string): Place {
  return {
    name: `auth.${field}`,
    // A key is used as bytes; everything else is sent in one line.
    refuse: (text) => (field !== 'key' && hasBreak(text) ? BREAK : undefined),
    encode: asIs,
    literal: asIs,
  };
}

/** As browsers write forms (https://url.spec.whatwg.org/#urlencoded-serializing). */
export function formEncode(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1);
}

function escapeMarkup(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
