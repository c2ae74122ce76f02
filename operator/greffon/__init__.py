"""Greffon: a Kubernetes operator that turns `Plugin` objects into sandboxed, observed workloads."""

__version__ = "0.1.0"
