import { describe, expect, test } from 'vitest';
import { isInRanges, isMappedRange, isRangeWithin } from './address-ranges.ts';

describe('address ranges', () => {
  test('of IPv4 in the form of IPv6 are recognised, however they are written', () => {
    for (const range of [
      '::ffff:10.0.0.0/8',
      '::ffff:a00:1',
      '0:0:0:0:0:ffff:10.0.0.1',
      '::FFFF:1.2.3.4/128',
    ])
      expect([range, isMappedRange(range)]).toEqual([range, true]);
    for (const range of ['10.0.0.0/8', '::1', '2001:db8::/32', '::/0'])
      expect([range, isMappedRange(range)]).toEqual([range, false]);
  });

  test.each([
    ['10.1.2.3', '10.1.0.0/16', true],
    ['10.2.0.0', '10.1.0.0/16', false],
    ['10.1.2.3', '10.1.2.3', true],
    ['10.1.2.4', '10.1.2.3', false],
    // The bits of a host in the range do not count.
    ['10.1.2.3', '10.1.99.99/16', true],
    ['::ffff:10.1.2.3', '10.1.0.0/16', true],
    ['::FFFF:10.9.2.3', '10.1.0.0/16', false],
    ['2001:db8::1', '2001:db8::/32', true],
    ['2001:db9::1', '2001:db8::/32', false],
    ['10.1.2.3', '::/0', false],
    ['2001:db8::1', '0.0.0.0/0', false],
    ['1.2.3.4', '0.0.0.0/0', true],
    ['', '0.0.0.0/0', false],
  ])('%s in %s: %s', (ip, range, isIn) => {
    expect(isInRanges(ip, [range])).toBe(isIn);
  });

  test.each([
    ['10.1.0.0/16', '10.0.0.0/8', true],
    ['10.0.0.0/8', '10.1.0.0/16', false],
    ['10.0.0.0/8', '10.0.0.0/8', true],
    ['11.0.0.0/16', '10.0.0.0/8', false],
    ['10.1.2.3', '10.1.2.0/24', true],
    ['10.1.2.0/24', '10.1.2.3', false],
    ['::1', '0.0.0.0/0', false],
    ['::ffff:10.0.0.0/8', '10.0.0.0/8', false],
    ['::ffff:10.0.0.0/104', '10.0.0.0/8', false],
    ['2001:db8:1::/48', '2001:db8::/32', true],
  ])('%s within %s: %s', (inner, outer, isWithin) => {
    expect(isRangeWithin(inner, outer)).toBe(isWithin);
  });
});
