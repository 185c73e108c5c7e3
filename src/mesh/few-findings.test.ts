import { expect, it } from '@jest/globals';
import type { Finding } from '../api/common.ts';
import { fewFindings } from './few-findings.ts';

function found(id: string, object: string): Finding {
  return { id, severity: 'Warning', object, message: 'it is so', fix: '' };
}

it('has what somebody has answered for, however much is found besides', () => {
  const others = Array.from({ length: 150 }, (_, at) => found('MM020', `AuthorizationPolicy shop/p${at}`));
  const theirs = Array.from({ length: 12 }, (_, at) => found('MM030', `VirtualService mallory/v${at}`));
  const answered = new Set(theirs);
  const few = fewFindings([...others, ...theirs], (each) => answered.has(each), new Set(theirs.slice(10)));

  expect(few).toHaveLength(100);
  expect(few.filter(({ id }) => id === 'MM030').map(({ object }) => object)).toEqual(
    theirs.map(({ object }) => object),
  );
});

it('has at least the first of each id', () => {
  const many = Array.from({ length: 150 }, (_, at) => found('MM020', `AuthorizationPolicy shop/p${at}`));
  const few = fewFindings([...many, found('MM042', 'Telemetry shop/logs')]);

  expect(few.at(-1)?.id).toBe('MM042');
  expect(few.at(-2)?.message).toBe('it is so (and 51 more of MM020)');
});
