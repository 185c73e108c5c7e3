import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import type { AuditReport } from '../audit/report.ts';
import { auditRules } from '../audit/audit.ts';
import { formats } from './format.ts';

const exact = { effect: 'Exact', rules: [] } as const;

const report: AuditReport = {
  istioVersion: '1.31',
  policies: [
    {
      kind: 'AuthorizationPolicy',
      namespace: 'shop',
      name: 'a-policy-with-a-name-that-is-longer-than-its-column',
      action: 'DENY',
      scope: 'Workload',
      needsWaypoint: true,
      notes: [],
      planes: {
        sidecar: exact,
        ztunnel: { effect: 'FailsOpen', rules: [{ index: 0, effect: 'FailsOpen', fields: ['methods'] }] },
        waypoint: { effect: 'FailsOpen', rules: [] },
      },
      source: { file: 'my files/shop.yaml', document: 2, line: 7 },
    },
    {
      kind: 'PeerAuthentication',
      namespace: 'shop',
      name: 'default',
      action: 'PERMISSIVE',
      scope: 'Mesh',
      needsWaypoint: false,
      notes: [],
      planes: { sidecar: exact, ztunnel: exact, waypoint: exact },
      source: { file: '/abs/mtls.yaml', document: 1, line: 1 },
    },
  ],
  findings: [
    {
      id: 'MM020',
      severity: 'Critical',
      object: 'AuthorizationPolicy shop/<a> & "b"',
      message: `a message ${'of many words '.repeat(20)}with a \u0007 bell`,
      fix: 'do <this>',
      source: { file: 'my files/shop.yaml', document: 2, line: 7 },
    },
    { id: 'MM071', severity: 'Info', object: 'Namespace shop', message: 'for the record', fix: 'nothing' },
  ],
  unreadable: [
    { file: 'chart/t.yaml', document: 1, line: 3, reason: 'no YAML' },
    { file: 'binary.yaml', reason: 'not UTF-8 text' },
  ],
};

const empty: AuditReport = { istioVersion: '1.31', policies: [], findings: [], unreadable: [] };

function write(format: string, from: AuditReport = report): string {
  return formats[format]?.(from) ?? '';
}

/** Elements of an XML text, in order: a document of this shape has each opened and closed in turn. */
function wellFormed(xml: string): boolean {
  const open: string[] = [];
  const body = xml.replace(/^<\?xml[^?]*\?>/, '');
  for (const [, closing, name = '', rest = ''] of body.matchAll(/<(\/?)([a-z-]+)((?:\s+[a-z]+="[^"<>]*")*)\s*>/g)) {
    if (closing === '/' && (open.pop() !== name || rest !== '')) return false;
    if (closing !== '/') open.push(name);
  }
  return open.length === 0 && !/<(?!\/?[a-z])|&(?!amp;|lt;|gt;|quot;)|[\u0000-\u0008]/.test(body);
}

describe('formats', () => {
  it.each(Object.keys(formats))('%s ends with a newline, also without anything to say', (format) => {
    expect(write(format)).toMatch(/[^\n]\n$/);
    expect(write(format, empty)).toMatch(/[^\n]\n$/);
  });

  it('json and yaml say what the report says', () => {
    expect(JSON.parse(write('json'))).toEqual(report);
    expect(parse(write('yaml'))).toEqual(report);
    expect(write('yaml')).not.toMatch(/[&*]a\d/);
  });
});

describe('table', () => {
  it('fits into 100 columns', () => {
    expect(
      write('table')
        .split('\n')
        .filter((line) => line.length > 100),
    ).toEqual([]);
  });

  it('keeps its columns where they are under a long name', () => {
    const lines = write('table').split('\n');
    const column = lines.find((line) => line.startsWith('AuthorizationPolicy'))?.indexOf('ZTUNNEL');

    expect(lines.find((line) => line.includes('FailsOpen'))?.indexOf('FailsOpen')).toBe(column);
    expect(lines).toContain('* needs a waypoint');
  });

  it('keeps columns apart, and says that a waypoint does not read what is not for one', () => {
    const text = write('table');

    expect(text).toMatch(/PERMISSIVE +Mesh +Exact/);
    expect(text).toMatch(/DENY +Workload +Exact +FailsOpen +not read$/m);
    expect(write('json')).toContain('"waypoint": {\n          "effect": "FailsOpen"');
  });

  it('says where, what and how many', () => {
    const text = write('table');

    expect(text).toContain('(my files/shop.yaml:7)');
    expect(text).toContain('Unreadable chart/t.yaml:3: no YAML');
    expect(text).toContain('Istio 1.31: 2 policies, 2 findings (1 Critical, 0 Warning, 1 Info), 2 unreadable\n');
  });
});

interface Sarif {
  readonly version: string;
  readonly runs: readonly {
    readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
    readonly invocations: readonly {
      readonly executionSuccessful: boolean;
      readonly toolExecutionNotifications: readonly unknown[];
    }[];
    readonly results: readonly {
      readonly ruleId: string;
      readonly ruleIndex: number;
      readonly level: string;
      readonly locations: readonly unknown[];
    }[];
  }[];
}

describe('sarif', () => {
  it('places results in files, by URI references', () => {
    const {
      version,
      runs: [run],
    } = JSON.parse(write('sarif')) as Sarif;

    expect(version).toBe('2.1.0');
    expect(run?.results.map(({ ruleId, level, locations }) => ({ ruleId, level, locations }))).toEqual([
      {
        ruleId: 'MM020',
        level: 'error',
        locations: [
          {
            physicalLocation: { artifactLocation: { uri: 'my%20files/shop.yaml' }, region: { startLine: 7 } },
            logicalLocations: [{ fullyQualifiedName: 'AuthorizationPolicy shop/<a> & "b"' }],
          },
        ],
      },
      { ruleId: 'MM071', level: 'note', locations: [{ logicalLocations: [{ fullyQualifiedName: 'Namespace shop' }] }] },
    ]);
  });

  it('describes each rule once, and results refer to them', () => {
    const {
      runs: [run],
    } = JSON.parse(write('sarif')) as Sarif;
    const rules = run?.tool.driver.rules ?? [];

    expect(rules.map(({ id }) => id)).toEqual(auditRules.map(({ id }) => id));
    expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length);
    expect(run?.results.every(({ ruleId, ruleIndex }) => rules[ruleIndex]?.id === ruleId)).toBe(true);
  });

  it('counts what could not be read as a failure of the run', () => {
    const {
      runs: [run],
    } = JSON.parse(write('sarif')) as Sarif;
    const {
      runs: [clean],
    } = JSON.parse(write('sarif', empty)) as Sarif;

    expect(run?.invocations).toMatchObject([
      {
        executionSuccessful: false,
        toolExecutionNotifications: [
          {
            message: { text: 'no YAML' },
            locations: [{ physicalLocation: { artifactLocation: { uri: 'chart/t.yaml' }, region: { startLine: 3 } } }],
          },
          {
            message: { text: 'not UTF-8 text' },
            locations: [{ physicalLocation: { artifactLocation: { uri: 'binary.yaml' } } }],
          },
        ],
      },
    ]);
    expect(clean?.invocations).toMatchObject([{ executionSuccessful: true }]);
  });
});

describe('junit', () => {
  it('is XML whatever names and messages are made of', () => {
    expect(wellFormed(write('junit'))).toBe(true);
    expect(wellFormed(write('junit', empty))).toBe(true);
  });

  it('counts findings as failures, an Info and a clean policy as passed, unreadable files as errors', () => {
    const text = write('junit');

    expect(text).toContain('<testsuites tests="6" failures="1" errors="2">');
    expect(text.match(/<testcase /g)).toHaveLength(6);
    expect(text.match(/<failure /g)).toHaveLength(1);
    expect(text.match(/<error /g)).toHaveLength(2);
    expect(text).toContain('<testcase classname="policy" name="PeerAuthentication shop/default">');
  });
});
