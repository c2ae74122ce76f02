"""How a test talks to a control plane: kubeconfig files, kubectl, and one bare GET.

Called by `controlplane`; tests use the `Kubectl` that hangs on the object they are given.
"""

import base64
import http.client
import json
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cluster.pki import Certificate


@dataclass(frozen=True)
class Kubectl:
    """kubectl bound to one kubeconfig; call it with arguments, or use it as the path of the binary."""

    path: Path
    kubeconfig: Path

    def __call__(self, *arguments: str, stdin: str | None = None) -> str:
        """Run kubectl and return its output; a failure raises with what kubectl said."""
        done = subprocess.run(
            [str(self.path), f"--kubeconfig={self.kubeconfig}", *arguments],
            input=stdin,
            text=True,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise KubectlError(f"kubectl {' '.join(arguments)}: exit {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def json(self, *arguments: str) -> Any:
        """Run kubectl with `-o json` and return the parsed document."""
        return json.loads(self(*arguments, "-o", "json"))

    def __fspath__(self) -> str:
        """Let subprocess and friends take it for the binary's path."""
        return str(self.path)


class KubectlError(RuntimeError):
    """kubectl ended with a non-zero exit code."""


def write_kubeconfig(path: Path, server: str, authority: Path, client: Certificate) -> None:
    """Write a self-contained kubeconfig: it can be copied or mounted anywhere."""
    cluster = {"server": server, "certificate-authority-data": _encode(authority.read_bytes())}
    user = {
        "client-certificate-data": _encode(client.certificate),
        "client-key-data": _encode(client.key),
    }
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "controlplane", "cluster": cluster}],
        "users": [{"name": "user", "user": user}],
        "contexts": [{"name": "controlplane", "context": {"cluster": "controlplane", "user": "user"}}],
        "current-context": "controlplane",
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps(document, indent=1))


def _encode(content: bytes) -> str:
    return base64.b64encode(content).decode()


def answers(port: int, path: str, pki: Path | None = None) -> bool:
    """Whether a GET of `path` on 127.0.0.1 gives 200; over TLS as the admin of `pki` when it is given."""
    connection: http.client.HTTPConnection
    if pki is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    else:
        context = ssl.create_default_context(cafile=str(pki / "ca.crt"))
        context.load_cert_chain(pki / "admin.crt", pki / "admin.key")
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=5, context=context)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
