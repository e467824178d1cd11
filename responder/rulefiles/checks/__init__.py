"""The checks, one file for each: `short_range.py` is the check `short-range`.

`look` is a pure function of one rule and what is known around it. A check knows no other one.
"""
