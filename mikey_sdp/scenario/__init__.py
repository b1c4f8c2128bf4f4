"""Scripted calls: `*.call.yaml` files read, run and judged."""
