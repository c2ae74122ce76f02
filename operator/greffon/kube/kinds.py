"""The kinds that the operator reads or writes, and their paths on the API server. Used by everything in `kube`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Resource:
    """A namespaced kind of the Kubernetes API."""

    api_version: str
    kind: str
    plural: str

    @property
    def root(self) -> str:
        """Path below which the kind's objects of all namespaces are listed, without the plural."""
        return f"/api/{self.api_version}" if "/" not in self.api_version else f"/apis/{self.api_version}"

    def path(self, namespace: str | None = None, name: str | None = None, sub: str | None = None) -> str:
        """Path of a collection (no name) or of an object, optionally of its subresource."""
        parts = [self.root]
        if namespace:
            parts.append(f"namespaces/{namespace}")
        parts.append(self.plural)
        parts.extend(part for part in (name, sub) if part)
        return "/".join(parts)


PLUGIN = Resource("greffon.dev/v1alpha1", "Plugin", "plugins")
PLUGIN_RUN = Resource("greffon.dev/v1alpha1", "PluginRun", "pluginruns")
PLUGIN_REVISION = Resource("greffon.dev/v1alpha1", "PluginRevision", "pluginrevisions")
SERVICE_ACCOUNT = Resource("v1", "ServiceAccount", "serviceaccounts")
CONFIG_MAP = Resource("v1", "ConfigMap", "configmaps")
SERVICE = Resource("v1", "Service", "services")
POD = Resource("v1", "Pod", "pods")
ROLE = Resource("rbac.authorization.k8s.io/v1", "Role", "roles")
ROLE_BINDING = Resource("rbac.authorization.k8s.io/v1", "RoleBinding", "rolebindings")
NETWORK_POLICY = Resource("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies")
DEPLOYMENT = Resource("apps/v1", "Deployment", "deployments")
JOB = Resource("batch/v1", "Job", "jobs")
CRON_JOB = Resource("batch/v1", "CronJob", "cronjobs")
POD_DISRUPTION_BUDGET = Resource("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets")
CLUSTER_ROLE = Resource("rbac.authorization.k8s.io/v1", "ClusterRole", "clusterroles")
EVENT = Resource("events.k8s.io/v1", "Event", "events")
ENDPOINT_SLICE = Resource("discovery.k8s.io/v1", "EndpointSlice", "endpointslices")
SECRET = Resource("v1", "Secret", "secrets")
"""Only where somebody has granted the right to read one; see `reconcile.keyring`."""

VERSION = Resource("v1", "Version", "version")
"""Not an object: names the request in metrics."""

CHILDREN: tuple[Resource, ...] = (
    NETWORK_POLICY,
    SERVICE_ACCOUNT,
    ROLE,
    ROLE_BINDING,
    CONFIG_MAP,
    SERVICE,
    POD_DISRUPTION_BUDGET,
    PLUGIN_REVISION,
    DEPLOYMENT,
    CRON_JOB,
    JOB,
)
"""What the operator writes for a Plugin or a PluginRun, in the order in which it is written:
no pod template exists before the network policy and the account that confine it."""

WATCHED: tuple[Resource, ...] = (*CHILDREN, POD)
"""Kinds watched by label; pods are only read."""

BY_KIND = {r.kind: r for r in (PLUGIN, PLUGIN_RUN, *WATCHED, EVENT, ENDPOINT_SLICE)}
