"""Magic Transit: prefixes that are advertised on demand, and the tunnels that carry their traffic.

Here live their state as frozen values, their API families, and the orders of the control API that
change them. What flows through them is in `analytics`.
"""
