"""What the reading verbs print. Texts are compared whole: a change of wording is a decision."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest
import yaml

from greffon.cli import story_look
from tests.reconcile.fake.request import Refused
from tests.unit.cli.objects import condition, healthy, plugin, revision, rolled_back
from tests.unit.cli.world import World

BAD_NIGHT = """\
web   Container 1.5.0   namespace team-a   age 0s
NOT READY  RolledBack
  revision r7 (1.5.0) crashed; revision r6 (1.4.1) runs instead

Runs       web-r6 (1.6.0), 2 of 2 replicas ready
Asked for  web-r7 (1.7.0)
Available  revision r6 (1.4.1) serves
Image      registry.example/web:1.4.1 sha256:abababababab

What to do
  greffon diff web r6 r7 -n team-a   what changed
  greffon reset web -n team-a   try the quarantined revision again

Conditions
  TYPE         STATUS   REASON       SINCE   MESSAGE
  Ready        False    RolledBack   10m     revision r7 (1.5.0) crashed; revision r6 (1.4.1) runs instead
  Available    True     Available    10m     revision r6 (1.4.1) serves
  RolledBack   True     RolledBack   10m     r7 is quarantined; change the spec or reset it

Quarantine
  web-r7  CrashLoop  10m ago
    exit 1, 3 times in 4m
    changed: version, source.inline.files[main.py]
    | cannot open settings
    | giving up

Revisions
  NAME     VERSION   STATE         AGE   PART              IMAGE
  web-r7   1.7.0     Quarantined   0s    asked for         -
  web-r6   1.6.0     Active        0s    runs, last good   -

History
  AGO   REVISION   VERSION   ACTION       CAUSE
  10m   r6         1.4.1     RolledBack   r7 crashed
  10m   r7         1.5.0     Activated    -
"""
HISTORY = """\
What happened
  AGO   REVISION   VERSION   ACTION       CAUSE
  10m   r6         1.4.1     RolledBack   r7 crashed
  10m   r7         1.5.0     Activated    -

Revisions
  NAME     VERSION   STATE         AGE   PART              IMAGE
  web-r7   1.7.0     Quarantined   0s    asked for         -
  web-r6   1.6.0     Active        0s    runs, last good   -

Quarantine
  web-r7  CrashLoop  10m ago
    exit 1, 3 times in 4m
    changed: version, source.inline.files[main.py]
    | cannot open settings
    | giving up
"""
LIST = """\
NAME   TYPE        VERSION   READY   REASON       ACTIVE   AGE
good   Container   1.5.0     True    Available    good-r2  0s
web    Container   1.5.0     False   RolledBack   web-r6   0s
"""


def a_bad_night(world: World) -> None:
    world.create(rolled_back())
    bad = revision(7, "Quarantined")
    changes = ["version", "source.inline.files[main.py]"]
    bad["status"] |= {"lastWords": "cannot open settings\ngiving up\n", "changes": changes}
    world.create(bad)
    world.create(revision(6, "Active"))


async def test_get_says_first_what_is_wrong_and_what_runs_instead(world: World) -> None:
    a_bad_night(world)

    assert await world.tell(partial(story_look.get, name="web", form="table")) == 0

    assert world.out.getvalue() == BAD_NIGHT
    assert world.err.getvalue() == ""


async def test_history_shows_the_past_the_revisions_and_the_quarantine(world: World) -> None:
    a_bad_night(world)

    assert await world.tell(partial(story_look.history, name="web", form="table")) == 0

    assert world.out.getvalue() == HISTORY


async def test_list_has_a_line_for_each_plug_in(world: World) -> None:
    world.create(rolled_back())
    world.create(healthy("good"))
    world.create(healthy("other"), "team-b")

    assert await world.tell(partial(story_look.list_plugins, form="table", everywhere=False)) == 0

    assert [row.split() for row in world.out.getvalue().splitlines()] == [row.split() for row in LIST.splitlines()]


async def test_list_everywhere_names_the_namespace(world: World) -> None:
    world.create(healthy("good"))
    world.create(healthy("other"), "team-b")

    await world.tell(partial(story_look.list_plugins, form="wide", everywhere=True))

    rows = [row.split("   ") for row in world.out.getvalue().splitlines()]
    assert [row[0].strip() for row in rows] == ["NAMESPACE", "team-a", "team-b"]
    assert rows[1][-1].strip() == "revision r2 (1.5.0): 2 of 2 replicas available"


async def test_an_empty_namespace_is_no_error_and_prints_nothing_on_stdout(world: World) -> None:
    assert await world.tell(partial(story_look.list_plugins, form="table", everywhere=False)) == 0

    assert world.out.getvalue() == ""
    assert world.err.getvalue() == "no plug-ins in namespace team-a (-A looks everywhere)\n"


async def test_forms_for_programs_can_be_read_by_programs(world: World) -> None:
    world.create(healthy("good"))
    for form in ("json", "yaml", "name"):
        await world.tell(partial(story_look.list_plugins, form=form, everywhere=False))
    text, _, names = world.out.getvalue().partition("plugin.greffon.dev/")
    as_json, rest = json.JSONDecoder().raw_decode(text)
    as_yaml = yaml.safe_load(text[rest:])

    assert names == "good\n"
    assert as_json == as_yaml
    assert as_json["kind"] == "List"
    assert [(item["kind"], item["metadata"]["name"]) for item in as_json["items"]] == [("Plugin", "good")]


async def test_a_name_that_is_nearly_right_is_offered(world: World) -> None:
    world.create(healthy("cert-watcher"))

    assert await world.tell(partial(story_look.get, name="cert-wacher", form="table")) == 2

    assert world.err.getvalue() == (
        "greffon: there is no plug-in cert-wacher in namespace team-a of context prod "
        "(https://cluster.example:6443); did you mean cert-watcher?\n"
    )


async def test_a_name_that_would_leave_its_place_in_the_path_is_never_sent(world: World) -> None:
    assert await world.tell(partial(story_look.get, name="../../pods/x", form="table")) == 2

    assert not world.server.log.entries
    assert "cannot be the name of a plug-in" in world.err.getvalue()


async def test_a_missing_right_is_named_with_verb_and_resource(world: World) -> None:
    text = (
        'plugins.greffon.dev is forbidden: User "ada" cannot list resource "plugins" in API group "greffon.dev" '
        'in the namespace "team-a"'
    )
    world.refuse["GET", "/plugins"] = Refused(403, text)

    assert await world.tell(partial(story_look.list_plugins, form="table", everywhere=False)) == 2

    assert world.err.getvalue() == (
        "greffon: you have no right to list plugins in namespace team-a of context prod "
        "(https://cluster.example:6443) (you are ada); ask for it, for example by the ClusterRole "
        "greffon-plugin-viewer, and check with `kubectl auth can-i list plugins.greffon.dev -n team-a`\n"
    )


async def test_who_may_not_see_revisions_sees_the_plug_in(world: World) -> None:
    world.create(healthy())
    world.refuse["GET", "/pluginrevisions"] = Refused(403, 'User "ada" cannot list resource "pluginrevisions"')

    assert await world.tell(partial(story_look.get, name="web", form="table")) == 0

    assert "READY  Available" in world.out.getvalue()
    assert "note: you have no right to list pluginrevisions" in world.err.getvalue()


ADVICE: dict[str, tuple[dict[str, Any], dict[str, Any], list[str]]] = {
    "all is well": ({}, {}, []),
    "it is suspended": (
        {"suspend": True},
        {"conditions": [condition("Ready", "False", "Suspended")]},
        ["greffon resume web -n team-a"],
    ),
    "a person went back": (
        {},
        {"revisions": {"desired": "web-r2", "active": "web-r1", "pinned": "web-r1"}},
        ["greffon rollback web --undo -n team-a", "greffon diff web r1 r2 -n team-a"],
    ),
    "a rollback is refused": (
        {},
        {"conditions": [condition("Ready", "True", "Idle"), condition("RolledBack", "False", "RequestRefused")]},
        ["greffon rollback web --undo -n team-a"],
    ),
    "it crashes": (
        {},
        {"conditions": [condition("Ready", "False", "CrashLoop")]},
        ["greffon logs web --previous -n team-a"],
    ),
}


@pytest.mark.parametrize(("spec", "status", "wanted"), ADVICE.values(), ids=ADVICE)
async def test_advice_fits_what_is_seen(
    world: World, spec: dict[str, Any], status: dict[str, Any], wanted: list[str]
) -> None:
    world.create(healthy(spec=spec, **status))

    await world.tell(partial(story_look.get, name="web", form="table"))

    printed = world.out.getvalue().splitlines()
    assert [row.strip().partition("   ")[0] for row in printed if row.startswith("  greffon ")] == wanted


async def test_missing_crds_are_called_so_even_when_one_object_is_asked_for(world: World) -> None:
    text = "the server could not find the requested resource"
    world.refuse["GET", "/plugins"] = Refused(404, text)
    world.refuse["GET", "/plugins/web"] = Refused(404, text)

    assert await world.tell(partial(story_look.get, name="web", form="table")) == 2

    assert "its CRDs are not installed; install the chart greffon-crds" in world.err.getvalue()


async def test_a_status_of_an_older_spec_is_not_passed_off_as_the_present(world: World) -> None:
    world.create(healthy() | {"status": healthy()["status"] | {"observedGeneration": 0}})

    await world.tell(partial(story_look.get, name="web", form="table"))

    assert "NOT KNOWN YET" in world.out.getvalue()
    assert "The spec is newer than this status" in world.out.getvalue()


async def test_nothing_from_the_cluster_steers_the_terminal(world: World) -> None:
    evil = "\x1b[2J\x07wiped\r\x9b31m\u202ekcab"
    ready = condition("Ready", "False", "CrashLoop", evil)
    world.create(plugin(conditions=[ready], history=[{"revision": 1, "action": "Activated", "cause": evil}]))
    world.create(revision(1, "Active", body={"note": evil}))
    world.create(revision(2, "Standby", body={"note": evil + "x"}))
    for form in ("table", "wide", "json", "yaml"):
        await world.tell(partial(story_look.get, name="web", form=form))
    await world.tell(partial(story_look.history, name="web", form="table"))
    await world.tell(partial(story_look.diff, name="web", words=("1", "2")))

    printed = world.out.getvalue() + world.err.getvalue()
    assert {c for c in printed if c != "\n" and (ord(c) < 32 or 127 <= ord(c) < 160 or c == "\u202e")} == set()
    assert "wiped" in printed


async def test_diff_shows_hashes_and_lines_and_ends_with_one(world: World) -> None:
    world.create(healthy())
    world.create(revision(1, body={"type": "Container", "run": {"mode": "Service"}}, permissionsHash="aaaaaaaa1"))
    world.create(
        revision(
            2,
            "Active",
            body={"type": "Container", "run": {"mode": "Service", "replicas": 3}},
            permissionsHash="bbbbbbbb2",
            image={"ref": "web:2", "digest": "sha256:" + "cd" * 32},
        )
    )

    assert await world.tell(partial(story_look.diff, name="web", words=("r1", "web-r2"))) == 1

    assert world.out.getvalue() == (
        "version     1.1.0 → 1.2.0\n"
        "image       none → web:2\n"
        f"digest      none → sha256:{'cd' * 32}\n"
        "permissions aaaaaaaa1 → bbbbbbbb2\n"
        "content     content0001 → content0002\n"
        "\n"
        "--- web-r1 (1.1.0, Standby)\n"
        "+++ web-r2 (1.2.0, Active)\n"
        "@@ -1,3 +1,4 @@\n"
        " type: Container\n"
        " run:\n"
        "   mode: Service\n"
        "+  replicas: 3\n"
    )


async def test_a_revision_does_not_differ_from_itself(world: World) -> None:
    world.create(healthy())
    world.create(revision(1))

    assert await world.tell(partial(story_look.diff, name="web", words=("1", "1"))) == 0

    assert (world.out.getvalue(), world.err.getvalue()) == ("", "web-r1 and web-r1 do not differ\n")


async def test_runs_are_listed_latest_first_and_only_the_plug_ins_own(world: World) -> None:
    for name, owner, outcome in (("a-1", "web", "Succeeded"), ("b-1", "other", "Failed"), ("a-2", "web", "")):
        body = {
            "apiVersion": "greffon.dev/v1alpha1",
            "kind": "PluginRun",
            "metadata": {"name": name, "namespace": "team-a"},
            "spec": {"pluginRef": {"name": owner}},
        }
        ended = {"outcome": outcome, "reason": "Completed", "exitCode": 0, "revision": "web-r1"}
        world.create(body | ({"status": ended} if outcome else {}))
    world.create(plugin(mode="Job"))

    assert await world.tell(partial(story_look.runs, name="web", form="table")) == 0

    assert [row.split() for row in world.out.getvalue().splitlines()] == [
        ["NAME", "OUTCOME", "REASON", "EXIT", "REVISION", "AGE", "TOOK"],
        ["a-2", "Running", "Pending", "-", "-", "0s", "-"],
        ["a-1", "Succeeded", "Completed", "0", "web-r1", "0s", "-"],
    ]
