import { counted, listed } from '../../base/counted.ts';
import { fromList } from '../../engine/label-values.ts';
import type { LabelTargets } from '../../mesh/adapter.ts';
import type { Meshes } from '../../mesh/registry.ts';
import type { NamespaceMigration } from '../../api/resources.ts';
import type { Line, Tone } from '../terminal/line.ts';
import { wrapped } from '../terminal/wrapped.ts';
import type { Picture } from './picture.ts';

/** What the plan of a namespace consists of. */
export interface PlanDetail {
  /** What each label becomes; null: it is taken away. Absent where the Namespace may not be read. */
  readonly labels?: Readonly<Record<string, { readonly from: string | null; readonly to: string | null }>>;
  readonly steps: readonly { readonly name: string; readonly why: string }[];
  /** Workloads in the order of their restart, where that matters. */
  readonly order: readonly string[];
  readonly explanations: readonly string[];
  readonly findings: readonly { readonly severity: string; readonly id: string; readonly object: string }[];
}

function changesBetween(before: LabelTargets, targets: LabelTargets): NonNullable<PlanDetail['labels']> {
  const changed = Object.entries(targets).filter(([key, value]) => (before[key] ?? null) !== value);
  return Object.fromEntries(changed.map(([key, value]) => [key, { from: before[key] ?? null, to: value }]));
}

/**
 * What the steps set, as this program knows them; nothing where these are not the steps of the record, which another
 * version has planned.
 */
function labelsAhead(
  { spec, status }: NamespaceMigration,
  { homes }: Picture,
  meshes: Meshes,
): PlanDetail['labels'] | undefined {
  const home = homes?.[0];
  if (home === undefined || status?.itinerary === undefined) return undefined;
  const mesh = meshes.along(spec);
  const before = Object.fromEntries(mesh.labels.map((key) => [key, home.labels[key] ?? null]));
  const steps = mesh.itinerary(spec, before, status.itinerary, status.waypoint).forward;
  const isSame = steps.map(({ name }) => name).join() === (status.plan ?? []).map(({ name }) => name).join();
  if (!isSame) return undefined;
  const targets = steps.flatMap(({ work }) => (work.kind === 'Labels' ? [work.targets] : []));
  return changesBetween(before, Object.assign({}, ...targets) as LabelTargets);
}

/** Once it is started, what was recorded. */
function labelsOf(record: NamespaceMigration, picture: Picture, meshes: Meshes): PlanDetail['labels'] | undefined {
  const { original, labels, direction } = record.status ?? {};
  if (direction === undefined) return labelsAhead(record, picture, meshes);
  return original && labels && changesBetween(fromList(original.labels), fromList(labels));
}

/** All that the record of a namespace tells of its plan. */
export function detailOf(record: NamespaceMigration, picture: Picture, meshes: Meshes): PlanDetail {
  const { plan = [], order = [], explanations = [], findings = [] } = record.status ?? {};
  const labels = labelsOf(record, picture, meshes);
  return {
    ...(labels !== undefined && { labels }),
    steps: plan,
    order: order.map(({ kind, name }) => `${kind} ${name}`),
    explanations,
    findings: findings.map(({ severity, id, object }) => ({ severity, id, object })),
  };
}

function paragraph(title: string, texts: readonly string[], width: number, tone?: Tone): readonly Line[] {
  if (texts.length === 0) return [];
  return [
    [{ text: `  ${title}`, tone: 'strong' }],
    ...texts.flatMap((text) =>
      wrapped(text, width).map((line, at): Line => [
        { text: `${at === 0 ? '    ' : '      '}${line}`, ...(tone !== undefined && { tone }) },
      ]),
    ),
  ];
}

function labelTexts({ labels }: PlanDetail): readonly string[] {
  if (labels === undefined) return ['not told: the Namespace may not be read, or another version has planned it'];
  const changed = Object.entries(labels);
  const shownAs = (value: string | null): string => value ?? '(absent)';
  return changed.length === 0
    ? ['none is changed']
    : changed.map(([key, { from, to }]) => `${key}: ${shownAs(from)} to ${shownAs(to)}`);
}

const most = 20;

/** The same for people. */
export function detailLines(detail: PlanDetail, columns: number): readonly Line[] {
  const width = Math.max(40, columns - 6);
  const { steps, order, explanations, findings } = detail;
  return [
    ...paragraph('Labels of the namespace', labelTexts(detail), width),
    ...paragraph(
      'Steps',
      steps.map(({ name, why }, at) => `${at + 1}. ${name}: ${why}`),
      width,
    ),
    ...paragraph(
      `Restarts in this order (${counted(order.length, 'workload')})`,
      order.length === 0 ? [] : [listed(order, most)],
      width,
    ),
    ...paragraph('What it rests on', explanations, width),
    ...paragraph(
      'Findings',
      findings.map(({ severity, id, object }) => `${severity} ${id} ${object}`),
      width,
    ),
  ];
}
