"""The demonstration: the real programs around the service, a real overload, and what comes of it.

Here live the stack (node_exporter, Prometheus, Alertmanager, the simulated Cloudflare and the
responder, on loopback and in a temporary folder), the load, and the story that is told while they
run. Tests and benches use the same stack. It looks at the service from outside only, through its
command line and its API; nothing here may be imported by the service.
"""
