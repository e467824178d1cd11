"""Rule files: rendering a user's numbers into override constants, and checking rules.

`read_wishes` and `resolved` make constants of the user's file, `rendered` writes them as a rule
file. `checked` parses rule files and judges them by the checks, one file each. Only `expressions`
knows the parser of PromQL and only `template` knows Jinja2. No question is put to a running
Prometheus here, and nothing decides what is switched.
"""
