{{/* Binds a policy to the namespaces that the operator looks after; called with (list root name). */}}
{{- define "greffon.admissionScope" }}
{{- with .Values.namespaces }}
  matchResources:
    namespaceSelector:
      matchExpressions:
        - key: kubernetes.io/metadata.name
          operator: In
          values: {{ toJson . }}
{{- end }}
{{- end }}

{{/* A binding that denies; called with (dict "root" $ "name" …). */}}
{{- define "greffon.admissionBinding" }}
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata:
  name: {{ .name }}
  labels:
    {{- include "greffon.labels" .root | nindent 4 }}
spec:
  policyName: {{ .name }}
  validationActions: [Deny]
  {{- include "greffon.admissionScope" .root }}
{{- end }}

{{/* CEL list of the user names of the service accounts in admission.exempt. */}}
{{- define "greffon.admissionExempt" -}}
[{{ range $i, $account := .Values.admission.exempt }}{{ if $i }}, {{ end }}'system:serviceaccount:{{ $account.namespace }}:{{ $account.name }}'{{ end }}]
{{- end }}

{{/* Creations and changes of Plugins. */}}
{{- define "greffon.admissionOfPlugins" -}}
matchConstraints:
  resourceRules:
    - apiGroups: [greffon.dev]
      apiVersions: [v1alpha1]
      operations: [CREATE, UPDATE]
      resources: [plugins]
{{- end }}

{{/* What the annotations about the author must be: those of the writer if the spec, or a request, changes, else as they were. */}}
{{- define "greffon.admissionAuthor" -}}
variables:
  - name: changes
    expression: request.operation == 'CREATE' || object.spec != oldObject.spec
  - name: old
    expression: 'oldObject == null ? {} : oldObject.metadata.?annotations.orValue({})'
  - name: author
    expression: >-
      variables.changes ? request.userInfo.username : variables.old[?'greffon.dev/author'].orValue('')
  - name: authorGroups
    expression: >-
      variables.changes ? request.userInfo.groups.join('\n') : variables.old[?'greffon.dev/author-groups'].orValue('')
  - name: createdBy
    expression: >-
      request.operation == 'CREATE' ? request.userInfo.username : variables.old[?'greffon.dev/created-by'].orValue('')
  - name: before
    expression: variables.old[?'greffon.dev/editors'].orValue('')
  - name: editors
    expression: >-
      request.operation == 'CREATE' ? request.userInfo.username :
      (!variables.changes || request.userInfo.username in variables.before.split('\n') ? variables.before :
      variables.before + '\n' + request.userInfo.username)
  - name: asks
    expression: >-
      ['reconcile', 'restart', 'rollback-to', 'reset'].exists(verb,
      object.metadata.?annotations.orValue({})[?'greffon.dev/' + verb].orValue('') !=
      variables.old[?'greffon.dev/' + verb].orValue(''))
  - name: askedBy
    expression: >-
      variables.asks ? request.userInfo.username : variables.old[?'greffon.dev/asked-by'].orValue('')
{{- end }}
