"""What a tired engineer reads at 3 a.m. (promise 11). Texts are compared whole: a change of wording is a decision."""

from __future__ import annotations

import re

from tests.e2e.world import World, plugin, script

AGE = re.compile(r"\b\d+[smh](\d+s)?\b")


def table(text: str) -> list[str]:
    """Lines of a kubectl table, ages masked, columns joined by single blanks."""
    return [AGE.sub("<age>", re.sub(r"\s{2,}", " | ", line.strip())) for line in text.splitlines()]


def test_the_tables_say_what_runs_and_what_is_wrong(world: World) -> None:
    triggers = [{"name": "nightly", "cron": "0 3 * * *", "timeZone": "Etc/UTC"}]
    world.apply(
        script("good", "cat", mode="Service", type_="Python", version="2.1.0"),
        script("timer", "echo hello", triggers=triggers),
        plugin(
            "typo", type="Container", source={"image": {"ref": "localhost/no-such-image:1"}}, run={"mode": "Service"}
        ),
        script("later", "cat", mode="Service", suspend=True),
        plugin("hook", type="Webhook", source={"url": "https://chat.example.com/hook"}),
        script("tool", "echo hi"),
    )
    world.wait_ready("good", 60)
    for name in ("timer", "hook", "tool"):
        world.wait_ready(name)
    world.wait_reason("typo", "ImagePullFailed", 60)
    world.wait_reason("later", "Suspended", 30)

    assert table(world.kubectl("get", "plugins")) == [
        "NAME | TYPE | VERSION | READY | REASON | ACTIVE | AGE",
        "good | Python | 2.1.0 | True | Available | good-r1 | <age>",
        "hook | Webhook | 1.0.0 | True | DeliveryUnavailable | hook-r1 | <age>",
        "later | Bash | 1.0.0 | False | Suspended | <age>",
        "timer | Bash | 1.0.0 | True | Scheduled | timer-r1 | <age>",
        "tool | Bash | 1.0.0 | True | Idle | tool-r1 | <age>",
        "typo | Container | 1.0.0 | False | ImagePullFailed | <age>",
    ]
    wide = table(world.kubectl("get", "plugins", "-o", "wide"))
    assert wide[0] == "NAME | TYPE | VERSION | READY | REASON | ACTIVE | AGE | MESSAGE"
    assert [line.rpartition(" | ")[2] for line in wide[1:]] == [
        "revision r1 (2.1.0): 1 of 1 replicas available",
        "https://chat.example.com/hook is recorded; this release does not deliver events yet",
        "spec.suspend is true: no pods, no scheduled runs",
        "revision r1 (1.0.0) runs at nightly (0 3 * * * Etc/UTC)",
        "revision r1 (1.0.0) waits for a PluginRun",
        "image localhost/no-such-image:1 cannot be pulled; check its name, source.image.pullSecrets and that nodes "
        "reach the registry",
    ]


def test_describe_has_the_reason_the_cause_and_the_next_step(world: World) -> None:
    world.apply(
        plugin(
            "typo", type="Container", source={"image": {"ref": "localhost/no-such-image:1"}}, run={"mode": "Service"}
        )
    )
    world.wait_reason("typo", "ImagePullFailed", 60)

    told = world.eventually(
        "the Event is there", lambda: "Warning" in (text := world.kubectl("describe", "plugin", "typo")) and text
    )

    for words in (
        "Reason:                ImagePullFailed",
        "image localhost/no-such-image:1 cannot be pulled; check its name",
        "nothing serves",
        "Desired:  typo-r1",
    ):
        assert words in told, told
    assert re.search(r"Warning\s+ImagePullFailed", told), told


def test_wait_and_selectors_work_as_for_any_kind(world: World) -> None:
    world.apply(script("good", "echo hi"))

    assert "condition met" in world.kubectl("wait", "--for=condition=Ready", "plg/good", "--timeout=30s")
    assert "plugin.greffon.dev/good" in world.kubectl("get", "platform", "-o", "name")
    assert (
        world.kubectl("get", "plugins", "--field-selector", "spec.type=Bash", "-o", "name")
        == "plugin.greffon.dev/good\n"
    )
    assert world.kubectl("get", "plugins", "--field-selector", "spec.type=Python", "-o", "name") == ""


def test_a_run_shows_its_result(world: World) -> None:
    world.apply(script("adder", 'read -r event\necho working\necho "{\\"sum\\": 3}"'))
    world.wait_ready("adder")

    done = world.run("adder", "add", {"a": 1, "b": 2})

    assert done["status"]["output"] == {"sum": 3}
    assert done["status"]["exitCode"] == 0
    assert "working" in done["status"]["tail"]
    line = table(world.kubectl("get", "pluginruns"))[1]
    assert line == "add | adder | Succeeded | Completed | 0 | <age>"
    assert "condition met" in world.kubectl("wait", "--for=condition=Succeeded", "plgrun/add", "--timeout=5s")
