"""The runner of script plug-ins: starts a script once (job) or once per event (serve), contract v1.

Standard library only: the same program is in every runner image. The way of a run:
`__main__` -> `job` or `serve` -> `script` -> `output` (what it said) -> `report` (what remains).
"""

CONTRACT = "v1"
