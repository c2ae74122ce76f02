"""Controller-manager, garbage collector and kubelet in miniature, upon the store. Built by `world`."""

from __future__ import annotations

import asyncio

from greffon.kube import kinds
from greffon.kube.kinds import BY_KIND
from tests.reconcile.fake.behaviour import Behaviour
from tests.reconcile.fake.collector import Collector
from tests.reconcile.fake.deployments import Deployments
from tests.reconcile.fake.jobs import Jobs
from tests.reconcile.fake.kubelet import Kubelet
from tests.reconcile.fake.server import Server
from tests.reconcile.fake.store import Change


class Cluster:
    """Everything that acts without the operator."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.collector = Collector(server)
        self.deployments = Deployments(server)
        self.jobs = Jobs(server)
        self.kubelet = Kubelet(server)
        server.store.listeners.append(self._notice)

    def _notice(self, change: Change) -> None:
        """Later: a controller never acts inside somebody else's write."""
        loop = asyncio.get_running_loop()
        for part in (self.collector, self.deployments, self.jobs, self.kubelet):
            loop.call_soon(part.notice, change)

    def image(self, name: str, behaviour: Behaviour) -> None:
        """Choose how an image behaves from now on."""
        self.kubelet.images.known[name] = behaviour

    def end_namespace(self, name: str) -> None:
        """Delete a namespace with everything in it."""
        self._server.writer.namespaces[name] = "Terminating"
        for ref, _ in self._server.store.all(namespace=name):
            if self._server.store.get(ref) and ref.kind != kinds.EVENT.kind:
                self._server.do("namespace-controller", "DELETE", BY_KIND[ref.kind], name, ref.name)
        del self._server.writer.namespaces[name]
