{{/*
The operator's own rights: a ClusterRole, or one Role per namespace when .Values.namespaces is set.
No wildcard, no Secret, no escalate, bind or impersonate, no exec. docs/operations.md explains each line.
*/}}
{{- define "greffon.operatorRules" -}}
# What users declare. The spec is theirs: the operator has no verb to change it.
- apiGroups: [greffon.dev]
  resources: [plugins]
  verbs: [get, list, watch]
# Runs are asked for by users. The operator notes their plug-in as owner (patch; the spec of a run is immutable) and
# deletes them when their time to live has passed. It cannot make any.
- apiGroups: [greffon.dev]
  resources: [pluginruns]
  verbs: [get, list, watch, patch, delete]
# Revisions are the operator's own notes: server-side apply needs create and patch, the history limit needs delete.
- apiGroups: [greffon.dev]
  resources: [pluginrevisions]
  verbs: [get, list, watch, create, patch, delete]
# Status is written by server-side apply, which is a patch.
- apiGroups: [greffon.dev]
  resources: [plugins/status, pluginruns/status, pluginrevisions/status]
  verbs: [patch]
# Children name their owner with blockOwnerDeletion; clusters that check owner references ask for this right.
- apiGroups: [greffon.dev]
  resources: [plugins/finalizers, pluginruns/finalizers]
  verbs: [update]
# The parts of a plug-in: identity, source and configuration, and its address. Watched to repair drift.
- apiGroups: [""]
  resources: [serviceaccounts, configmaps, services]
  verbs: [get, list, watch, create, patch, delete]
# Its isolation.
- apiGroups: [networking.k8s.io]
  resources: [networkpolicies]
  verbs: [get, list, watch, create, patch, delete]
# Its rights. The API server lets the operator grant only what it holds itself: see the ceiling.
- apiGroups: [rbac.authorization.k8s.io]
  resources: [roles, rolebindings]
  verbs: [get, list, watch, create, patch, delete]
# Its workload.
- apiGroups: [apps]
  resources: [deployments]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [batch]
  resources: [jobs, cronjobs]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, list, watch, create, patch, delete]
# Why a plug-in does not run, and what a run returned, is in the status of its pods. They are never written.
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch]
# What happened, for `kubectl describe`; patch counts repeats instead of adding objects.
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end -}}
