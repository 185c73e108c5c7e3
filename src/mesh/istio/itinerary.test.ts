import { describe, expect, it } from '@jest/globals';
import { captured, plainPod, pod, present, routes, surroundings } from '../../../test/support/mesh-fixtures.ts';
import type { LabelTargets, Route, StepPlan } from '../adapter.ts';
import { arrived, itinerary } from './itinerary.ts';
import { istio } from './adapter.ts';
import { modeFor, modeOf } from './vocabulary/pod-mode.ts';

const injection = 'istio-injection';
const revision = 'istio.io/rev';
const mode = 'istio.io/dataplane-mode';

/** Labels that a namespace of this data plane may have. */
const origins: Readonly<Record<Route['from'], readonly LabelTargets[]>> = {
  IstioSidecar: [
    { [injection]: 'enabled', [revision]: null, [mode]: null },
    { [injection]: null, [revision]: 'canary', [mode]: null },
    { [injection]: 'enabled', [revision]: 'old', [mode]: null },
    { [injection]: 'enabled', [revision]: null, [mode]: 'none' },
    { [injection]: 'enabled', [revision]: null, [mode]: 'ambient' },
  ],
  IstioAmbient: [
    { [injection]: null, [revision]: null, [mode]: 'ambient' },
    { [injection]: 'disabled', [revision]: 'canary', [mode]: 'ambient' },
  ],
  None: [
    { [injection]: null, [revision]: null, [mode]: null },
    { [injection]: 'disabled', [revision]: null, [mode]: 'none' },
  ],
};

const cases = routes.flatMap((route) => origins[route.from].map((original) => [route, original] as const));
const titled = cases.map(
  ([route, original]) =>
    [`${route.from} to ${route.to} from ${JSON.stringify(present(original))}`, route, original] as const,
);

/** The labels after each of the steps, in order. */
function along(
  steps: readonly StepPlan[],
  start: LabelTargets,
): readonly (readonly [step: string, labels: LabelTargets])[] {
  let labels = start;
  return steps.map((step) => {
    if (step.work.kind === 'Labels') labels = { ...labels, ...step.work.targets };
    return [step.name, labels] as const;
  });
}

/**
 * Whether a pod that is created now gets into a mesh: by injection (mutatingwebhook.yaml) or by capture
 * (enablement_selector.go).
 */
function holds(labels: LabelTargets): boolean {
  const injects =
    labels[injection] === 'enabled' || ((labels[injection] ?? null) === null && (labels[revision] ?? null) !== null);
  return injects || labels[mode] === 'ambient';
}

function lastLabels(steps: readonly StepPlan[], start: LabelTargets): LabelTargets {
  return along(steps, start).at(-1)?.[1] ?? start;
}

describe('itinerary', () => {
  it.each(titled)(
    '%s never leaves the namespace with neither injection nor capture, there and back (A in docs/safety.md)',
    (_title, route, original) => {
      if (route.from === 'None' || route.to === 'None') return;
      const { forward, backward } = itinerary(route, original, 'L4');
      const there = along(forward, original);
      expect(there.filter(([, labels]) => !holds(labels))).toEqual([]);
      for (const [, labels] of there) expect(along(backward, labels).filter(([, after]) => !holds(after))).toEqual([]);
    },
  );

  it.each(titled)('%s ends with the labels of its goal', (_title, route, original) => {
    const labels = lastLabels(itinerary(route, original, 'L4').forward, original);

    if (route.to !== 'None') expect(holds(labels)).toBe(true);
    if (route.to === 'IstioAmbient') expect(labels).toMatchObject({ [mode]: 'ambient' });
    if (route.to === 'IstioAmbient' && route.from === 'IstioSidecar') expect(labels[injection]).toBe('disabled');
    if (route.to !== 'IstioAmbient' && original[mode] !== 'none' && route.from === 'IstioAmbient')
      expect(labels[mode]).toBeNull();
    if (route.to === 'IstioSidecar') expect(arrived(route, present(labels))).toBe(true);
    expect(labels[revision]).toBe(original[revision]);
  });

  it.each(titled)(
    '%s can go back from after any step, to exactly the labels it began with',
    (_title, route, original) => {
      const { forward, backward } = itinerary(route, original, 'L4');

      for (const [, labels] of [['start', original] as const, ...along(forward, original)])
        expect(lastLabels(backward, labels)).toEqual(original);
    },
  );

  it.each(titled)(
    '%s puts the labels back even when a stranger changed them on the way, and stays in the mesh',
    (_title, route, original) => {
      const { backward } = itinerary(route, original, 'L4');
      for (const changed of [
        { [revision]: null },
        { [injection]: 'enabled', [revision]: null },
        { [revision]: 'other' },
        { [injection]: null },
      ]) {
        const flipped = { ...lastLabels(itinerary(route, original, 'L4').forward, original), ...changed };
        expect(lastLabels(backward, flipped)).toEqual(original);
        if (route.from !== 'None' && holds(flipped))
          expect(along(backward, flipped).filter(([, labels]) => !holds(labels))).toEqual([]);
      }
    },
  );

  it('takes the L4 path from sidecars to ambient and back in the documented order', () => {
    const { forward, backward } = itinerary(
      { from: 'IstioSidecar', to: 'IstioAmbient' },
      { [injection]: 'enabled', [revision]: null, [mode]: null },
      'L4',
    );

    expect(forward.map(({ name }) => name)).toEqual([
      'Preflight',
      'Snapshot',
      'Baseline',
      'RestartForHbone',
      'Flip',
      'RestartWorkloads',
      'Verify',
    ]);
    expect(backward.map(({ name }) => name)).toEqual([
      'RestoreLabels',
      'RestoreWorkloads',
      'RestoreCapture',
      'VerifyRestored',
    ]);
    expect(forward.find(({ name }) => name === 'Flip')?.work).toMatchObject({
      kind: 'Labels',
      targets: { [injection]: 'disabled', [mode]: 'ambient' },
    });
    expect(backward[0]?.work).toMatchObject({ targets: { [injection]: 'enabled' } });
    expect(backward[0]?.work).not.toHaveProperty(['targets', mode]);
  });

  it.each(routes.filter(({ from, to }) => from !== 'IstioSidecar' && to !== 'IstioSidecar'))(
    'restarts nothing between $from and $to',
    (route) => {
      const { forward, backward } = itinerary(route, {}, 'L4');

      expect([...forward, ...backward].filter(({ work }) => work.kind === 'Restart')).toEqual([]);
    },
  );

  it.each(titled)(
    '%s records before it changes, changes before it restarts, and looks at the end',
    (_title, route, original) => {
      const { forward } = itinerary(route, original, 'L4');
      const names = forward.map(({ name }) => name);
      const firstChange = forward.findIndex(({ work }) => work.kind === 'Labels');

      expect(names.slice(0, 3)).toEqual(['Preflight', 'Snapshot', 'Baseline']);
      expect(firstChange).toBeGreaterThan(2);
      expect(forward.at(-1)?.work).toEqual({ kind: 'Verify', mode: modeFor(route.to) });
      if (names.includes('ReleaseCapture'))
        expect(names.indexOf('ReleaseCapture')).toBeGreaterThan(names.indexOf('RestartWorkloads'));
    },
  );
});

describe('what holds the capture on the way back to sidecars', () => {
  const work = itinerary({ from: 'IstioSidecar', to: 'IstioAmbient' }, { [injection]: 'enabled' }, 'L4').backward.find(
    ({ name }) => name === 'RestoreCapture',
  )?.work;
  const held = (view: ReturnType<typeof pod>): boolean => work?.kind === 'Labels' && work.heldBy?.(view) === true;

  it.each([
    ['a captured pod', plainPod(captured), true],
    ['a pod that is being captured', plainPod({ annotations: { 'ambient.istio.io/redirection': 'pending' } }), true],
    ['a captured pod of a gateway that nobody injected', plainPod({ ...captured, containers: ['istio-proxy'] }), true],
    ['a pod that was admitted without a sidecar and has not started', plainPod({ ready: false }), true],
    ['a pod with its sidecar', pod(), false],
    ['a pod with its sidecar that has not started', pod({ ready: false }), false],
    ['a running pod in no mesh, which has nothing to lose', plainPod(), false],
  ])('%s', (_case, view, expected) => {
    expect(held(view)).toBe(expected);
  });

  it('is nothing when the namespace captured before, or when the goal is no mesh', () => {
    const both = itinerary(
      { from: 'IstioSidecar', to: 'IstioAmbient' },
      { [injection]: 'enabled', [mode]: 'ambient' },
      'L4',
    ).backward;
    const leave = itinerary({ from: 'IstioAmbient', to: 'None' }, { [mode]: 'ambient' }, 'L4').forward;

    for (const step of [...both, ...leave]) expect(step.work).not.toHaveProperty('heldBy');
  });
});

describe('a stale pod', () => {
  it.each(routes.filter(({ from, to }) => from === 'IstioSidecar' || to === 'IstioSidecar'))(
    'is any that is not in its mode, from $from to $to and back',
    (route) => {
      const { forward, backward } = itinerary(route, {}, 'L4');
      const views = [
        pod(),
        plainPod(),
        plainPod(captured),
        plainPod({ annotations: { 'ambient.istio.io/redirection': 'pending' } }),
      ];
      for (const [steps, goal] of [
        [forward, route.to],
        [backward, route.from],
      ] as const) {
        const restart = steps.find(({ name }) => name === 'RestartWorkloads' || name === 'RestoreWorkloads')?.work;
        expect(
          restart?.kind === 'Restart' && views.filter((view) => restart.stale(view, surroundings({ route }))),
        ).toEqual(views.filter((view) => modeOf(view) !== modeFor(goal)));
      }
    },
  );
});

describe('arrived', () => {
  it.each<[Route['to'], Readonly<Record<string, string>>, boolean]>([
    ['IstioAmbient', { [mode]: 'ambient' }, true],
    ['IstioAmbient', { [mode]: 'none' }, false],
    ['IstioAmbient', {}, false],
    ['IstioSidecar', { [injection]: 'enabled' }, true],
    ['IstioSidecar', { [revision]: 'canary' }, true],
    ['IstioSidecar', { [injection]: 'disabled', [revision]: 'canary' }, false],
    ['IstioSidecar', {}, false],
    ['None', {}, true],
    ['None', { [injection]: 'disabled', [mode]: 'none' }, true],
    ['None', { [mode]: 'ambient' }, false],
    ['None', { [injection]: 'enabled' }, false],
  ])('at %s with %j', (to, labels, expected) => {
    expect(arrived({ from: to === 'None' ? 'IstioSidecar' : 'None', to }, labels)).toBe(expected);
  });
});

it('the adapter records every label that an itinerary changes', () => {
  const changed = cases.flatMap(([route, original]) => {
    const { forward, backward } = itinerary(route, original, 'L4');
    return [...forward, ...backward].flatMap(({ work }) => (work.kind === 'Labels' ? Object.keys(work.targets) : []));
  });

  expect(istio.labels).toEqual(expect.arrayContaining([...new Set(changed)]));
});
