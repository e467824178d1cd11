"""The checks, one file for each: `neighbour_point.py` is the check `neighbour/point`.

`look` asks and `judge` decides, a pure function of what was answered. A check knows no other one;
what several of them need is asked once, by the context.
"""
