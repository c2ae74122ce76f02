"""Wrong runs, revisions, approvals and policies."""

# ruff: noqa: E501 (a table is read by its rows: one situation, one line)

from typing import Final

from tests.contract.manifests import DROP, approval, policy, revision, run
from tests.contract.wrong import Wrong

_KEY: Final = {"name": "ci", "publicKey": "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n"}
_PRIVATE: Final = _KEY | {"publicKey": _KEY["publicKey"].replace("PUBLIC", "PRIVATE")}

OTHERS: Final = [
    Wrong("a run of nothing", run(), {"spec.pluginRef": DROP}, "spec.pluginRef", "Required value"),
    Wrong("a run in another namespace", run(), {"spec.pluginRef.namespace": "b"}, "", 'unknown field "spec.pluginRef.namespace"'),
    Wrong("a run whose name is no label", run(), {"metadata.name": "a.b"}, "metadata.name", "becomes a label"),
    Wrong("input that is a list", run(), {"spec.input": [1]}, "spec.input", "of type object"),
    Wrong("a run that is kept for a century", run(), {"spec.ttlSecondsAfterFinished": 3153600000}, "spec.ttlSecondsAfterFinished", "less than or equal to"),
    Wrong("a revision of another number than its name", revision(), {"spec.revision": 4}, "metadata.name", "<spec.pluginRef.name>-r<spec.revision>"),
    Wrong("a revision of another plug-in than its name", revision(), {"spec.pluginRef.name": "other"}, "metadata.name", "<spec.pluginRef.name>-r<spec.revision>"),
    Wrong("a revision without snapshot", revision(), {"spec.plugin": DROP}, "spec.plugin", "Required value"),
    Wrong("a revision in an unknown state", revision(), {"spec.image": {"ref": "a:1", "digest": "latest"}}, "spec.image.digest", "should match"),
    Wrong("an approval of no plan", approval(), {"spec.planHash": "yes"}, "spec.planHash", "copy it from the plan"),
    Wrong("an approval without approver", approval(), {"spec.approver": ""}, "spec.approver", "at least 1 chars"),
    Wrong("an approval of no generation", approval(), {"spec.pluginRef.generation": 0}, "spec.pluginRef.generation", "greater than or equal to 1"),
    Wrong("an approval of a name only", approval(), {"spec.pluginRef.uid": DROP}, "spec.pluginRef.uid", "Required value"),
    Wrong("an approval that ends in the year 0", approval(), {"spec.expiresAt": "0000-01-01T00:00:00Z"}, "spec.expiresAt", "should match"),
    Wrong("an approval that ends on 30 February", approval(), {"spec.expiresAt": "2027-02-30T00:00:00Z"}, "spec.expiresAt", "date-time"),
    Wrong("an approval that ends without zone", approval(), {"spec.expiresAt": "2027-01-31T12:00:00"}, "spec.expiresAt", "should match"),
    Wrong("an approval that ends in a leap second", approval(), {"spec.expiresAt": "2027-12-31T23:59:60Z"}, "spec.expiresAt", "date-time"),
    Wrong("a policy that says nothing", policy(), {"spec": {}}, "spec", "at least 1 properties"),
    Wrong("a grace that never ends in a stop", policy(), {"spec.violationGraceSeconds": 60}, "spec.violationGraceSeconds", "only for onViolation Stop"),
    Wrong("signatures of nobody", policy(), {"spec.signatures": {"required": True}}, "spec.signatures", "would refuse everything"),
    Wrong("a private key", policy(), {"spec.signatures": {"keys": [_PRIVATE]}}, "spec.signatures.keys[0].publicKey", "never a private key"),
    Wrong("two keys of one name", policy(), {"spec.signatures": {"keys": [_KEY, _KEY]}}, "spec.signatures.keys", "two entries of the same name"),
    Wrong("a registry with a wildcard", policy(), {"spec.images": {"registries": ["*.example"]}}, "spec.images.registries[0]", "without scheme or wildcard"),
    Wrong("a registry with a scheme", policy(), {"spec.images": {"registries": ["https://a.example"]}}, "spec.images.registries[0]", "without scheme or wildcard"),
    Wrong("a pattern for hosts", policy(), {"spec.images": {"patterns": ["*/app"]}}, "spec.images.patterns[0]", "after the host"),
    Wrong("a ceiling with host bits", policy(), {"spec.permissions": {"egress": {"cidrs": ["203.0.113.7/24"]}}}, "spec.permissions.egress.cidrs[0]", "first address"),
    Wrong("a weakened standard profile", policy(), {"spec.sandbox": {"profiles": [{"name": "Restricted"}]}}, "spec.sandbox.profiles", "redefines Restricted"),
    Wrong("approvals that never apply", policy(), {"spec.approvals": [{"name": "a", "required": 1}]}, "spec.approvals[0]", "must say when it applies"),
    Wrong("approval by nobody", policy(), {"spec.approvals": [{"name": "a", "required": 0, "widenings": ["Egress"]}]}, "spec.approvals[0].required", "greater than or equal to 1"),
    Wrong("a selector without values", policy(), {"spec.namespaceSelector": {"matchExpressions": [{"key": "a", "operator": "In"}]}}, "spec.namespaceSelector.matchExpressions[0]", "values is needed"),
    Wrong("a maximum of nothing", policy(), {"spec.resources": {"maximum": {"memory": "0"}}}, "spec.resources.maximum.memory", "between 1Mi and 4Ti"),
]  # fmt: skip
