"""Magic Network Monitoring: rules over the network's own flow data, which may advertise prefixes.

Here live the rules as frozen values, their API family, and the order of the control API that lets
one trigger. That a rule triggers by itself when traffic passes its threshold is not simulated.
"""
