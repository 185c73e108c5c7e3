import { listed } from '../../base/counted.ts';
import { asEscape, unobeyed } from '../../base/ci-commands.ts';
import { findingLines, leftLines, plural, unreadableLines, wrap } from '../formats/lines.ts';
import { useWaypointLabel } from '../../mesh/istio/vocabulary/labels.ts';
import type { AuditFinding } from '../audit/report.ts';
import type { ProxyRequest } from '../../mesh/proxy-requests.ts';
import type { NamespacePlan, PlanReport, ServicePlan, WorkloadPlan } from './report.ts';
import type { Withheld } from './withheld.ts';

/** A heading and what belongs to it; nothing if nothing does. */
function section(heading: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`  ${heading}`, ...lines];
}

function item(text: string): readonly string[] {
  return wrap(text, '    ');
}

function serviceLines({ name, waypoint, reasons, callers }: ServicePlan): readonly string[] {
  return [
    ...item(`${name}: ${waypoint ? 'through the waypoint' : 'no waypoint'}`),
    ...[...reasons, ...(callers === undefined ? [] : [callers])].flatMap((sentence) => wrap(sentence, '      ')),
  ];
}

function workloadLines(workloads: readonly WorkloadPlan[]): readonly string[] {
  const name = ({ kind, name: own }: WorkloadPlan): string => `${kind} ${own}`;
  if (workloads.every(({ after }) => after === undefined))
    return section('Workloads, in any order', workloads.length === 0 ? [] : item(workloads.map(name).join(', ')));
  return section(
    'Workloads, in this order',
    workloads.flatMap((workload) =>
      item(`${name(workload)}${workload.after === undefined ? '' : `, ${workload.after}`}`),
    ),
  );
}

/** As many of a check are told one by one; of more the first is, and the others are named. */
const mostAlike = 3;

/** Findings of one check with one remedy, in the order of the first of each. */
function alike(findings: readonly AuditFinding[]): readonly (readonly AuditFinding[])[] {
  const groups = [...Map.groupBy(findings, ({ id, severity, fix }) => `${id} ${severity} ${fix}`).values()];
  return groups.flatMap((group) => (group.length > mostAlike ? [group] : group.map((one) => [one])));
}

function groupLines([first, ...others]: readonly AuditFinding[]): readonly string[] {
  if (first === undefined) return [];
  const lines = findingLines(first, '    ').filter((line) => line !== '');
  const objects = [...new Set(others.map(({ object }) => object))];
  return others.length === 0
    ? lines
    : [
        ...lines,
        ...wrap(`The same ${first.id}, with messages of their own (-o yaml): ${objects.join(', ')}.`, '        '),
      ];
}

function namespaceLines(
  { name, waypoint, order, services, makes, workloads, steps, kept, offers, findings }: NamespacePlan,
  index: number,
): readonly string[] {
  return [
    `${index + 1}. Namespace ${name} (${waypoint === undefined ? 'without a waypoint' : `with waypoint ${name}/${waypoint}`})`,
    ...wrap(order, '  '),
    ...section('Services', services.flatMap(serviceLines)),
    ...section(
      'Made, in this order',
      makes.flatMap(({ why }) => item(why)),
    ),
    ...workloadLines(workloads),
    ...section('Steps', item(steps.map((step) => step.name).join(', '))),
    ...section(
      'Works on',
      kept.flatMap(({ object, field, sentence }) => item(`${object} ${field}: ${sentence}`)),
    ),
    ...section(
      'Can be replaced afterwards',
      offers.flatMap(({ replaces, object }) =>
        item(
          `${replaces} by ${object.kind} ${object.metadata.namespace}/${object.metadata.name}, which does exactly the same (-o yaml prints it, --write puts it into the folder offers).`,
        ),
      ),
    ),
    ...section(
      'Findings',
      alike(findings).flatMap((group) => groupLines(group)),
    ),
    '',
  ];
}

/** As many are told why; the others are counted (-o yaml has all). */
const mostWithheld = 5;

function withheldLines(withheld: readonly Withheld[]): readonly string[] {
  const more = withheld.length - mostWithheld;
  return [
    ...withheld
      .slice(0, mostWithheld)
      .flatMap(({ namespace, why }) => wrap(`Not written for ${namespace}: ${why}.`, '')),
    ...(more > 0 ? [`Not written for ${plural(more, 'other namespace')} (-o yaml).`] : []),
  ];
}

function writtenLines({ written, namespaces }: PlanReport): readonly string[] {
  if (written === undefined) return [];
  const { directory } = written;
  if ('refused' in written) return [...wrap(`Nothing was written to ${directory}: ${written.refused}.`, ''), ''];
  const { files, withheld = [] } = written;
  const left = new Set(withheld.map(({ namespace }) => namespace));
  const found = namespaces.filter(({ name }) => !left.has(name)).flatMap(({ waypoint }) => waypoint ?? []);
  const names = [...new Set(found)].sort();
  const label =
    names.length === 1 ? String(names[0]) : `NAME, each with the waypoint of its namespace (${listed(names)})`;
  return [
    ...wrap(
      `${plural(files.length, 'file')} written to ${directory}. Apply them while the pods still have their sidecars, and then bind the Services by the label ${useWaypointLabel}=${label}, not the namespace.`,
      '',
    ),
    ...withheldLines(withheld),
    '',
  ];
}

const when: Readonly<Record<ProxyRequest['when'], string>> = { Now: 'now', Afterwards: 'afterwards', Always: 'always' };

/** What is requested, which is what nodes are filled by; what is used is another matter. */
function proxyLines({ proxies, namespaces }: PlanReport): readonly string[] {
  if (proxies === undefined) return [];
  const { requests, silent } = proxies;
  return [
    `What proxies request for ${namespaces.length === 1 ? 'this namespace' : `these ${namespaces.length} namespaces`}`,
    ...requests.map(
      ({ when: time, proxies: what, pods, cpu, memory }) =>
        `  ${when[time].padEnd(10)}  ${what}: ${plural(pods, 'pod')}, cpu ${cpu}, memory ${memory}`,
    ),
    ...(silent === 0 ? [] : [`  unknown     ${plural(silent, 'pod')} whose proxy requests no cpu or no memory`]),
    '',
  ];
}

function summary({ cluster, istioVersion, namespaces, unreadable }: PlanReport): string {
  const blocked = namespaces.filter(({ findings }) => findings.some(({ severity }) => severity === 'Critical')).length;
  const waypoints = namespaces.filter(({ itinerary }) => itinerary === 'L7').length;
  return `${cluster === undefined ? '' : `${cluster}, `}Istio ${istioVersion}: ${plural(namespaces.length, 'namespace')}, ${waypoints} with a waypoint, ${blocked} blocked, ${unreadable.length} unreadable`;
}

/** For people, at most 100 columns wide as far as names and paths let it. */
export function table(report: PlanReport): string {
  const { namespaces, left, unreadable } = report;
  const lines = [
    ...namespaces.flatMap(namespaceLines),
    ...leftLines(left, 'Left as they are'),
    ...unreadable.flatMap(unreadableLines),
    ...writtenLines(report),
    ...proxyLines(report),
    ...(report.assumed === undefined ? [] : [...wrap(`${report.assumed}.`, ''), '']),
    summary(report),
  ];
  return `${unobeyed(lines.join('\n'), asEscape)}\n`;
}
