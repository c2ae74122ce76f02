"""Source and configuration travel byte for byte, in an immutable ConfigMap named by its content."""

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greffon.resources.effective import effective
from greffon.resources.files import CONFIG_KEY, Files, config_map, files
from tests.unit.resources.samples import CONTAINER_JOB, CONTEXT, IDENTITY, JOB, Json, built, only, spec_of
from tests.unit.resources.specs import FILE_NAMES, HOSTILE

SCRIPTS: dict[str, str] = {
    "a document marker": "---\na: b\n...\n",
    "template braces": "{{ .Values.x }} {% raw %} ${{ github.token }}",
    "format marks": "%s %(x)d {0} {name!r}",
    "quotes and backslashes": '\'"\'\'""" \\ \\n \\u0041',
    "Windows line ends": "one\r\ntwo\r\n",
    "old Mac line ends": "one\rtwo\r",
    "no line end at the end": "one",
    "nothing": "",
    "blanks at the end of lines": "a   \n\tb\t\n\n\n",
    "a shebang": "#!/usr/bin/env python3\n",
    "substitutions of a shell": "$(id) `id` ${IFS} $$ $HOME",
    "control and direction marks": "\x01\x1b[31m\x7f\u2028\u202e\ufeff",
    "letters of the world": "Grüße, 世界, 🚀",
    "something that looks like a number": "1e3",
    "something that looks like null": "null",
}


def of(wire: Json) -> Files | None:
    """The files of a spec."""
    return files(effective(spec_of(wire), CONTEXT))


def with_files(**content: str) -> Json:
    """A Python job with these files."""
    return JOB | {"source": {"inline": {"files": content}}}


def as_mounted(wire: Json) -> dict[str, str]:
    """What the plug-in finds at /plugin/src: the items of the source volume, resolved in the ConfigMap."""
    objects = built(wire | {"triggers": [{"name": "t", "cron": "0 3 * * *", "timeZone": "Etc/UTC"}]})
    pod = only(objects, "CronJob")["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    stored = only(objects, "ConfigMap")
    (volume,) = [volume["configMap"] for volume in pod["volumes"] if volume["name"] == "source"]
    assert volume["name"] == stored["metadata"]["name"]
    assert volume["defaultMode"] == 0o555
    return {item["path"]: stored["data"][item["key"]] for item in volume["items"]}


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_a_script_arrives_byte_for_byte(script: str) -> None:
    assert as_mounted(with_files(**{"main.py": script})) == {"main.py": script}


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(FILE_NAMES, HOSTILE, min_size=1, max_size=5))
def test_all_files_arrive_under_their_names(content: dict[str, str]) -> None:
    assert as_mounted(with_files(**content)) == content


CLASHES: dict[str, dict[str, str]] = {
    "a file that is named like the configuration": {"config.json": "mine"},
    "a file that is named like a key of ours": {"src.main.py": "a", "main.py": "b"},
    "files in folders with the same name": {"a/x.py": "1", "b/x.py": "2", "x.py": "3"},
    "a file that is named like the key of one in a folder": {"1.b": "first", "a/b": "second"},
    "files that differ in case": {"A": "1", "a": "2"},
}


@pytest.mark.parametrize("content", CLASHES.values(), ids=CLASHES)
def test_no_file_takes_the_place_of_another(content: dict[str, str]) -> None:
    assert as_mounted(with_files(**content)) == content
    found = of(with_files(**content))
    assert found is not None
    assert found.data[CONFIG_KEY] == "{}"


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(HOSTILE, st.one_of(HOSTILE, st.integers(-(2**53), 2**53), st.none(), st.booleans()), max_size=4))
def test_the_configuration_arrives_as_it_was_written(values: Json) -> None:
    found = of(JOB | {"config": {"values": values}})
    assert found is not None
    assert orjson.loads(found.data[CONFIG_KEY]) == values


NEEDED: dict[str, tuple[Json, set[str] | None]] = {
    "a script with files has both": (JOB, {"src.main.py", CONFIG_KEY}),
    "a script from a ConfigMap of the user has its configuration": (
        JOB | {"source": {"configMap": {"name": "x"}}},
        {CONFIG_KEY},
    ),
    "a container without configuration needs none": (CONTAINER_JOB, None),
    "a container with configuration has it": (CONTAINER_JOB | {"config": {"values": {"a": 1}}}, {CONFIG_KEY}),
    "a container with an empty configuration has it": (CONTAINER_JOB | {"config": {"values": {}}}, {CONFIG_KEY}),
}


@pytest.mark.parametrize(("wire", "keys"), NEEDED.values(), ids=NEEDED)
def test_which_keys_there_are(wire: Json, keys: set[str] | None) -> None:
    found = of(wire)
    assert (set(found.data) if found else None) == keys


BASE = with_files(**{"main.py": "a", "lib.py": "b"})
CHANGES: dict[str, tuple[Json, bool]] = {
    "the same again": (with_files(**{"lib.py": "b", "main.py": "a"}), True),
    "another text": (with_files(**{"main.py": "A", "lib.py": "b"}), False),
    "another name": (with_files(**{"main.py": "a", "lib2.py": "b"}), False),
    "texts changed places": (with_files(**{"main.py": "b", "lib.py": "a"}), False),
    "a further file": (with_files(**{"main.py": "a", "lib.py": "b", "c": ""}), False),
    "another configuration": (BASE | {"config": {"values": {"x": 1}}}, False),
    "another version of the same files": (BASE | {"version": "9.9.9"}, True),
}


@pytest.mark.parametrize(("wire", "is_same"), CHANGES.values(), ids=CHANGES)
def test_new_content_is_a_new_object_and_old_content_the_old_one(wire: Json, is_same: bool) -> None:
    before, after = (only(built(spec), "ConfigMap")["metadata"]["name"] for spec in (BASE, wire))
    assert (before == after) is is_same


def test_the_order_in_which_settings_are_written_does_not_count() -> None:
    one, other = ({"config": {"values": values}} for values in ({"a": 1, "b": 2}, {"b": 2, "a": 1}))
    assert of(JOB | one) == of(JOB | other)


def test_the_object_cannot_be_changed() -> None:
    found = of(JOB)
    assert found is not None
    obj = config_map(IDENTITY, found)
    assert obj["immutable"] is True
    assert obj["metadata"]["name"].endswith(found.content_hash[:10])
