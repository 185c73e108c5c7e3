import type { Returned } from '../../src/api/mesh-migration-status.ts';
import { NamespaceMigrationStatus } from '../../src/api/namespace-migration.ts';
import { seededRandom, type Random } from '../../src/base/random.ts';
import { decide } from '../../src/engine/decide.ts';
import type { Decision, Situation, Wanted, Write } from '../../src/engine/situation.ts';
import { config } from '../support/mesh-fixtures.ts';
import { NamespaceWorld } from '../support/namespace-world.ts';
import { below, pick } from './draw.ts';
import { at, text } from './judge/json.ts';

/*
 * Single steps of the engine: a random walk of a small namespace, and at each step the one decision about a picture that may be anything: forged, old,
 * torn. What is asked of each is said without any rule of the engine.
 */

const journal = 'meshmigration.dev/journal';
const labelsItMayChange =
  /^\/metadata\/labels\/(istio-injection|istio\.io~1rev|istio\.io~1dataplane-mode|istio\.io~1use-waypoint)$/;

/** What is wrong with a decision, and of which step. */
export interface Misstep {
  readonly seed: number;
  readonly step: number;
  readonly what: string;
}

/** So long a walk goes through one namespace. */
const walkSteps = 250;

/** Makes so many decisions, from this seed on. */
export function walkTheEngine(from: number, steps: number): readonly Misstep[] {
  const found: Misstep[] = [];
  for (let [seed, left] = [from, steps]; left > 0; seed += 1, left -= walkSteps) {
    const random = seededRandom(seed * 6_700_417 + 3);
    const world = new NamespaceWorld({ automatic: random() < 0.7, hbone: random() < 0.5 });
    for (let step = 0; step < Math.min(left, walkSteps); step += 1) {
      for (const what of decided(random, world)) found.push({ seed, step, what });
      happen(random, world);
    }
  }
  return found;
}

const wishes: readonly Wanted[] = [
  'Plan',
  'Migrate',
  'Migrate',
  'Migrate',
  'Pause',
  'Rollback',
  'Finalize',
  'DeleteLeave',
];

/** One thing happens; most often somebody works. */
function happen(random: Random, world: NamespaceWorld): void {
  const dice = random();
  if (dice < 0.35) world.operate(random() < 0.1);
  else if (dice < 0.55) world.reconcileWorkload(below(random, 5));
  else if (dice < 0.8) world.tendPod(below(random, 5));
  else if (dice < 0.88) world.pass(pick(random, [1000, 2000, 5000, 90_000]));
  else rare[below(random, rare.length)]?.(random, world);
}

const rare: readonly ((random: Random, world: NamespaceWorld) => void)[] = [
  (random, world) => {
    world.wanted = pick(random, wishes);
  },
  (random, world) => {
    const phase = pick(random, ['RollingBack', 'Migrating', 'Paused']);
    if (world.status !== undefined) world.status = { ...world.status, phase };
  },
  (random, world) => {
    world.deletePod(below(random, 5));
  },
  (_random, world) => {
    world.status = undefined;
  },
  (random, world) => {
    world.setLabels({
      [pick(random, ['istio-injection', 'istio.io/dataplane-mode'])]: pick(random, [null, 'enabled', 'ambient']),
    });
  },
  (_random, world) => {
    world.loseAnnotation();
  },
  (random, world) => {
    world.policies =
      random() < 0.5 ? [] : [config('AuthorizationPolicy', { rules: [{ to: [{ operation: { methods: ['GET'] } }] }] })];
  },
  (_random, world) => {
    world.startJob();
  },
];

/** What is wrong with the decision about the namespace as it is, or as somebody could make believe that it is. */
function decided(random: Random, world: NamespaceWorld): readonly string[] {
  const situation = disturbed(random, world.situation());
  const before = JSON.stringify(pictureOf(situation));
  let decision: Decision;
  try {
    decision = decide(situation);
  } catch (error) {
    return [`it throws: ${String(error)}`];
  }
  return [
    ...(JSON.stringify(pictureOf(situation)) === before ? [] : ['it changes its picture']),
    ...(random() < 0.8 || told(decide(situation)) === told(decision) ? [] : ['the same picture has two answers']),
    ...(NamespaceMigrationStatus.strict().safeParse(JSON.parse(JSON.stringify(decision.status))).success
      ? []
      : ['its status is none']),
    ...held(situation, decision),
    ...believed(random, situation, decision),
  ];
}

/** A decision as text: what is asked of pods right before a write is a function. */
function told(decision: Decision): string {
  return JSON.stringify(decision);
}

function pictureOf({ object, surroundings, returned }: Situation): unknown {
  const { namespace, pods, workloads } = surroundings;
  return { object, returned, namespace, pods, workloads };
}

/** The picture with something in it that nobody should rely on. */
function disturbed(random: Random, situation: Situation): Situation {
  const { object, surroundings } = situation;
  const { namespace, pods } = surroundings;
  const returned: Returned = {
    namespace: 'shop',
    uid: 'shop-uid',
    attempt: 1 + below(random, 3),
    reason: 'Command',
    at: new Date(situation.now).toISOString(),
    by: 'person',
  };
  const disturbances: readonly (() => Situation)[] = [
    () => ({ ...situation, notAdmitted: 'waits for its turn' }),
    () => ({ ...situation, inScope: false, notAdmitted: 'it is not in the scope any more' }),
    () => ({ ...situation, wanted: pick(random, wishes) }),
    () => ({ ...situation, returned: random() < 0.5 ? returned : { ...returned, over: true } }),
    () => ({
      ...situation,
      object: { ...object, status: { phase: 'Migrated', writtenPhase: 'Migrated', direction: 'Forward', attempt: 2 } },
    }),
    () => ({ ...situation, object: { metadata: object.metadata, spec: object.spec } }),
    () => ({ ...situation, surroundings: { ...surroundings, pods: pods.filter(() => random() < 0.5) } }),
    () => ({ ...situation, surroundings: { ...surroundings, workloads: [] } }),
    () => ({
      ...situation,
      remembered: undefined,
      surroundings: {
        ...surroundings,
        namespace: {
          ...namespace,
          annotations: { ...namespace.annotations, [journal]: pick(random, ['', '{}', '{"migration":"mm"}', '[1]']) },
        },
      },
    }),
  ];
  return random() < 0.4 ? situation : pick(random, disturbances)();
}

function writeOf({ next }: Decision): Write | undefined {
  return next.kind === 'Wait' ? undefined : next.write;
}

/** The journal that stands there, or is remembered, as plain JSON; undefined where none can be read. */
function journalOf({ surroundings: { namespace }, remembered }: Situation): unknown {
  try {
    return JSON.parse(namespace.annotations[journal] ?? '') as unknown;
  } catch {
    return remembered;
  }
}

/** Rules that need no knowledge of the way: who is not to start starts nothing, who rests touches nothing. */
function held(situation: Situation, decision: Decision): readonly string[] {
  const write = writeOf(decision);
  if (write === undefined) return [];
  const operations = 'operations' in write ? write.operations : [];
  const changed = operations.filter(({ op }) => op !== 'test').map(({ path }) => path);
  const isBegun = text(at(journalOf(situation), 'direction')) !== '';
  const begins = written(write) === 'Forward';
  const isOfPods = write.kind === 'PatchTemplate' || write.kind === 'Evict';
  const mayStart = situation.wanted === 'Migrate' && situation.notAdmitted === undefined;
  const rules: readonly (readonly [isBroken: boolean, what: string])[] = [
    [!isBegun && begins && !mayStart, 'it starts what is not to be started'],
    [!isBegun && isOfPods, 'it restarts in a namespace that it has not started'],
    [
      isPaused(situation) && (isOfPods || changed.some((path) => path.startsWith('/metadata/labels'))),
      'it goes on while it is paused',
    ],
    [
      operations.length > 0 && !operations.some(({ op, path }) => op === 'test' && path === '/metadata/uid'),
      'it patches without testing what',
    ],
    [
      write.kind === 'PatchNamespace' &&
        changed.some((path) => path.startsWith('/metadata/labels/') && !labelsItMayChange.test(path)),
      'it changes a label that is none of its own',
    ],
  ];
  return rules.filter(([isBroken]) => isBroken).map(([, what]) => what);
}

/** Whether people have stopped it, and nobody wants it back. */
function isPaused(situation: Situation): boolean {
  const { wanted, object, returned } = situation;
  const { phase, writtenPhase, command } = object.status ?? {};
  if (wanted !== 'Pause' || returned !== undefined || phase !== writtenPhase || command !== undefined) return false;
  const there = journalOf(situation);
  return (
    text(at(there, 'direction')) === 'Forward' && at(there, 'failure') === undefined && at(there, 'by') === undefined
  );
}

/** The direction in the journal that a write puts on the namespace. */
function written(write: Write): string {
  if (write.kind !== 'PatchNamespace') return '';
  const made = write.operations.flatMap((each) => ('value' in each && each.op === 'add' ? [each.value] : []));
  const texts = made.flatMap((value) => (typeof value === 'string' && value.startsWith('{') ? [value] : []));
  return text(at(JSON.parse(texts[0] ?? '{}'), 'direction'));
}

/** A record is anybody's: what it says of the way changes nothing where the namespace itself has a journal. */
function believed(random: Random, situation: Situation, decision: Decision): readonly string[] {
  const there = journalOf(situation);
  const { status } = situation.object;
  if (random() < 0.8) return [];
  if (text(at(there, 'direction')) === '' || status?.attempt !== at(there, 'attempt')) return [];
  const forgedAt = new Date(situation.now).toISOString();
  const lies: readonly Partial<NamespaceMigrationStatus>[] = [
    { direction: pick(random, ['Forward', 'Backward']) },
    { labels: [{ key: 'istio-injection', value: 'disabled' }] },
    { original: { namespaceUid: 'shop-uid', capturedAt: forgedAt, labels: [{ key: 'istio-injection' }] } },
    { failure: { reason: 'Forged', message: 'forged', at: forgedAt } },
  ];
  const lie = pick(random, lies);
  const forged = decide({ ...situation, object: { ...situation.object, status: { ...status, ...lie } } });
  const same = JSON.stringify(writeOf(forged)) === JSON.stringify(writeOf(decision));
  return same || forged.next.kind === 'Wait' ? [] : [`a forged ${Object.keys(lie).join()} changes what it writes`];
}
