"""Whether a registry refused an image or could not be asked: the kubelet tells it in words only."""

import pytest

from greffon.reconcile import facts
from greffon.reconcile.pull_message import is_refusal

NAME = "registry.example/a-401/forbidden@sha256:" + "401403" * 10 + "abcd"
PULLS: dict[str, tuple[str, bool]] = {
    "no such tag": (
        f'rpc error: code = NotFound desc = failed to resolve reference "{NAME}": {NAME}: not found',
        True,
    ),
    "no access": (
        f'failed to resolve "{NAME}": unexpected status from HEAD request to https://{NAME}: 401 Unauthorized',
        True,
    ),
    "a registry of docker": ("pull access denied, repository does not exist or may require authorization", True),
    "a numeric answer": (f"{NAME}: unexpected status code 403", True),
    "down, and the name has every mark": (
        f'Back-off pulling image "{NAME}": dial tcp 198.18.0.1:443: connection refused',
        False,
    ),
    "down, and the message was cut in the name": (f'connect: i/o timeout for "{NAME[:60]}', False),
    "only the name has marks": (f'failed to do request: Head "https://{NAME}": EOF', False),
    "its name is not known": (f'Head "https://{NAME}": dial tcp: lookup registry.example: no such host', False),
    "its certificate is wrong": (
        "tls: failed to verify certificate: x509: certificate signed by unknown authority",
        False,
    ),
    "nothing but the back-off": (f'Back-off pulling image "{NAME}"', False),
}


@pytest.mark.parametrize(("message", "refused"), PULLS.values(), ids=PULLS)
def test_a_refusal_is_told_from_an_outage_whatever_the_image_is_called(message: str, refused: bool) -> None:
    assert is_refusal(message) is refused


def test_the_whole_message_counts_however_long_the_name_is() -> None:
    name = "registry.example/" + "deep/" * 80 + "app@sha256:" + 64 * "a"
    text = f'failed to pull and unpack image "{name}": failed to resolve reference "{name}": {name}: not found'
    waiting = {"waiting": {"reason": "ErrImagePull", "message": text}}
    found = facts.pod({"metadata": {}, "status": {"containerStatuses": [{"name": "plugin", "state": waiting}]}})
    assert found.image_refused
    assert len(found.waiting_message) <= facts.LONGEST_MESSAGE
