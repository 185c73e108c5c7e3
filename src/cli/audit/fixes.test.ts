import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { rules } from '../../mesh/istio/rules.ts';
import { run } from '../run.ts';
import { auditRules } from './audit.ts';
import type { AuditReport } from './report.ts';

async function criticalIn(documents: readonly string[]): Promise<readonly string[]> {
  let written = '';
  await run(['audit', '-f', '-', '-o', 'json', '--fail-on', 'never'], {
    stdin: Readable.from([Buffer.from(documents.join('\n---\n'))]),
    stdout: {
      write: (text) => {
        written += text;
      },
    },
    stderr: { write: () => undefined },
  });
  const { findings } = JSON.parse(written) as AuditReport;
  return findings.filter(({ severity }) => severity === 'Critical').map(({ id }) => id);
}

function policy(spec: string, namespace = 'shop'): string {
  return `apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: a, namespace: ${namespace}}\nspec: ${spec}`;
}

function from(source: string): string {
  return policy(`{rules: [{from: [{source: ${source}}]}]}`);
}

const service =
  'apiVersion: v1\nkind: Service\nmetadata: {name: cart, namespace: shop}\nspec: {selector: {app: cart}, ports: [{name: http, port: 80, targetPort: 8080}]}';
const deployment =
  'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: cart, namespace: shop}\nspec: {replicas: 1, selector: {matchLabels: {app: cart}}, template: {metadata: {labels: {app: cart}}, spec: {containers: [{name: a, image: a, ports: [{containerPort: 8080}]}]}}}';

function atService(name: string, port: string, namespace = 'shop'): string {
  return policy(
    `{targetRefs: [{kind: Service, group: "", name: ${name}}], rules: [{from: [{source: {namespaces: [web]}}], to: [{operation: {ports: ["${port}"]}}]}]}`,
    namespace,
  );
}

interface Mended {
  readonly id: string;
  /** The words of the fix that are done. */
  readonly says: string;
  readonly before: readonly string[];
  readonly after: readonly string[];
}

const table: readonly Mended[] = [
  {
    id: 'MM068',
    says: 'Leave spiffe:// out: write cluster.local/ns/NAMESPACE/sa/NAME',
    before: [from('{principals: ["spiffe://cluster.local/ns/shop/sa/web"]}')],
    after: [from('{principals: ["cluster.local/ns/shop/sa/web"]}')],
  },
  {
    id: 'MM069',
    says: 'Put the policy into the namespace of its target',
    before: [
      service,
      deployment,
      atService('cart', '80', 'blog'),
      service.replaceAll('shop', 'blog').replace('cart', 'other'),
    ],
    after: [service, deployment, atService('cart', '80')],
  },
  {
    id: 'MM069',
    says: 'name an object that exists',
    before: [service, deployment, atService('chart', '80')],
    after: [service, deployment, atService('cart', '80')],
  },
  {
    id: 'MM070',
    says: 'Name the port of the Service in policies with targetRefs',
    before: [service, deployment, atService('cart', '8080')],
    after: [service, deployment, atService('cart', '80')],
  },
  {
    id: 'MM070',
    says: 'with a selector it is the port of the container',
    before: [service, deployment, atService('cart', '8080')],
    after: [
      service,
      deployment,
      policy(
        '{selector: {matchLabels: {app: cart}}, rules: [{from: [{source: {namespaces: [web]}}], to: [{operation: {ports: ["8080"]}}]}]}',
      ),
    ],
  },
];

describe('what the fix of a Critical finding of the audit says', () => {
  it('is tried for each that the operator does not make too', () => {
    const ofOperator = new Set(rules.map(({ id }) => id));
    const own = auditRules.filter(({ id, severity }) => severity === 'Critical' && !ofOperator.has(id));

    expect([...new Set(table.map(({ id }) => id))]).toEqual(own.map(({ id }) => id));
  });

  it.each(table)('leads away from $id: $says', async ({ id, says, before, after }) => {
    expect(auditRules.find((rule) => rule.id === id)?.fix).toContain(says);
    expect(await criticalIn(before)).toContain(id);
    expect(await criticalIn(after)).toEqual([]);
  });
});
