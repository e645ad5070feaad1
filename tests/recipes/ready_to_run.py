"""The whole way: a profile, its model, two questions in one conversation, what they cost, and everything tidied up."""

import os
from typing import Any
from uuid import UUID

from openai import OpenAI

profile = os.environ["PROFILE_NAME"]
openai = OpenAI(api_key=os.environ["SESSION_API_KEY"], base_url=os.environ["AGENT_SERVER_URL"] + "/v1")
# The native API lives beside /v1 and wants the key in a header of its own; the client's transport serves it as well.
native = openai.with_options(
    base_url=os.environ["AGENT_SERVER_URL"] + "/api",
    default_headers={"X-Session-API-Key": os.environ["SESSION_API_KEY"]},
)

llm = {"model": os.environ["LLM_MODEL"], "api_key": os.environ["LLM_API_KEY"]}
if os.environ.get("LLM_BASE_URL"):
    llm["base_url"] = os.environ["LLM_BASE_URL"]
native.post(f"/profiles/{profile}", cast_to=object, body={"llm": llm, "include_secrets": True})
conversation = None
try:
    model = f"openhands_{profile}"
    print("model:", next(listed.id for listed in openai.models.list() if listed.id == model))

    response = openai.chat.completions.with_raw_response.create(
        model=model,
        messages=[
            {"role": "system", "content": "Answer directly and do not use tools."},
            {"role": "user", "content": "Gateways and what they translate: say one sentence about them."},
        ],
    )
    conversation = UUID(response.headers["X-OpenHands-ServerConversation-ID"])
    print("conversation:", conversation)
    print("answer:", response.parse().choices[0].message.content)

    follow_up = openai.chat.completions.create(
        model=model,
        messages=[{"role": "user", "content": "In five words or fewer: what did I ask about?"}],
        extra_headers={"X-OpenHands-ServerConversation-ID": str(conversation)},
    )
    print("follow-up:", follow_up.choices[0].message.content)

    info = native.get(f"/conversations/{conversation}", cast_to=dict[str, Any])
    metrics = info["stats"]["usage_to_metrics"].values()
    print("cost:", sum(model["accumulated_cost"] for model in metrics))
finally:
    if conversation is not None:
        native.delete(f"/conversations/{conversation}", cast_to=object)
    native.delete(f"/profiles/{profile}", cast_to=object)
print("deleted: conversation and profile")
