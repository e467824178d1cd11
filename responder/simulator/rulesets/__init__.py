"""Rulesets: entrypoints of the two DDoS phases, and the managed rulesets that they execute.

Other phases (custom rules, rate limiting) are not simulated.
"""
