"""An in-memory Kubernetes API server with a small cluster behind it, in one process and without a socket.

`server` is the `Transport` that the operator talks to; `store` holds the objects; `writing`, `applying` and `fields`
do what the real server does with writes; `streaming` serves watches; `faults` breaks things on order; `cluster`
plays controller-manager, garbage collector and kubelet. The facts it copies were read off a real server.
"""
