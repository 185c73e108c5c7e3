import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import { printableJson } from '../../base/printable.ts';
import type { Severity } from '../../api/common.ts';
import { version } from '../../base/version.ts';
import { auditRules } from '../audit/audit.ts';
import type { AuditFinding, AuditReport } from '../audit/report.ts';
import type { Source, Unreadable } from '../manifests/manifest.ts';

/** SARIF 2.1.0, which code scanning tools read. */
const schema = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';

const levels: Record<Severity, 'error' | 'warning' | 'note'> = { Critical: 'error', Warning: 'warning', Info: 'note' };

/** A path as a URI reference: relative ones stay relative, so that a tool finds the file in its checkout. */
function uriOf(file: string): string {
  if (file === '-') return 'stdin';
  return isAbsolute(file) ? pathToFileURL(file).href : file.split(/[\\/]/).map(encodeURIComponent).join('/');
}

function locations(source: Source | Unreadable | undefined, object?: string): readonly unknown[] {
  if (source === undefined) return object === undefined ? [] : [{ logicalLocations: [{ fullyQualifiedName: object }] }];
  return [
    {
      physicalLocation: {
        artifactLocation: { uri: uriOf(source.file) },
        ...(source.line !== undefined && { region: { startLine: source.line } }),
      },
      ...(object !== undefined && { logicalLocations: [{ fullyQualifiedName: object }] }),
    },
  ];
}

function result({ id, severity, object, message, fix, source }: AuditFinding): unknown {
  return {
    ruleId: id,
    ruleIndex: auditRules.findIndex((rule) => rule.id === id),
    level: levels[severity],
    message: { text: `${object}: ${message}. ${fix}` },
    locations: locations(source, object),
  };
}

function notification(entry: Unreadable, isLive: boolean): unknown {
  const isMinor = entry.isMinor === true;
  return {
    level: isMinor ? 'warning' : 'error',
    message: { text: entry.reason },
    locations: isLive ? locations(undefined, entry.file) : locations(entry),
  };
}

/** For code scanning. Files that could not be read are notifications of the run, which is then not a successful one. */
export function sarif({ cluster, findings, unreadable }: AuditReport): string {
  const rules = auditRules.map(({ id, title, fix, severity }) => ({
    id,
    name: id,
    shortDescription: { text: title },
    fullDescription: { text: title },
    help: { text: fix },
    defaultConfiguration: { level: levels[severity] },
  }));
  return `${printableJson({
    $schema: schema,
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'mesh-migration', version, rules } },
        columnKind: 'utf16CodeUnits',
        invocations: [
          {
            executionSuccessful: unreadable.every(({ isMinor }) => isMinor === true),
            toolExecutionNotifications: unreadable.map((entry) => notification(entry, cluster !== undefined)),
          },
        ],
        results: findings.map(result),
      },
    ],
  })}\n`;
}
