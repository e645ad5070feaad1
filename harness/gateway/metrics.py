"""The metrics behind `/metrics`. Labels are the gateway's own names, never a client's."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.005, 0.02, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300)


class Metrics:
    """The metrics of one gateway."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "gateway_requests_total", "Requests answered", ["method", "route", "status"], registry=self.registry
        )
        self.request_seconds = Histogram(
            "gateway_request_seconds", "Time to the answer", ["route"], buckets=_SECONDS, registry=self.registry
        )
        self.turns = Counter("gateway_turns_total", "Turns ended", ["outcome"], registry=self.registry)
        self.turn_seconds = Histogram(
            "gateway_turn_seconds", "Time of a turn of the agent", buckets=_SECONDS, registry=self.registry
        )
        self.running_turns = Gauge("gateway_turns_running", "Turns that run or wait", registry=self.registry)
        self.conversations = Gauge("gateway_conversations_held", "Conversations in memory", registry=self.registry)
        self.tokens = Counter("gateway_tokens_total", "Tokens that turns cost", ["kind"], registry=self.registry)

    def text(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self.registry)
