"""GraphQL analytics: traffic that an order describes, told as Cloudflare's datasets tell it.

Here live the traffic as frozen values, a reader for the part of the query language that analytics
need, the datasets, and the endpoint. Nothing is measured: every figure follows from the shapes of
traffic, the prefixes' routing and the tunnels' health at the moments asked for.
"""
