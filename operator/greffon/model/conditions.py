"""Condition types and reasons: every word that a status may say, with a sentence of meaning.

`reconcile` chooses them, `docs/reference/conditions.md` is generated from them. A reason is a stable name:
metrics, alerts and scripts match on it, so it is never renamed.
"""

from enum import StrEnum
from typing import Self

from greffon.model.base import Model, Time


class ConditionStatus(StrEnum):
    """The three values of a condition."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class Documented(StrEnum):
    """A word that is written into a status, with its meaning for the reference."""

    meaning: str

    def __new__(cls, value: str, meaning: str) -> Self:
        """Make a member from the word and its sentence."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member


class ConditionType(Documented):
    """What a condition speaks about."""

    READY = "Ready", "The object does what its spec asks; the one condition to wait for."
    RECONCILING = "Reconciling", "The operator is still working towards the spec; False once it has arrived."
    STALLED = "Stalled", "The operator cannot go on until someone changes something."
    AVAILABLE = (
        "Available",
        "Some revision serves or can be run, even if it is not the one the spec asks for.",
    )
    VERIFIED = "Verified", "The image or source that runs is the one that was checked."
    APPROVED = "Approved", "Every approval that policy asks for has been given and still holds."
    DEPENDENCIES_READY = "DependenciesReady", "Every plug-in named in dependsOn is ready, in its range."
    PERMISSIONS_GRANTED = "PermissionsGranted", "The plug-in holds exactly the permissions it declares."
    ISOLATED = "Isolated", "The network limits of the plug-in are known to be enforced by the cluster."
    ROLLED_BACK = "RolledBack", "An older revision runs instead of the one that the spec asks for."
    SUCCEEDED = "Succeeded", "The run has ended well (True) or badly (False); PluginRun only."


class Reason(Documented):
    """Why a condition has its value."""

    # Life of a plug-in
    PENDING = "Pending", "The operator has not looked at this object yet."
    PROGRESSING = "Progressing", "Children are being created or a rollout is under way."
    AVAILABLE = "Available", "All replicas of the desired revision are available."
    SCHEDULED = "Scheduled", "The plug-in waits for its schedule; its last run, if any, ended well."
    IDLE = "Idle", "The plug-in waits for a PluginRun."
    SUSPENDED = "Suspended", "The spec asks for no replicas and no scheduled runs."
    SCALED_TO_ZERO = "ScaledToZero", "The spec asks for zero replicas."
    RUN_FAILED = "RunFailed", "The last run of the plug-in failed."
    DELIVERY_UNAVAILABLE = (
        "DeliveryUnavailable",
        "The webhook is recorded, but this version of the operator does not deliver events yet.",
    )
    FEATURE_UNAVAILABLE = (
        "FeatureUnavailable",
        "The spec uses a field that this version of the operator does not act on yet.",
    )
    TERMINATING = "Terminating", "The object is being deleted; its children go first."

    # What a user must change
    INVALID_SPEC = "InvalidSpec", "The spec cannot be read or contradicts itself."
    INVALID_CONFIG = "InvalidConfig", "config.values does not match config.schema, or is too large."
    INVALID_SCHEDULE = "InvalidSchedule", "A cron expression or time zone is unknown to the cluster."
    UNSUPPORTED_TYPE = "UnsupportedType", "No runner image is configured for this type of plug-in."
    SOURCE_NOT_FOUND = "SourceNotFound", "The ConfigMap with the source does not exist."
    SOURCE_INVALID = "SourceInvalid", "The ConfigMap with the source lacks the entrypoint or is too large."
    SECRET_NOT_FOUND = "SecretNotFound", "A Secret to be mounted, or one of its keys, does not exist."
    CHILD_CONFLICT = "ChildConflict", "An object of another owner has the name of a child; it is left alone."
    FQDN_UNSUPPORTED = "FQDNUnsupported", "The cluster's network cannot limit egress by host name."
    SANDBOX_UNAVAILABLE = "SandboxUnavailable", "The RuntimeClass or seccomp profile does not exist."
    INCOMPATIBLE = "Incompatible", "The plug-in does not support this version of Kubernetes or Greffon."

    # What the cluster refuses or lacks
    FORBIDDEN = (
        "Forbidden",
        "The API server refuses a child; admission or the operator's rights are the cause.",
    )
    CHILD_REJECTED = "ChildRejected", "The API server finds a child invalid; the message is its own."
    QUOTA_EXCEEDED = "QuotaExceeded", "A ResourceQuota of the namespace leaves no room."
    LIMIT_RANGE = "LimitRange", "A LimitRange of the namespace refuses the pod's requests or limits."
    POD_SECURITY = "PodSecurity", "The pod security level of the namespace refuses the pod."
    UNSCHEDULABLE = "Unschedulable", "No node has room for the pod or fits it."
    IMAGE_PULL_FAILED = (
        "ImagePullFailed",
        "The image cannot be pulled: wrong name, missing credentials, registry down.",
    )
    IMAGE_NOT_FOUND = "ImageNotFound", "The registry does not have the image, or has no such tag of it."
    IMAGE_DENIED = "ImageDenied", "The registry does not let the operator see the image; a digest needs no look-up."
    REGISTRY_UNAVAILABLE = "RegistryUnavailable", "The registry could not be asked what a tag stands for."
    CONTAINER_CONFIG_ERROR = "ContainerConfigError", "The kubelet cannot set up the container."
    NAMESPACE_TERMINATING = "NamespaceTerminating", "The namespace is being deleted; nothing new can be made."
    API_ERROR = "APIError", "The API server could not be asked; the operator tries again."

    # What the plug-in itself does
    CRASH_LOOP = "CrashLoop", "The plug-in's process exits again and again."
    OOM_KILLED = "OOMKilled", "The plug-in used more memory than its limit and was killed."
    NOT_READY = "NotReady", "The process runs but its readiness probe fails."
    PROBE_FAILED = "ProbeFailed", "The liveness probe fails and the container is restarted."
    PROGRESS_DEADLINE_EXCEEDED = "ProgressDeadlineExceeded", "The rollout did not finish within its deadline."
    HOOK_FAILED = "HookFailed", "A hook of the plug-in failed."
    HOOK_RUNNING = "HookRunning", "A hook of the plug-in is at work; the revision takes over, or counts, after it."

    # Permissions, isolation, trust
    GRANTED = "Granted", "The Role of the plug-in holds the declared rules."
    NOT_REQUESTED = "NotRequested", "The plug-in declares no permission, so it has no token."
    CEILING_EXCEEDED = "CeilingExceeded", "A declared rule is beyond what admins let the operator grant."
    ENFORCED = "Enforced", "A probe has shown that the network limits are enforced."
    NOT_ENFORCED = "NotEnforced", "A probe has shown that the network limits are not enforced."
    NOT_PROBED = "NotProbed", "Nobody has yet shown whether the cluster enforces network limits."
    DIGEST_PINNED = "DigestPinned", "The image is named by digest, or the source by content hash."
    TAG_NOT_RESOLVED = "TagNotResolved", "The image is named by a tag; which bytes run is up to the kubelet."
    NOT_REQUIRED = "NotRequired", "No policy asks for it."
    APPROVAL_REQUIRED = "ApprovalRequired", "Policy asks for approvals that have not been given."
    DEPENDENCY_MISSING = "DependencyMissing", "A plug-in named in dependsOn does not exist."
    DEPENDENCY_NOT_READY = "DependencyNotReady", "A plug-in named in dependsOn is not ready or out of range."
    DEPENDENCY_CYCLE = "DependencyCycle", "Plug-ins depend on each other in a circle."
    DEPENDANT_OUT_OF_RANGE = (
        "DependantOutOfRange",
        "A plug-in that depends on this one does not accept the version asked for.",
    )
    DEPENDENCIES_MET = "DependenciesMet", "Every dependency is ready."
    ROLLED_BACK = (
        "RolledBack",
        "The revision that the spec asks for failed, or a person asked for another; that one runs.",
    )
    QUARANTINED = "Quarantined", "The desired revision failed before and is not tried again."
    REQUEST_REFUSED = "RequestRefused", "What an annotation asks for cannot be done; the message says why."
    DISRUPTED = "Disrupted", "The platform took a pod away; that is nobody's fault and counts for nothing."
    NO_TARGET = "NoTarget", "There is no good revision to go back to; the plug-in is scaled to zero."

    # Runs
    WAITING = "Waiting", "The run waits for another run of the same plug-in to end."
    RUNNING = "Running", "The run's pod is starting or working."
    COMPLETED = "Completed", "The run ended with exit code 0."
    FAILED = "Failed", "The run ended with another exit code, after its retries."
    TIMED_OUT = "TimedOut", "The run did not end within its time limit and was stopped."
    REPLACED = "Replaced", "A newer run took the place of this one (concurrency: Replace)."
    CONCURRENCY_FORBIDDEN = "ConcurrencyForbidden", "Another run is active and concurrency is Forbid."
    PLUGIN_NOT_FOUND = "PluginNotFound", "The plug-in to run does not exist."
    PLUGIN_NOT_RUNNABLE = "PluginNotRunnable", "The plug-in is not in mode Job."
    PLUGIN_SUSPENDED = "PluginSuspended", "The plug-in is suspended; runs are refused."
    PLUGIN_NOT_READY = "PluginNotReady", "The plug-in has no revision that could run."
    JOB_LOST = "JobLost", "The Job of the run was deleted before its result was read."

    # Approvals and policies
    ACCEPTED = "Accepted", "The object is valid and in force."
    EXPIRED = "Expired", "The approval is past its time."
    PLAN_CHANGED = "PlanChanged", "The plug-in has changed since it was approved."


class Condition(Model):
    """One line of a status, as metav1.Condition defines it."""

    type: str
    status: ConditionStatus
    reason: str = ""
    message: str = ""
    last_transition_time: Time | None = None
    observed_generation: int | None = None
