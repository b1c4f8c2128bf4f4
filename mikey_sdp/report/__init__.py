"""What people read of a run: pure functions of a trace, on nothing but its records and verdicts."""
