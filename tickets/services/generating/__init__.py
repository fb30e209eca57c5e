"""Made-up history for benchmarks and demonstrations: real moves, then copies of whole lots, week by week."""

from tickets.services.generating.generate import Generated, generate

__all__ = ["Generated", "generate"]
