"""Notifications: where they go, which are wanted, what was sent, and the sending itself.

Here live webhook destinations, policies and the history as frozen values, their API families, the
bodies of the known types, and the order of the control API that lets one be sent. A webhook goes
to loopback only.
"""
