import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatId, ID_BYTES, idBytes, idPattern, isId, type IdPrefix, type UserId } from './ids.ts';

const PREFIXES = ['usr', 'ses', 'ent', 'dk', 'ins'] as const satisfies readonly IdPrefix[];

const anyPrefix = fc.constantFrom(...PREFIXES);
const anyBytes = fc.uint8Array({ minLength: ID_BYTES, maxLength: ID_BYTES });

describe('ids', () => {
  test('give back the bytes that they were made of', () => {
    fc.assert(
      fc.property(anyPrefix, anyBytes, (prefix, bytes) => {
        expect([...idBytes(formatId(prefix, bytes))]).toEqual([...bytes]);
      }),
    );
  });

  test('are recognised as what they are and as nothing else', () => {
    fc.assert(
      fc.property(anyPrefix, anyPrefix, anyBytes, (prefix, other, bytes) => {
        expect(isId(other, formatId(prefix, bytes))).toBe(prefix === other);
      }),
    );
  });

  test('that match the pattern name bytes, and no two of them the same bytes', () => {
    // Text for text: were two texts one id, a look-up by text would miss what a look-up by bytes finds.
    fc.assert(
      fc.property(fc.stringMatching(idPattern('usr')), (id) => {
        expect(formatId('usr', idBytes(id as UserId))).toBe(id);
      }),
    );
  });

  test.each([
    ['zeros', 0x00, 'usr_00000000000000000000000000'],
    ['ones', 0xff, 'usr_7zzzzzzzzzzzzzzzzzzzzzzzzz'],
  ])('of all %s are written as documented', (_, byte, id) => {
    expect(formatId('usr', new Uint8Array(ID_BYTES).fill(byte))).toBe(id);
  });

  test('sort as their bytes do', () => {
    fc.assert(
      fc.property(anyBytes, anyBytes, (a, b) => {
        const [idA, idB] = [formatId('ent', a), formatId('ent', b)];
        expect(Math.sign(Buffer.compare(a, b))).toBe(idA < idB ? -1 : idA > idB ? 1 : 0);
      }),
    );
  });

  test.each([
    ['nothing', ''],
    ['the prefix alone', 'usr_'],
    ['one character less', 'usr_0000000000000000000000000'],
    ['one character more', 'usr_000000000000000000000000000'],
    ['more than 128 bits', 'usr_80000000000000000000000000'],
    ['upper case', 'usr_0000000000000000000000000Z'],
    ['a letter that the alphabet leaves out', 'usr_0000000000000000000000000l'],
    ['another prefix', 'ses_00000000000000000000000000'],
    ['no prefix', '00000000000000000000000000'],
    ['a blank before', ' usr_00000000000000000000000000'],
    ['a newline at the end', 'usr_00000000000000000000000000\n'],
    ['two ids on two lines', 'usr_00000000000000000000000000\nusr_00000000000000000000000000'],
  ])('are not %s', (_, text) => {
    expect(isId('usr', text)).toBe(false);
  });

  test.each([0, 15, 17])('are not made of %i bytes', (length) => {
    expect(() => formatId('usr', new Uint8Array(length))).toThrow(RangeError);
  });
});
