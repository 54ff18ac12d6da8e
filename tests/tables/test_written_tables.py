"""Files of known content are read without a silent difference, or refused."""

from hypothesis import HealthCheck, given, settings
from written_tables import outcome, written_tables


@given(written_tables())
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
def test_nothing_is_lost_in_silence(table):
    assert outcome(table) in ("same", "refused", "refused without fault")
