import { record } from '../../../src/mesh/json.ts';
import type { BudgetView, ConfigView } from '../../../src/mesh/views.ts';
import { config, surroundings, workload } from '../mesh-fixtures.ts';
import { quota } from '../quota-examples.ts';
import { autoscaler, reading, scaled } from '../metric-reader-examples.ts';
import {
  annotateTemplates,
  changeIt,
  eachConfig,
  eachPod,
  eachWorkload,
  inAmbient,
  inTurn,
  labelNamespace,
  labelTemplates,
  make,
  outside,
  patchMigration,
  withSidecar,
} from './deeds.ts';
import type { Deed, RemediesById } from './remedy.ts';

const createFirst = eachWorkload((each) => [{ ...each, strategy: 'RollingUpdate', maxUnavailable: 0 }]);
const takeFirst = eachWorkload((each) => [{ ...each, strategy: 'RollingUpdate', maxUnavailable: 1 }]);

function eachBudget(change: (budget: BudgetView) => BudgetView): Deed {
  return (given) => ({ ...given, budgets: given.budgets.map(change) });
}

/** So many as the fix says can be spared. */
const spareMore: Deed = (given, finding) => {
  const spared = Number(/spare (\d+)/.exec(finding.fix)?.[1]);
  return eachBudget((each) => {
    const expected = Math.max(each.expectedPods, 2);
    return { ...each, expectedPods: expected, desiredHealthy: expected - spared };
  })(given, finding);
};

/** Each of them runs ten times as many, of which as few may be away as before. */
const moreReplicas = inTurn(
  eachWorkload((each) => [
    {
      ...each,
      replicas: each.replicas * 10,
      available: each.replicas * 10,
      updated: each.replicas * 10,
      maxUnavailable: 1,
    },
  ]),
  eachBudget((each) => ({ ...each, expectedPods: each.expectedPods * 10 })),
);

const oneBudget: Deed = (given) => ({ ...given, budgets: given.budgets.slice(0, 1) });

/** It has room for ten times as much. */
const raised = eachConfig((each) => {
  if (each.kind !== 'ResourceQuota') return [each];
  const hard = Object.fromEntries(
    Object.keys(record(each.status['hard'])).map((key) => [key, key.endsWith('memory') ? '40Gi' : '40']),
  );
  return [{ ...each, spec: { ...each.spec, hard }, status: { ...each.status, hard } }];
});

/** The labels that the fix says, `KEY=VALUE` or `KEY-`. */
const labelledAsSaid: Deed = (given, finding) => {
  const [, said = ''] =
    /kubectl label namespace shop --overwrite ((?:[\w./-]+(?:=[\w-]+|-) ?)+)/.exec(finding.fix) ?? [];
  const labels = said
    .trim()
    .split(' ')
    .filter((part) => part.includes('=') || part.endsWith('-'))
    .map((part): readonly [string, string | null] => {
      const [key = '', value] = part.split('=');
      return value === undefined ? [key.slice(0, -1), null] : [key, value];
    });
  return labelNamespace(Object.fromEntries(labels))(given, finding);
};

/** What the fix says is taken out of templates, and pods are as they were. */
const takenOut: Deed = (given, finding) => {
  const [, said = ''] = /^Take (.+) out of the template/.exec(finding.fix) ?? [];
  const keys = said.split(' and ').map((part) => [part.split('=')[0] ?? '', null] as const);
  const off = Object.fromEntries(keys);
  return inTurn(labelTemplates(off), annotateTemplates(off))(given, finding);
};

/** Whoever is left is made anew by what the labels ask for. */
const restarted: Deed = (given, finding) => {
  const as = { IstioSidecar: withSidecar, IstioAmbient: inAmbient, None: outside }[given.route.to];
  return eachPod((pod) => [as(pod)])(given, finding);
};

function injectorOf(revision: string): ConfigView {
  const hook = {
    namespaceSelector: {
      matchExpressions: [
        { key: 'istio.io/rev', operator: 'In', values: [revision] },
        { key: 'istio-injection', operator: 'DoesNotExist' },
      ],
    },
  };
  return config(
    'MutatingWebhookConfiguration',
    { webhooks: [hook] },
    { name: `injector-${revision}`, uid: revision, namespace: '', labels: { app: 'sidecar-injector' } },
  );
}

/** The injector of the revision that the namespace names. */
const installed: Deed = (given, finding) =>
  make(injectorOf(given.namespace.labels['istio.io/rev'] ?? ''))(given, finding);

/** The namespace names a revision that has one. */
const byAnother: Deed = (given, finding) =>
  inTurn(make(injectorOf('stable')), labelNamespace({ 'istio.io/rev': 'stable' }))(given, finding);

const asksForIt = {
  MM113: 'the labels ask for sidecars, which its pods outside do not have: MM113 says how these go on',
};

/** The autoscaler reads something else, as its kind says it. */
function readingOtherwise(query: string, metric: ConfigView): Deed {
  return changeIt((each) => {
    const other = each.kind === 'HorizontalPodAutoscaler' ? metric : scaled(query, each.kind);
    return { ...each, spec: other.spec };
  });
}

const ofContainer = autoscaler({
  type: 'ContainerResource',
  containerResource: { name: 'cpu', container: 'app', target: { averageUtilization: 60 } },
});

function external(name: string): ConfigView {
  return reading('HorizontalPodAutoscaler', {
    scaleTargetRef: { kind: 'Deployment', name: 'web' },
    metrics: [{ type: 'External', external: { metric: { name } } }],
  });
}

const bothReporters = 'reporter=~"destination|waypoint"';

const leavesNames = { 'ambient.istio.io/dns-capture': 'false' };

/** The template of a Rollout, as it is kept. */
function withAnnotations(spec: ConfigView['spec'], annotations: ConfigView['annotations']): ConfigView['spec'] {
  const template = record(spec['template']);
  return { ...spec, template: { ...template, annotations: { ...record(template['annotations']), ...annotations } } };
}

/** Half of it stays where it is, and half goes elsewhere. */
const divided: Deed = (given) => ({ ...given, workloads: given.workloads.slice(0, given.workloads.length / 2) });

/** Whether there is room, and the way back. */
export const roomRemedies: RemediesById = {
  MM057: {
    ways: [
      { says: /^Let it create the new pod before it takes an old one away/, done: createFirst },
      { says: /Let PodDisruptionBudget [\w-]+ spare \d+/, done: spareMore },
      { says: /, or, where it says how many have to stay, run more replicas/, done: moreReplicas },
      { says: /^Leave one PodDisruptionBudget for these pods/, done: oneBudget },
    ],
    besides: [
      'Let the rollout create the new pod first (maxUnavailable: 0, maxSurge: 1), or let the PodDisruptionBudget spare as many as it takes',
    ],
  },
  MM113: {
    ways: [
      { says: /^Have new pods be in \w+: kubectl label namespace shop --overwrite /, done: labelledAsSaid },
      {
        says: /Or restart what is left in \w+ yourself: then there is nothing to migrate \(MM005\)/,
        done: restarted,
      },
      { says: /^Take .+ out of the template of its pods/, done: takenOut },
      { says: /: install the revision that they name/, done: installed },
      { says: /, or label it for one that is there/, done: byAnother },
    ],
    besides: ['Set the labels of the namespace so that new pods are as these are'],
  },
  MM115: {
    ways: [
      { says: /^Have new pods be in \w+: kubectl label namespace shop --overwrite /, done: labelledAsSaid },
      { says: /^Take .+ out of the template of its pods/, done: takenOut },
      { says: /: install the revision that they name/, done: installed, then: asksForIt },
      { says: /, or label it for one that is there/, done: byAnother, then: asksForIt },
    ],
    besides: ['Set the labels of the namespace and of the template so that new pods join'],
  },
  MM117: {
    ways: [
      { says: 'Raise the quota', done: raised },
      { says: /, or have a pod taken away first, which interrupts a single one: kubectl patch/, done: takeFirst },
      {
        says: /, or let the waypoint ask for less: spec\.waypoint\.replicas\.min/,
        done: patchMigration({ waypoint: { replicas: { min: 1 } } }),
      },
    ],
    more: {
      'pods of the waypoint alone': surroundings({ workloads: [workload({ maxUnavailable: 1 })] }, [
        config('AuthorizationPolicy', {
          rules: [{ from: [{ source: { namespaces: ['blog'] } }], to: [{ operation: { methods: ['GET'] } }] }],
        }),
        quota({ pods: '3' }, { pods: '2' }),
      ]),
    },
  },
  MM132: {
    ways: [
      {
        says: 'CPU of the container of the application (containerResource)',
        done: readingOtherwise('', ofContainer),
      },
      {
        says: 'istio_tcp_*',
        done: readingOtherwise(
          'rate(istio_tcp_connections_opened_total[1m])',
          external('istio_tcp_connections_opened_total'),
        ),
      },
      {
        says: 'a metric of the application',
        done: readingOtherwise('rate(http_requests_total[1m])', external('http_requests_total')),
      },
      {
        says: 'To keep HTTP metrics, ask for a waypoint by spec.waypoint.services before the start, and read reporter=~"destination|waypoint", which is the same before and afterwards',
        done: inTurn(
          patchMigration({ waypoint: { services: ['shop/web'] } }),
          readingOtherwise(
            `sum(rate(istio_requests_total{${bothReporters}}[1m]))`,
            reading(
              'HorizontalPodAutoscaler',
              { scaleTargetRef: { kind: 'Deployment', name: 'web' } },
              { annotations: { query: `sum(rate(istio_requests_total{${bothReporters}}[1m]))` } },
            ),
          ),
        ),
      },
    ],
    besides: ['Have it read what goes on'],
  },
  MM146: { ways: [{ says: 'Divide the namespace', done: divided }] },
  MM148: {
    ways: [
      {
        says: /^Give the template the annotation ambient\.istio\.io\/dns-capture: "false"/,
        done: inTurn(
          annotateTemplates(leavesNames),
          changeIt((each) => ({ ...each, spec: withAnnotations(each.spec, leavesNames) })),
        ),
      },
    ],
    besides: [
      'See that no application goes by the addresses themselves; or give its template the annotation ambient.istio.io/dns-capture: "false", then its DNS is left alone',
    ],
  },
};
