"""Responder: Prometheus alerts in, Cloudflare mitigations out, and safely off again."""

__all__ = ["__version__"]

__version__ = "0.1.0"
