import { describe, expect, it } from '@jest/globals';
import { hasFeature, istioVersionText, parseIstioVersion } from './istio-version.ts';

describe('parseIstioVersion', () => {
  it.each([
    ['1.31', { major: 1, minor: 31 }],
    ['1.30.3', { major: 1, minor: 30 }],
    ['v1.29.1', { major: 1, minor: 29 }],
    ['1.31.0-rc.0', { major: 1, minor: 31 }],
    [' 1.28 ', { major: 1, minor: 28 }],
    ['2.0', { major: 2, minor: 0 }],
  ])('reads %s', (text, version) => {
    expect(parseIstioVersion(text)).toEqual(version);
  });

  it.each(['', '1', 'latest', '1.x', '1.', '1.31beta', '.31'])('refuses %j', (text) => {
    expect(parseIstioVersion(text)).toBeUndefined();
  });
});

describe('hasFeature', () => {
  it.each([
    ['serviceAccounts', '1.24', '1.25'],
    ['trustDomains', '1.30', '1.31'],
    ['ztunnelDryRun', '1.28', '1.29'],
    ['customDryRunDenies', '1.29', '1.30'],
  ] as const)('%s is not in %s and is in %s', (feature, before, since) => {
    expect(hasFeature(parseIstioVersion(before)!, feature)).toBe(false);
    expect(hasFeature(parseIstioVersion(since)!, feature)).toBe(true);
    expect(hasFeature({ major: 2, minor: 0 }, feature)).toBe(true);
  });
});

it('writes a version without its patch', () => {
  expect(istioVersionText(parseIstioVersion('1.30.3')!)).toBe('1.30');
});
