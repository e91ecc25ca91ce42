"""How hypothesis runs here: a moderate number of examples, no deadline, since the machine is shared."""

from hypothesis import HealthCheck, settings

settings.register_profile("jwtlens", max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("jwtlens")
