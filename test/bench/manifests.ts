/*
 * Manifests of a large cluster: 140 namespaces of ten applications with twenty policies each, as short as people write them.
 */

const [namespaces, applications, policies] = [140, 10, 20];

function numbers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, at) => at);
}

/** Each tenth namespace has paths in two of its policies, so that it needs a waypoint. */
function policy(home: number, app: number, at: number): string {
  const to = home % 10 === 0 && app === 0 && at < 2 ? `, to: [{operation: {paths: [/v${at}]}}]` : '';
  return `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: app-${app}-${at}, namespace: team-${home}}
spec: {selector: {matchLabels: {app: app-${app}}}, rules: [{from: [{source: {namespaces: [team-${(home + at) % namespaces}]}}]${to}}]}`;
}

function application(home: number, app: number): readonly string[] {
  const metadata = `metadata: {name: app-${app}, namespace: team-${home}}`;
  return [
    `apiVersion: apps/v1
kind: Deployment
${metadata}
spec: {template: {metadata: {labels: {app: app-${app}}}, spec: {serviceAccountName: app-${app}, containers: [{name: a, image: a}]}}}`,
    `apiVersion: v1
kind: Service
${metadata}
spec: {selector: {app: app-${app}}, ports: [{name: http, port: 80, targetPort: 8080}]}`,
    ...numbers(policies).map((at) => policy(home, app, at)),
  ];
}

/** All of them, as one file. */
export function manifests(): string {
  return numbers(namespaces)
    .flatMap((home) => [
      `apiVersion: v1\nkind: Namespace\nmetadata: {name: team-${home}, labels: {istio-injection: enabled}}`,
      ...numbers(applications).flatMap((app) => application(home, app)),
    ])
    .join('\n---\n');
}
