{{/* Names and labels used by every template. */}}

{{- define "greffon.fullname" -}}
{{- .Values.fullnameOverride | default .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "greffon.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "greffon.fullname" .) -}}
{{- else -}}
{{- required "serviceAccount.name is needed when serviceAccount.create is false" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "greffon.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) -}}
{{- end -}}
{{- end -}}

{{/* Immutable once installed: a Deployment's selector cannot change. */}}
{{- define "greffon.selectorLabels" -}}
app.kubernetes.io/name: greffon
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end -}}

{{- define "greffon.commonLabels" -}}
app.kubernetes.io/part-of: greffon
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "greffon.labels" -}}
{{ include "greffon.selectorLabels" . }}
{{ include "greffon.commonLabels" . }}
{{- end -}}

{{/* Objects of `helm test`: not selected by the operator's Deployment, Service or NetworkPolicy. */}}
{{- define "greffon.testLabels" -}}
app.kubernetes.io/name: greffon
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: test
{{ include "greffon.commonLabels" . }}
{{- end -}}

{{/* Where `helm test` makes its plug-in: a namespace that the operator manages. */}}
{{- define "greffon.testNamespace" -}}
{{- if .Values.namespaces -}}{{ first .Values.namespaces }}{{- else -}}{{ .Release.Namespace }}{{- end -}}
{{- end -}}

{{/* What must hold for the container of the operator and that of the test, on any cluster. */}}
{{- define "greffon.containerSecurityContext" -}}
allowPrivilegeEscalation: false
privileged: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- define "greffon.podSecurityContext" -}}
runAsNonRoot: true
{{- with .Values.runAsUser }}
runAsUser: {{ int . }}
runAsGroup: {{ int . }}
fsGroup: {{ int . }}
{{- end }}
seccompProfile:
  type: RuntimeDefault
{{- end -}}
