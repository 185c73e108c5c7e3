{{- /* Labels beside the name, which the objects of kustomize have as well. */}}
{{- define "mesh-migration-operator.labels" -}}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- /* A digest counts instead of a tag. */}}
{{- define "mesh-migration-operator.image" -}}
{{- with .Values.image }}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end }}
{{- end }}

{{- /* Options of the operator that are not as it has them by itself; none with the defaults of the chart. */}}
{{- define "mesh-migration-operator.args" -}}
{{- if ne .Values.istioNamespace "istio-system" }}
- --istio-namespace={{ .Values.istioNamespace }}
{{- end }}
{{- with .Values.nodeAgentsNamespace }}
- --node-agents-namespace={{ . }}
{{- end }}
{{- if ne (int .Values.maxConcurrentNamespaces) 5 }}
- --max-concurrent-namespaces={{ .Values.maxConcurrentNamespaces }}
{{- end }}
{{- if ne .Values.logLevel "info" }}
- --log-level={{ .Values.logLevel }}
{{- end }}
{{- with .Values.prometheus }}
{{- if .url }}
- {{ printf "--prometheus-url=%s" .url | quote }}
{{- with .callersWindow }}
- {{ printf "--callers-window=%s" . | quote }}
{{- end }}
{{- with .tokenFile }}
- {{ printf "--prometheus-token-file=%s" . | quote }}
{{- end }}
{{- with .caFile }}
- {{ printf "--prometheus-ca-file=%s" . | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- range .Values.extraArgs }}
- {{ . | quote }}
{{- end }}
{{- end }}
