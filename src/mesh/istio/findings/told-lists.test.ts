import { expect, it } from '@jest/globals';
import { config, service, surroundings, workload } from '../../../../test/support/mesh-fixtures.ts';
import type { Surroundings } from '../../adapter.ts';
import { rules } from '../rules.ts';

const count = 120;

function many<T>(make: (at: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, at) => make(at));
}

const longName = 'x'.repeat(200);
const byMethod = config('AuthorizationPolicy', {
  action: 'DENY',
  rules: [{ to: [{ operation: { methods: ['GET'] } }] }],
});
const services = many((at) => service({ name: `s${at}` }));
// One is to have a waypoint, and what is said of the others is told then.
const headless = services.map((each, at) => ({ ...each, headless: at > 0 }));

/** What a tenant makes many of, so that each of them is named beside each of the others, or of other things. */
const shapes: Readonly<Record<string, () => Surroundings>> = {
  'CUSTOM policies of as many providers': () =>
    surroundings(
      { workloads: [workload()] },
      many((at) =>
        config(
          'AuthorizationPolicy',
          { action: 'CUSTOM', provider: { name: `${longName}${at}` }, rules: [{}] },
          { name: `p${at}` },
        ),
      ),
    ),
  'WasmPlugins of equal rank, and Services': () =>
    surroundings(
      { services },
      many((at) => config('WasmPlugin', { url: 'oci://a', priority: 1 }, { name: `plugin-with-a-long-name-${at}` })),
    ),
  'Telemetries of headless Services': () =>
    surroundings(
      { services: headless },
      many((at) =>
        config(
          'Telemetry',
          { selector: { matchLabels: { app: 'web' } } },
          { name: `telemetry-${'x'.repeat(40)}-${at}` },
        ),
      ),
    ),
  'Services that read one port differently': () =>
    surroundings(
      {
        services: many((at) =>
          service({
            name: `s${at}`,
            ports: [{ name: at % 2 ? 'http' : 'tcp', port: 80, targetPort: 8080, protocol: 'TCP' }],
          }),
        ),
      },
      [byMethod],
    ),
};

it.each(Object.keys(shapes))(
  'what is told of many things names few of them, and is as much as they are: %s',
  (shape) => {
    const given = shapes[shape]?.() ?? surroundings();
    const told = rules.map(({ id, find }) => ({ id, messages: find(given).map(({ message }) => message) }));
    const isLong = (message: string): boolean => message.length > 2500;

    // Each beside each would be 14,400 findings, or as many names in one.
    expect(told.filter(({ messages }) => messages.length > 3 * count).map(({ id }) => id)).toEqual([]);
    expect(told.filter(({ messages }) => messages.some(isLong)).map(({ id }) => id)).toEqual([]);
  },
);

it('policies of several providers are compared within the steps of a warning, and those that none can use told all the same', () => {
  const size = 1000;
  const sizes = Array.from({ length: size }, (_, at) => at);
  // To each pod half of the policies apply, and one of its own.
  const policies = sizes.map((at) => {
    const matchLabels = at % 2 === 0 ? { all: 'a' } : { [`l${at}`]: 'a' };
    const spec = { selector: { matchLabels }, action: 'CUSTOM', provider: { name: `p${at}` }, rules: [{}] };
    return config('AuthorizationPolicy', spec, { name: `p${at}` });
  });
  const workloads = sizes.map((at) => workload({ name: `w${at}`, templateLabels: { all: 'a', [`l${at}`]: 'a' } }));
  const told = rules.find(({ id }) => id === 'MM096')?.find(surroundings({ workloads }, policies)) ?? [];

  expect(told.filter(({ message }) => message.startsWith('not judged'))).toHaveLength(1);
  expect(told).toHaveLength(size + 1);
});
