"""Settings from the environment: defaults, and every bad value named with what is allowed."""

import pytest

from greffon.errors import SettingsError
from greffon.settings import Settings, from_environment


def test_an_empty_environment_gives_the_defaults() -> None:
    assert from_environment({}) == Settings()


def test_variables_that_the_chart_leaves_empty_count_as_not_given() -> None:
    names = [
        "GREFFON_RUNNER_PYTHON_IMAGE",
        "GREFFON_NAMESPACES",
        "GREFFON_WORKERS",
        "GREFFON_RESYNC_SECONDS",
        "GREFFON_SWEEP_SECONDS",
        "GREFFON_STATUS_GRACE_SECONDS",
        "GREFFON_HTTP_PORT",
        "GREFFON_DNS_NAMESPACE",
        "GREFFON_DNS_LABEL",
        "GREFFON_LOG_LEVEL",
    ]
    assert from_environment(dict.fromkeys(names, "")) == Settings()


GOOD: dict[str, tuple[str, str, str, object]] = {
    "one namespace": ("GREFFON_NAMESPACES", "a", "namespaces", ("a",)),
    "several namespaces, untidily": ("GREFFON_NAMESPACES", " a ,,b, ", "namespaces", ("a", "b")),
    "workers": ("GREFFON_WORKERS", "4", "workers", 4),
    "seconds may be fractions": ("GREFFON_SWEEP_SECONDS", "1.5", "sweep_seconds", 1.5),
    "no grace": ("GREFFON_STATUS_GRACE_SECONDS", "0", "status_grace_seconds", 0),
    "any free port": ("GREFFON_HTTP_PORT", "0", "http_port", 0),
    "DNS elsewhere": ("GREFFON_DNS_NAMESPACE", "dns", "dns_namespace", "dns"),
    "DNS by two labels": ("GREFFON_DNS_LABEL", "a=b, c=d", "dns_labels", {"a": "b", "c": "d"}),
    "a label without a value": ("GREFFON_DNS_LABEL", "a=", "dns_labels", {"a": ""}),
    "authors that can be believed": ("GREFFON_AUTHORS_RECORDED", "true", "authors_recorded", True),
    "a level in capitals": ("GREFFON_LOG_LEVEL", "DEBUG", "log_level", "debug"),
}


@pytest.mark.parametrize(("name", "text", "field", "value"), GOOD.values(), ids=GOOD)
def test_good_values(name: str, text: str, field: str, value: object) -> None:
    assert getattr(from_environment({name: text}), field) == value


def test_runners_are_those_with_an_image() -> None:
    env = {"GREFFON_RUNNER_PYTHON_IMAGE": "r/p:1", "GREFFON_RUNNER_BASH_IMAGE": "", "GREFFON_RUNNER_GO_IMAGE": "r/g:1"}
    assert from_environment(env).runner_images == {"Python": "r/p:1", "Go": "r/g:1"}


def test_other_variables_are_nobody_s_business() -> None:
    assert from_environment({"GREFFON_FUTURE": "x", "PATH": "/bin"}) == Settings()


BAD: dict[str, tuple[str, str, str]] = {
    "an unknown level": ("GREFFON_LOG_LEVEL", "loud", "debug, info, warning, error"),
    "a yes": ("GREFFON_AUTHORS_RECORDED", "yes", "true or false"),
    "no workers": ("GREFFON_WORKERS", "0", "from 1 to 256"),
    "too many workers": ("GREFFON_WORKERS", "257", "from 1 to 256"),
    "half a worker": ("GREFFON_WORKERS", "1.5", "GREFFON_WORKERS"),
    "workers in words": ("GREFFON_WORKERS", "many", "from 1 to 256"),
    "workers that are no number": ("GREFFON_WORKERS", "nan", "from 1 to 256"),
    "endless time": ("GREFFON_RESYNC_SECONDS", "inf", "from 1 to 86400"),
    "no time": ("GREFFON_RESYNC_SECONDS", "0", "from 1 to 86400"),
    "a time with a unit": ("GREFFON_SWEEP_SECONDS", "5m", "from 1 to 86400"),
    "time that runs backwards": ("GREFFON_STATUS_GRACE_SECONDS", "-1", "from 0 to 300"),
    "half a port": ("GREFFON_HTTP_PORT", "8080.5", "GREFFON_HTTP_PORT"),
    "a port too many": ("GREFFON_HTTP_PORT", "65536", "from 0 to 65535"),
    "a label without a sign": ("GREFFON_DNS_LABEL", "k8s-app", "key=value"),
    "a label without a key": ("GREFFON_DNS_LABEL", "=x", "key=value"),
    "a label whose key is a blank": ("GREFFON_DNS_LABEL", " =x", "key=value"),
    "a comma too many": ("GREFFON_DNS_LABEL", "a=b,", "key=value"),
}


@pytest.mark.parametrize(("name", "text", "allowed"), BAD.values(), ids=BAD)
def test_a_bad_value_is_named_with_what_is_allowed(name: str, text: str, allowed: str) -> None:
    with pytest.raises(SettingsError) as caught:
        from_environment({name: text})
    message = str(caught.value)
    assert message.startswith(name)
    assert text.strip() in message
    assert allowed in message
