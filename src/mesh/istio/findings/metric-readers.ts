import { listed } from '../../../base/counted.ts';
import { shown } from '../../../base/shown.ts';
import type { Surroundings } from '../../adapter.ts';
import { asPod } from '../../views.ts';
import { optsOutOfInjection } from '../vocabulary/injection.ts';
import { ofEnvoy, ofTcp, readerIn, type Reading } from '../settings/metric-readers.ts';
import { getsWaypoint } from '../waypoint/choose.ts';
import { nameOf } from '../vocabulary/objects.ts';
import { askedElsewhere, type Reader } from './asked-templates.ts';
import type { Evidence, Rule } from './rule.ts';
import { warned } from './warned.ts';

const autoscalers = ['HorizontalPodAutoscaler', 'ScaledObject', 'ScaledJob'];

/** Kinds that judge a release by metrics. */
const judges = ['Canary', 'MetricTemplate', 'AnalysisTemplate'];
const writers = ['Rollout', 'Canary'];

function readersOf(kinds: readonly string[], { mesh, namespace }: Surroundings): readonly Reader[] {
  return kinds
    .flatMap((kind) => mesh.configs(kind, namespace.name))
    .map((object) => ({ object, reader: readerIn(object.spec) }));
}

/** Whether pods that it scales have sidecars today, as far as is known. */
function withSidecars({ workloads }: Surroundings): (reader: Reader) => boolean {
  const without = workloads.filter((each) => each.hostNetwork === true || optsOutOfInjection(asPod(each)));
  const targets = new Set<string | undefined>(without.map(({ kind, name }) => `${kind}/${name}`));
  return ({ reader: { target } }) => !targets.has(target);
}

type Fate = 'Ends' | 'EndsLater' | 'Stays';

/** Of the called, behind a waypoint or not; whoever calls from a sidecar or a gateway reports for as long as it has one. */
function fateOf({ metric, reporter }: Reading, surroundings: Surroundings): Fate {
  if (metric.startsWith(ofEnvoy)) return 'Ends';
  if (metric.startsWith(ofTcp)) return surroundings.route.to === 'IstioAmbient' ? 'Stays' : 'Ends';
  if (reporter === 'Source') return 'EndsLater';
  return reporter === 'Waypoint' && surroundings.route.to === 'IstioAmbient' && getsWaypoint(surroundings)
    ? 'Stays'
    : 'Ends';
}

const afterwards =
  'ztunnel reports no HTTP, a waypoint with reporter="waypoint" only, and metrics of Envoy itself end with the sidecar';

const outside = 'outside of the mesh nothing reports any';

/** What becomes of what it reads, worst first. */
function readingsOf({ object, reader: { reads = [] } }: Reader, surroundings: Surroundings): readonly Evidence[] {
  const fates = Map.groupBy(reads, (reading) => fateOf(reading, surroundings));
  const namesOf = (fate: Fate): string =>
    listed([...new Set((fates.get(fate) ?? []).map(({ metric }) => shown(metric)))]);
  if (fates.has('Ends'))
    return [
      {
        object: nameOf(object),
        message: `it reads ${namesOf('Ends')}, and nobody reports that for these pods any more: ${surroundings.route.to === 'None' ? outside : afterwards}`,
      },
    ];
  if (fates.has('EndsLater'))
    return [
      {
        object: nameOf(object),
        severity: 'Warning',
        message: `it reads ${namesOf('EndsLater')} as callers report it (reporter="source"): gateways go on, callers with sidecars until they move too`,
      },
    ];
  return [];
}

function leavesSidecars({ route }: Surroundings): boolean {
  return route.from === 'IstioSidecar';
}

/** What scales pods by what ends. */
function scaled(surroundings: Surroundings): readonly Evidence[] {
  if (!leavesSidecars(surroundings)) return [];
  const readers = readersOf(autoscalers, surroundings).filter(withSidecars(surroundings));
  const byAll = readers.filter(({ reader }) => reader.readsAll === true);
  return [
    ...readers.flatMap((each): readonly Evidence[] =>
      each.reader.readsSidecar === true
        ? [
            {
              object: nameOf(each.object),
              message:
                'it reads what container istio-proxy uses, which its pods do not have any more: an autoscaler that misses a metric takes no pods away, and adds none by that one',
            },
          ]
        : readingsOf(each, surroundings),
    ),
    ...(byAll.length === 0
      ? []
      : [
          {
            object: nameOf({ kind: 'Namespace', name: surroundings.namespace.name }),
            severity: 'Warning' as const,
            message: `${listed(byAll.map(({ object }) => nameOf(object)))} go by what all containers of a pod use together, of what they ask for: without the sidecar it is that of the application, so the same load may want another number of pods`,
            fix: 'Compare the requests of the containers with those of their sidecars, and set the target anew, or have it go by the container of the application (containerResource), which is the same before and afterwards.',
          },
        ]),
  ];
}

/** Of a template that stands elsewhere it is said who of the namespace asks it. */
function askedOf(readers: readonly Reader[], surroundings: Surroundings): readonly Evidence[] {
  return warned(surroundings, 'templates of others that are asked', () =>
    askedElsewhere(readers, surroundings).flatMap(({ by, ...each }) =>
      readingsOf(each, surroundings).map((found) => ({ ...found, message: `asked by ${by}: ${found.message}` })),
    ),
  );
}

/** What releases by what ends. */
function judged(surroundings: Surroundings): readonly Evidence[] {
  if (!leavesSidecars(surroundings)) return [];
  const own = readersOf(judges, surroundings);
  const all = [...own, ...readersOf(['Rollout'], surroundings)];
  const others = all.filter(({ reader }) => reader.asksMore === true);
  return [
    ...own.flatMap((each) => readingsOf(each, surroundings)),
    ...askedOf(all, surroundings),
    ...others.map(({ object }) => ({
      object: nameOf(object),
      message: 'it asks more templates of others than are read: what those read is not told',
    })),
  ].map((evidence) => ({ ...evidence, severity: 'Warning' as const }));
}

/** Who writes VirtualServices of the namespace by himself, by their names. */
export function writersOf(surroundings: Surroundings): ReadonlyMap<string, string> {
  const { name: home } = surroundings.namespace;
  return new Map(
    readersOf(writers, surroundings).flatMap(({ object, reader: { writes = [] } }) =>
      writes.map(
        (name) => [`VirtualService ${name.includes('/') ? name : `${home}/${name}`}`, nameOf(object)] as const,
      ),
    ),
  );
}

function written(surroundings: Surroundings): readonly Evidence[] {
  if (!leavesSidecars(surroundings)) return [];
  const { mesh, namespace } = surroundings;
  const all = mesh.configs('VirtualService', namespace.name).map(nameOf);
  const found = writersOf(surroundings);
  const others = readersOf(writers, surroundings).filter(({ reader }) => reader.writesMore === true);
  const named = all.flatMap((object): readonly Evidence[] => {
    const writer = found.get(object);
    if (writer === undefined) return [];
    return [
      {
        object: writer,
        message: `it writes how ${object} divides calls, at each release: a waypoint follows that as long as it stays a VirtualService, and an HTTPRoute in its place nobody would write`,
        fix: 'Keep the VirtualService, and make no release during the migration of the namespace. To have an HTTPRoute instead, let the controller of releases write that (its provider for the Gateway API).',
      },
    ];
  });
  return [
    ...named,
    ...others.map(({ object }) => ({
      object: nameOf(object),
      message: 'it names more VirtualServices than are read: that it writes others is not told',
    })),
  ];
}

/** Outside of the mesh nobody reports anything, and there is no waypoint. */
const outsideFix =
  'Have it read what goes on outside of the mesh: CPU of the container of the application (containerResource), or a metric of the application.';

/** What other controllers do by what sidecars report, or follow. */
export const metricReaderRules: readonly Rule[] = [
  {
    id: 'MM132',
    severity: 'Critical',
    isAcknowledgeable: true,
    when: 'BeforeFlip',
    lasts: true,
    back: { notAsked: 'who goes back gets again what was read before' },
    title: 'An autoscaler would lose its metric',
    fix: 'Have it read what goes on: CPU of the container of the application (containerResource), istio_tcp_*, or a metric of the application. To keep HTTP metrics, ask for a waypoint by spec.waypoint.services before the start, and read reporter=~"destination|waypoint", which is the same before and afterwards.',
    find: (surroundings) =>
      scaled(surroundings).map((each) =>
        surroundings.route.to === 'None' && each.fix === undefined ? { ...each, fix: outsideFix } : each,
      ),
  },
  {
    id: 'MM133',
    severity: 'Warning',
    when: 'Start',
    lasts: true,
    title: 'Releases depend on what sidecars do',
    fix: 'Have the analysis read what goes on, or releases fail at it: with a waypoint (spec.waypoint.services) reporter=~"destination|waypoint" is the same before and afterwards.',
    find: (surroundings) => [...judged(surroundings), ...written(surroundings)],
  },
];
