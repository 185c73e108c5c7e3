import { expect, it } from '@jest/globals';
import { config, routes, service, surroundings } from '../../../../test/support/mesh-fixtures.ts';
import { istio } from '../adapter.ts';

const key = { key: 'request.headers[x-api-key]', values: ['s3cr3tkey'] };
const { values: notValues, ...unless } = key;

it.each([
  ['asks for', 'ALLOW', key],
  ['refuses all without', 'DENY', { ...unless, notValues }],
])('tells nobody which key a policy %s', (_, action, when) => {
  const policy = config('AuthorizationPolicy', { action, rules: [{ when: [when] }] });
  const told = routes.flatMap((route) =>
    [[], [service()]].flatMap((services) => {
      const given = surroundings({ route, services }, [policy]);
      return [
        ...istio.findings(given, 'Start').map(({ message, fix }) => `${message} ${fix}`),
        ...istio.explain(given).map(String),
      ];
    }),
  );
  expect(told.join('\n')).toContain('x-api-key');
  expect(told.join('\n')).not.toContain('s3cr3tkey');
});
