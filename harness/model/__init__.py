"""The scripted model: an OpenAI-compatible upstream that makes an agent's behaviour deterministic."""
