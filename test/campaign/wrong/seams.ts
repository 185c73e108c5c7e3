import type { MeshAdapter, StepPlan } from '../../../src/mesh/adapter.ts';
import { istio } from '../../../src/mesh/istio/adapter.ts';
import type { HttpRequest, HttpResponse, Transport } from '../../../src/kube/transport.ts';
import { wholeText } from '../../sim/apiserver/text-stream.ts';
import { adapterWith, inTurn, moved, without, type Steps } from '../../sim/wrong-itineraries.ts';
import { fields, items } from '../judge/json.ts';

/*
 * Operators that are wrong on purpose. The campaign has to catch each of them: a judge that lets one go says nothing about the right one. These are made at
 * the two seams that the operator has, what it knows of the mesh and its connection to the API server; nothing in src knows of them.
 */

/** A way to be wrong. */
export interface Wrong {
  readonly name: string;
  readonly adapter?: MeshAdapter;
  readonly transport?: (inner: Transport) => Transport;
}

function each(change: (step: StepPlan) => StepPlan): Steps {
  return (steps) => steps.map(change);
}

const unheld = each((step) => {
  const { heldBy: _heldBy, ...work } = step.work as StepPlan['work'] & { readonly heldBy?: unknown };
  return { ...step, work };
});

const unawaited = each(({ awaits: _awaits, ...step }) => step);

const unasked = each(({ relies: _relies, ...step }) => step);

const ungated = each(({ gate: _gate, settled: _settled, ...step }) => step);

/** Without the label of the new data plane. */
const halfFlipped = each((step) => {
  if (step.name !== 'Flip' || step.work.kind !== 'Labels') return step;
  const { 'istio.io/dataplane-mode': _plane, ...targets } = step.work.targets;
  return { ...step, work: { ...step.work, targets } };
});

const unrestarted = each((step) =>
  step.name === 'RestartWorkloads' && step.work.kind === 'Restart'
    ? { ...step, work: { ...step.work, stale: () => false } }
    : step,
);

/** What becomes of a request, or of its answer. */
interface Rewriting {
  readonly request?: (request: HttpRequest, inner: Transport) => HttpRequest | Promise<HttpRequest>;
  readonly answer?: (request: HttpRequest, text: string) => string;
}

function rewriting({ request: change, answer }: Rewriting): (inner: Transport) => Transport {
  return (inner) => ({
    server: inner.server,
    async send(request): Promise<HttpResponse> {
      const response = await inner.send(change === undefined ? request : await change(request, inner));
      if (answer === undefined || request.method !== 'GET' || request.path.includes('watch=')) return response;
      let text = '';
      for await (const piece of response.body) text += piece;
      return { ...response, body: wholeText(answer(request, text)) };
    },
  });
}

/** Changes the operations of JSON patches. */
function patching(
  path: RegExp,
  change: (operations: readonly Readonly<Record<string, unknown>>[]) => readonly Readonly<Record<string, unknown>>[],
): (inner: Transport) => Transport {
  return rewriting({
    request: (request) => {
      if (request.method !== 'PATCH' || !path.test(request.path) || !(request.body ?? '').startsWith('['))
        return request;
      return { ...request, body: JSON.stringify(change(items(JSON.parse(request.body ?? '')))) };
    },
  });
}

const silentRules: readonly string[] = ['MM113', 'MM114', 'MM115'];

/** All of them. */
export const wrongAtSeams: readonly Wrong[] = [
  {
    name: 'takes every namespace for one that needs no HTTP',
    adapter: { ...istio, choose: () => 'L4', findings: () => [] },
  },
  {
    name: 'asks its rules at the start only',
    adapter: {
      ...istio,
      findings: (surroundings, when) => (when === 'Start' ? istio.findings(surroundings, when) : []),
      unready: () => undefined,
      unfit: () => undefined,
    },
  },
  {
    name: 'starts where new pods would not be what the pods are',
    adapter: {
      ...istio,
      findings: (...asked) => istio.findings(...asked).filter(({ id }) => !silentRules.includes(id)),
      unready: (surroundings) => {
        const found = istio.unready(surroundings);
        return found !== undefined && silentRules.includes(found.finding.id) ? undefined : found;
      },
    },
  },
  { name: 'makes no copies for the waypoint', adapter: adapterWith({ forward: without('CopyPolicies') }) },
  { name: 'makes no guard', adapter: adapterWith({ forward: without('GuardBypass') }) },
  {
    name: 'binds Services before there are copies',
    adapter: adapterWith({ forward: inTurn(moved(['BindWaypoint'], 'CopyPolicies'), ungated) }),
  },
  {
    name: 'takes sidecars away before anything stands in for them',
    adapter: adapterWith({ forward: inTurn(moved(['Flip', 'RestartWorkloads'], 'EnsureWaypoint'), ungated) }),
  },
  {
    name: 'leaves out the restart for HBONE and waits for nobody',
    adapter: adapterWith(
      { forward: inTurn(without('RestartForHbone'), unawaited) },
      { unready: () => undefined, unfit: () => undefined, findings: () => [] },
    ),
  },
  {
    name: 'waits for no other namespace',
    adapter: adapterWith(
      { forward: unawaited, backward: unawaited },
      {
        unready: () => undefined,
        unfit: () => undefined,
        refusing: () => ({ along: [], stay: [] }),
        refuses: () => undefined,
      },
    ),
  },
  { name: 'switches injection off and nothing on', adapter: adapterWith({ forward: halfFlipped }) },
  {
    name: 'restarts nothing and says Migrated',
    adapter: adapterWith({ forward: inTurn(unrestarted, without('Verify')) }),
  },
  {
    name: 'on the way back ends the capture first',
    adapter: adapterWith({ backward: inTurn(unheld, moved(['RestoreCapture'], 'RestoreLabels')) }),
  },
  {
    name: 'on the way back takes waypoint and policies away first',
    adapter: adapterWith({
      backward: inTurn(
        unheld,
        unasked,
        ungated,
        moved(['UnbindWaypoint', 'RemovePolicies', 'RemoveWaypoint'], 'RestoreLabels'),
      ),
    }),
  },
  {
    name: 'on the way back leaves Services bound',
    adapter: adapterWith({ backward: inTurn(unasked, without('UnbindWaypoint')) }),
  },
  { name: 'on the way back leaves its policies', adapter: adapterWith({ backward: without('RemovePolicies') }) },
  {
    name: 'on the way back restarts nothing',
    adapter: adapterWith({ backward: inTurn(unheld, without('RestoreWorkloads', 'VerifyRestored')) }),
  },
  {
    name: 'marks Services besides',
    transport: patching(/\/services\//, (operations) => [
      ...operations,
      { op: 'add', path: '/metadata/labels/migrated', value: 'yes' },
    ]),
  },
  {
    name: 'writes over what somebody has changed',
    transport: patching(/./, (operations) => operations.filter(({ op }) => op !== 'test')),
  },
  {
    name: 'writes no journal',
    transport: patching(/\/api\/v1\/namespaces\/[^/?]+\?/, (operations) =>
      operations.filter(({ path }) => !String(path).includes('journal')),
    ),
  },
  {
    name: 'deletes originals with its copies',
    transport: rewriting({
      async request(request, inner) {
        if (request.method === 'DELETE' && request.path.includes('/authorizationpolicies/')) {
          const path = request.path.replace(/\/authorizationpolicies\/[^?]*/, '/authorizationpolicies/rule-0');
          await inner.send({ ...request, path, body: '{}' });
        }
        return request;
      },
    }),
  },
  {
    name: 'does not read exclusions',
    transport: rewriting({
      answer: (request, text) =>
        request.path.includes('/meshmigrations') ? text.replaceAll('"exclude":', '"formerly":') : text,
    }),
  },
  {
    name: 'takes the namespace that stays for one that moves',
    transport: rewriting({
      answer: (request, text) => {
        if (!/\/api\/v1\/namespaces(\?|$)/.test(request.path)) return text;
        const list = JSON.parse(text) as { readonly items?: readonly unknown[] };
        for (const item of items(list.items))
          Object.assign(fields(fields(item['metadata'])['labels']), { wave: 'one' });
        return JSON.stringify(list);
      },
    }),
  },
  {
    name: 'restarts with an annotation of kubectl',
    transport: patching(/\/(deployments|statefulsets|daemonsets)\//, (operations) =>
      operations.map((one) => ({
        ...one,
        ...(typeof one['path'] === 'string' && {
          path: one['path'].replace('meshmigration.dev~1restart', 'kubectl.kubernetes.io~1restartedAt'),
        }),
      })),
    ),
  },
];
