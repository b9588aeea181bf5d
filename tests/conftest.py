"""Settings all tests share."""

import os

from hypothesis import settings

pytest_plugins = ["tests.simulator.simulated"]  # fixtures of tests/simulator and tests/firmware

os.environ["PADDLE_CORTEXM_HOME"] = "."  # scripts that tests start keep to the folder they are started in
os.environ.setdefault("FLAGS_enable_pir_api", "0")  # as the scripts do; Paddle reads it when it is imported

# Examples are the same in every run: a red test is red again. Time limits would fail on a busy machine.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")
