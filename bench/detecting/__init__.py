"""How detection is measured: simulated sites, the shipped rules over them, and scores.

What is simulated ends at the canonical series that the files in rules/sources record; from there
on only the shipped rule files decide.
"""
