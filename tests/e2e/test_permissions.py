"""No token without rules; with rules exactly those verbs (promise 5)."""

from __future__ import annotations

from tests.e2e.world import World, script

ASK = """
import json, os, ssl, urllib.request, urllib.error
root = "/var/run/secrets/kubernetes.io/serviceaccount"
if not os.path.exists(root):
    print(json.dumps({"token": False}))
    raise SystemExit
token = open(root + "/token").read()
host = f"https://{os.environ['KUBERNETES_SERVICE_HOST']}:{os.environ['KUBERNETES_SERVICE_PORT']}"
context = ssl.create_default_context(cafile=root + "/ca.crt")
namespace = os.environ["GREFFON_NAMESPACE"]
def ask(method, path):
    request = urllib.request.Request(host + path.replace("NS", namespace), method=method)
    request.add_header("Authorization", "Bearer " + token)
    try:
        return urllib.request.urlopen(request, timeout=5, context=context).status
    except urllib.error.HTTPError as error:
        return error.code
print(json.dumps({"token": True, **{
    "list configmaps": ask("GET", "/api/v1/namespaces/NS/configmaps"),
    "get configmap": ask("GET", "/api/v1/namespaces/NS/configmaps/kube-root-ca.crt"),
    "delete configmap": ask("DELETE", "/api/v1/namespaces/NS/configmaps/kube-root-ca.crt"),
    "list secrets": ask("GET", "/api/v1/namespaces/NS/secrets"),
    "list pods": ask("GET", "/api/v1/namespaces/NS/pods"),
    "list configmaps elsewhere": ask("GET", "/api/v1/namespaces/default/configmaps"),
}}))
"""


def test_a_plugin_without_rules_has_no_token_at_all(world: World) -> None:
    world.apply(script("asker", ASK, type_="Python"))
    world.wait_ready("asker")

    done = world.run("asker", "ask")

    assert done["status"]["output"] == {"token": False}
    assert world.condition("asker", "PermissionsGranted")["reason"] == "NotRequested"


def test_a_plugin_with_rules_holds_exactly_those(world: World) -> None:
    rules = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list"], "reason": "reads settings"}]
    world.apply(script("asker", ASK, type_="Python", permissions={"rules": rules}))
    world.wait_ready("asker")

    done = world.run("asker", "ask")

    assert done["status"].get("output") == {
        "token": True,
        "list configmaps": 200,
        "get configmap": 200,
        "delete configmap": 403,
        "list secrets": 403,
        "list pods": 403,
        "list configmaps elsewhere": 403,
    }, done["status"]


def test_asking_beyond_the_ceiling_grants_nothing_and_starts_nothing(world: World) -> None:
    rules = [{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["delete"], "reason": "too much"}]
    world.apply(script("greedy", "cat", mode="Service", permissions={"rules": rules}))

    message = world.wait_reason("greedy", "CeilingExceeded", 30)

    assert "delete" in message, message
    assert "deployments" in message, message
    assert world.condition("greedy", "PermissionsGranted")["status"] == "False"
    assert world.items("roles,rolebindings,deployments,pods") == []


def test_narrower_rules_take_the_old_rights_away(world: World) -> None:
    both = [{"apiGroups": [""], "resources": ["configmaps", "pods"], "verbs": ["list"], "reason": "reads"}]
    one = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["list"], "reason": "reads"}]
    world.apply(script("asker", ASK, type_="Python", permissions={"rules": both}))
    world.wait_ready("asker")
    assert world.run("asker", "before")["status"]["output"]["list pods"] == 200

    world.apply(script("asker", ASK, type_="Python", permissions={"rules": one}))
    world.wait_ready("asker")

    assert world.run("asker", "after")["status"]["output"]["list pods"] == 403
