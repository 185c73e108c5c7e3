import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/*
 * The templates of the chart are the files of kustomize with some places exchanged, so that nothing is written twice.
 * kustomize comes first, because its files are plain objects that whoever changes a right or a probe can read and apply.
 */

const root = join(import.meta.dirname, '..');

/** A place of a file, and what the chart has there. */
export interface Edit {
  readonly find: string;
  readonly put: string;
  /** How often it stands there: once, unless said otherwise. */
  readonly times?: number;
}

/** One template of the chart, and where it comes from. */
export interface Template {
  readonly from: string;
  /** Below deploy/helm/templates. */
  readonly to: string;
  /** Of Helm: the whole file is there only then. */
  readonly condition?: string;
  readonly edits?: readonly Edit[];
}

/** Occurs when a file of kustomize has changed at a place where the chart differs. */
export class PlaceMissingError extends Error {
  override readonly name = 'PlaceMissingError';
}

const helmLabels = '{{- include "mesh-migration-operator.labels" . | nindent 4 }}';
const ownLabel = '  labels:\n    app.kubernetes.io/name: mesh-migration-operator\n';

/** Wherever they stand: labels at the top of an object, its namespace, and the user of the operator. */
const everywhere: readonly (readonly [string, string])[] = [
  [`\n${ownLabel}`, `\n${ownLabel}    ${helmLabels}\n`],
  ['namespace: mesh-migration-system', 'namespace: {{ .Release.Namespace }}'],
  ['serviceaccount:mesh-migration-system:', 'serviceaccount:{{ .Release.Namespace }}:'],
];

const deploymentEdits: readonly Edit[] = [
  { find: 'replicas: 2\n', put: 'replicas: {{ .Values.replicas }}\n' },
  {
    find: '        sidecar.istio.io/inject: "false"\n',
    put: `        sidecar.istio.io/inject: "false"
      {{- with .Values.podAnnotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
`,
  },
  {
    find: '      terminationGracePeriodSeconds: 30\n',
    put: `      terminationGracePeriodSeconds: 30
      {{- range $field := list "imagePullSecrets" "nodeSelector" "tolerations" "volumes" }}
      {{- with index $.Values $field }}
      {{ $field }}:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- end }}
      {{- with .Values.priorityClassName }}
      priorityClassName: {{ . }}
      {{- end }}
`,
  },
  {
    find: '      affinity:\n',
    put: `      affinity:
        {{- if .Values.affinity }}
        {{- toYaml .Values.affinity | nindent 8 }}
        {{- else }}
`,
  },
  { find: '      topologySpreadConstraints:\n', put: '        {{- end }}\n      topologySpreadConstraints:\n' },
  {
    find: 'image: mesh-migration-operator\n',
    put: `image: {{ include "mesh-migration-operator.image" . | quote }}
          {{- with .Values.image.pullPolicy }}
          imagePullPolicy: {{ . }}
          {{- end }}
          {{- with include "mesh-migration-operator.args" . }}
          args:
            {{- . | trim | nindent 12 }}
          {{- end }}
          {{- with .Values.volumeMounts }}
          volumeMounts:
            {{- toYaml . | nindent 12 }}
          {{- end }}
`,
  },
  {
    find: '          resources:\n',
    put: `          resources:
            {{- if .Values.resources }}
            {{- toYaml .Values.resources | nindent 12 }}
            {{- else }}
`,
  },
  {
    find: 'memory: 128Mi\n',
    put: 'memory: {{ get (dict "small" "128Mi" "medium" "256Mi" "large" "512Mi") .Values.size }}\n',
  },
  {
    find: 'memory: 512Mi\n',
    put: 'memory: {{ get (dict "small" "512Mi" "medium" "1Gi" "large" "2Gi") .Values.size }}\n            {{- end }}\n',
  },
];

/** How the options are given there; here they are values. */
const commentOfArgs = /\n +# To learn from Prometheus[^]*?(?=\n +env:)/;

const networkEdits: readonly Edit[] = [
  {
    find: '        # Where --prometheus-url is set:\n        # - port: 9090\n        #   protocol: TCP\n',
    put: `        {{- range .Values.networkPolicy.egressPorts }}
        - port: {{ . }}
          protocol: TCP
        {{- end }}
`,
  },
];

function crd(plural: string): Template {
  const name = `  name: ${plural}.meshmigration.dev\n`;
  return {
    from: `crds/meshmigration.dev_${plural}.yaml`,
    to: `crd-${plural}.yaml`,
    condition: '.Values.crds.install',
    // With the CRD Kubernetes deletes every object of its kind, and with it what is known of the way back.
    edits: [
      {
        find: name,
        put: `${name}  labels:\n    ${helmLabels}\n  annotations:\n    helm.sh/resource-policy: keep\n`,
      },
    ],
  };
}

function monitoring(file: string, value: string): Template {
  const labels = '    {{- with .Values.monitoring.labels }}\n    {{- toYaml . | nindent 4 }}\n    {{- end }}\n';
  return {
    from: `deploy/monitoring/${file}`,
    to: file,
    condition: `.Values.monitoring.${value}`,
    edits: [{ find: `    ${helmLabels}\n`, put: `    ${helmLabels}\n${labels}` }],
  };
}

function kustomize(file: string, condition?: string, edits: readonly Edit[] = []): Template {
  return { from: `deploy/kustomize/${file}`, to: file, ...(condition !== undefined && { condition }), edits };
}

/** All that the chart has in common with kustomize; a namespace Helm takes as it is. */
export const templates: readonly Template[] = [
  crd('meshmigrations'),
  crd('namespacemigrations'),
  kustomize('rbac.yaml'),
  kustomize('istio-namespace.yaml', undefined, [
    { find: 'namespace: istio-system', put: 'namespace: {{ .Values.istioNamespace }}', times: 2 },
  ]),
  kustomize('user-roles.yaml', '.Values.userRoles.enabled'),
  kustomize('admission.yaml', '.Values.admissionPolicy.enabled'),
  kustomize('rollback-only.yaml', '.Values.rollbackOnly.enabled'),
  kustomize('deployment.yaml', undefined, deploymentEdits),
  kustomize('pdb.yaml', 'and .Values.podDisruptionBudget.enabled (gt (int .Values.replicas) 1)'),
  kustomize('network-policy.yaml', '.Values.networkPolicy.enabled', networkEdits),
  monitoring('pod-monitor.yaml', 'podMonitor'),
  monitoring('prometheus-rule.yaml', 'prometheusRule'),
];

function edited(from: string, text: string, { find, put, times = 1 }: Edit): string {
  const parts = text.split(find);
  if (parts.length - 1 === times) return parts.join(put);
  throw new PlaceMissingError(
    `${from} has "${find.trim()}" ${parts.length - 1} times, not ${times}: see scripts/chart.ts`,
  );
}

/** The text of a template, made of that of the file it comes from. */
export function templateText({ from, condition, edits = [] }: Template, source: string): string {
  // What looks like a template there is none of Helm's: alerts have such places of their own.
  const literal = source.replaceAll('{{', '{{ "{{" }}').replace(commentOfArgs, '');
  const common = everywhere.reduce((text, [find, put]) => text.replaceAll(find, put), literal);
  const body = edits.reduce((text, edit) => edited(from, text, edit), common);
  const title = `{{- /* Generated from ${from} by \`npm run generate\`: do not edit. */}}\n`;
  return condition === undefined ? `${title}${body}` : `${title}{{- if ${condition} }}\n${body}{{- end }}\n`;
}

/** A file of this repository, by its path from the root. */
export interface TextFile {
  readonly path: string;
  readonly text: string;
}

/** The templates as files; `fresh` are those that are generated in the same run and may be others on the disk still. */
export function chartTemplates(fresh: readonly TextFile[]): readonly TextFile[] {
  return templates.map((template) => {
    const { text } = fresh.find(({ path }) => path === template.from) ?? {
      text: readFileSync(join(root, template.from), 'utf8'),
    };
    return { path: `deploy/helm/templates/${template.to}`, text: templateText(template, text) };
  });
}
