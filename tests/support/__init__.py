"""What several tests share: the simulated world of the domain, and the start of real programs."""
