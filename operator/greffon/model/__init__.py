"""What users write and what they read back: pure data, no I/O.

Everything in the operator starts from these frozen values. `reconcile.observe` parses what the API server
sends into them, `resources` builds children from them, `reconcile.status` writes them back.
The YAML files in `crds/` are the public contract; `tests/contract` keeps both equal.
"""
