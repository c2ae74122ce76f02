"""PluginPolicy: ceilings and trust, written by admins for the namespaces they select.

Evaluated by `security`; where several match, the strictest wins.
"""

from greffon.model.base import Forgiving, Model
from greffon.model.conditions import Condition
from greffon.model.events import LabelSelector
from greffon.model.meta import Object
from greffon.model.permissions import Rule
from greffon.model.run_spec import ResourceList, Resources
from greffon.model.vocabulary import (
    Criticality,
    IsolationDemand,
    PluginType,
    RunMode,
    ViolationAction,
    Widening,
)


class ImagePolicy(Model):
    """Which images may run."""

    registries: tuple[str, ...] | None = None
    patterns: tuple[str, ...] | None = None
    require_digest: bool | None = None
    revoked_digests: tuple[str, ...] = ()


class TrustedKey(Model):
    """A public key that may sign plug-ins of the named publishers."""

    name: str
    public_key: str
    publishers: tuple[str, ...] = ()


class TrustedIdentity(Model):
    """A keyless signer, matched exactly."""

    name: str
    issuer: str
    subject: str
    publishers: tuple[str, ...] = ()


class SignaturePolicy(Model):
    """Who must have signed what runs."""

    required: bool | None = None
    keys: tuple[TrustedKey, ...] = ()
    identities: tuple[TrustedIdentity, ...] = ()


class MinimumVersion(Model):
    """The oldest version of a plug-in that may run."""

    plugin: str
    version: str


class VersionPolicy(Model):
    """Which versions may run."""

    minimum: tuple[MinimumVersion, ...] = ()
    allow_downgrade: bool | None = None


class EgressCeiling(Model):
    """Where plug-ins may connect to, at most."""

    cidrs: tuple[str, ...] | None = None
    fqdns: tuple[str, ...] | None = None
    plugins: bool | None = None


class IngressCeiling(Model):
    """Who may connect to plug-ins, at most."""

    cidrs: tuple[str, ...] | None = None
    plugins: bool | None = None


class PermissionPolicy(Model):
    """Ceilings; an absent list sets none, an empty one allows nothing."""

    rules: tuple[Rule, ...] | None = None
    egress: EgressCeiling | None = None
    ingress: IngressCeiling | None = None


class SandboxProfile(Model):
    """A named sandbox that plug-ins may ask for."""

    name: str
    runtime_class_name: str | None = None
    seccomp: str | None = None


class SandboxPolicy(Model):
    """Which sandboxes may be asked for, and which the policy adds."""

    allowed_profiles: tuple[str, ...] | None = None
    profiles: tuple[SandboxProfile, ...] = ()
    runtime_classes: tuple[str, ...] | None = None


class ResourcePolicy(Model):
    """Largest amounts, and those of a plug-in that names none."""

    maximum: ResourceList | None = None
    defaults: Resources | None = None
    max_replicas: int | None = None


class CriticalityPolicy(Model):
    """The least criticality of every plug-in in these namespaces."""

    minimum: Criticality


class ApprovalRule(Model):
    """A situation that needs consent: any of the listed criticalities or widenings."""

    name: str
    criticalities: tuple[Criticality, ...] = ()
    widenings: tuple[Widening, ...] = ()
    required: int
    valid_seconds: int | None = None


class PluginPolicySpec(Model):
    """What admins demand."""

    namespace_selector: LabelSelector | None = None
    types: tuple[PluginType, ...] | None = None
    modes: tuple[RunMode, ...] | None = None
    images: ImagePolicy | None = None
    signatures: SignaturePolicy | None = None
    versions: VersionPolicy | None = None
    permissions: PermissionPolicy | None = None
    sandbox: SandboxPolicy | None = None
    isolation: IsolationDemand | None = None
    resources: ResourcePolicy | None = None
    max_plugins_per_namespace: int | None = None
    criticality: CriticalityPolicy | None = None
    approvals: tuple[ApprovalRule, ...] = ()
    on_violation: ViolationAction | None = None
    violation_grace_seconds: int | None = None


class PluginPolicyStatus(Model):
    """Whether the policy can be applied, and to how much."""

    observed_generation: int | None = None
    conditions: tuple[Condition, ...] = ()
    matched_namespaces: int | None = None
    matched_plugins: int | None = None


class PluginPolicy(Object):
    """One set of demands."""

    spec: PluginPolicySpec
    status: Forgiving[PluginPolicyStatus] = PluginPolicyStatus()
