"""The file that `responder config init` writes: complete, commented, and harmless."""

__all__ = ["template"]

_TEMPLATE = """\
# Responder: Prometheus alerts in, Cloudflare mitigations out, and safely off again.
# Check it with `responder config check`; docs/configuration.md explains every key.
# ${NAME} is replaced by a variable of the environment, $$ by a dollar sign.

# Where Alertmanager posts, people look, and Prometheus scrapes.
server:
  listen: 127.0.0.1:9847
  # Bearer token of Alertmanager's webhook_config; needed when listen is not loopback.
  webhook_token_file: /etc/responder/webhook.token
  # Another token, for the API and the console; without it they are read-only.
  api_token_file: /etc/responder/api.token

# Where alerts and silences are read. All members of a cluster belong in the list.
alertmanager:
  urls: ["http://127.0.0.1:9093"]
  poll_interval: 5s
  # The same as Prometheus --rules.alert.resend-delay.
  resend_delay: 1m

# For responder doctor, for evidence and for backtests.
prometheus:
  url: http://127.0.0.1:9090

# An API token with these permissions on the zones below, and no others:
#   Zone:Read, Zone Settings:Read, Zone Settings:Edit
cloudflare:
  api_token_file: /etc/responder/cloudflare.token
  # The account that owns the prefixes below; only needed with prefixes.
  # account_id: 0123456789abcdef0123456789abcdef
  timeout: 10s

# What Cloudflare itself tells of attacks; docs/cloudflare-notifications.md says how to set it up.
# notifications:
#   secret_file: /etc/responder/cloudflare-webhook.secret
#   maximum_age: 1h

# State and audit trail; postgresql://user@host/database for several replicas.
store:
  url: sqlite:////var/lib/responder/responder.db
  retention: 90d

# What is protected. The name is the label `site` of your alerts; nothing else is ever touched.
sites:
  shop:
    zones: [example.com]
    # prefixes: [203.0.113.0/24]

# Waits and limits of every policy; a policy may set its own.
guards:
  minimum_duration: 5m
  calm_period: 15m
  maximum_duration: 12h
  maximum_sustain: 2h
  max_sites_engaged: 10
  max_engagements_per_hour: 30

# Which alerts ask for what. The first match wins.
policies:
  - name: under-attack
    match: ['mitigation="under_attack"']
    mitigation: under_attack
    # shadow tells what it would have done and changes nothing: recommended for the first week.
    # Then enforce.
    mode: shadow
    # respect: when a human switches it off during an attack, it stays off until that is over.
    on_drift: respect
    adopt: false
    options:
      # The security level to go back to when the one from before is not known.
      fallback_level: medium

# level: debug, info, warning or error; format: json or text; output: stdout, file or syslog.
log:
  level: info
  format: json
  output: stdout
"""


def template() -> str:
    """Return a configuration that passes the check as soon as its token files exist."""
    return _TEMPLATE
