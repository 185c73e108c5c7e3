import { unobeyed } from '../../base/ci-commands.ts';
import type { AuditFinding, AuditReport } from '../audit/report.ts';
import type { Source, Unreadable } from '../manifests/manifest.ts';

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/**
 * Text for an attribute or an element; characters that XML 1.0 does not admit become a replacement character, and what a
 * runner of CI obeys is written by its number.
 */
function escape(text: string): string {
  const admitted = text
    .replaceAll(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, '\uFFFD')
    .replaceAll(/[&<>"]/g, (character) => entities[character] ?? character);
  return unobeyed(admitted, (sign) => `&#${sign.charCodeAt(0)};`);
}

function place(source: Source | Unreadable | undefined): string {
  return source === undefined ? '' : `${source.file}${source.line === undefined ? '' : `:${source.line}`}`;
}

/** A finding that matters is a failed test; an Info is a passed one that says something. */
function findingCase({ id, severity, object, message, fix, source }: AuditFinding): string {
  const text = escape(`${message}\n${fix}\n${place(source)}`);
  const body =
    severity === 'Info'
      ? `<system-out>${text}</system-out>`
      : `<failure message="${escape(message)}" type="${severity}">${text}</failure>`;
  return `    <testcase classname="${id}" name="${escape(object)}">${body}</testcase>`;
}

function unreadableCase(entry: Unreadable): string {
  const outcome = entry.isMinor === true ? 'skipped' : 'error';
  return `    <testcase classname="unreadable" name="${escape(place(entry))}"><${outcome} message="${escape(entry.reason)}"></${outcome}></testcase>`;
}

/**
 * Objects of which nothing is to be said: without them a clean run would have no tests, which CI systems take for a
 * mistake.
 */
function cleanCases({ policies, findings }: AuditReport): readonly string[] {
  const named = new Set(findings.map(({ object }) => object));
  return policies
    .map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`)
    .filter((object) => !named.has(object))
    .map((object) => `    <testcase classname="policy" name="${escape(object)}"></testcase>`);
}

/** For CI systems that show test results. */
export function junit(report: AuditReport): string {
  const cases = [...report.findings.map(findingCase), ...report.unreadable.map(unreadableCase), ...cleanCases(report)];
  const failures = report.findings.filter(({ severity }) => severity !== 'Info').length;
  const skipped = report.unreadable.filter(({ isMinor }) => isMinor === true).length;
  const counts = `tests="${cases.length}" failures="${failures}" errors="${report.unreadable.length - skipped}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${counts}>`,
    `  <testsuite name="mesh-migration audit" ${counts} skipped="${skipped}">`,
    ...cases,
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}
