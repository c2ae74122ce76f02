"""chat-notifier: there is no code to run, so what can be wrong is the address."""

from urllib.parse import urlsplit

from plugins.harness import Sample

SAMPLE = Sample.load("chat-notifier")


def test_the_address_is_safe_to_keep_in_git() -> None:
    """Encrypted, by name, and without a password or a token in it."""
    url = urlsplit(SAMPLE.spec["source"]["url"])

    assert (url.scheme, url.username, url.password, url.query) == ("https", None, None, "")
    assert url.hostname is not None
    assert url.hostname.endswith("example.com"), "the sample must not call anybody"


def test_nothing_runs_for_it() -> None:
    """No process, hence nothing to permit and nothing to confine."""
    assert SAMPLE.spec.keys() == {"type", "version", "about", "source"}
