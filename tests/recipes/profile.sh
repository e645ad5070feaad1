#!/usr/bin/env bash
# Prepare a profile: store the language model under a name, then see that name among the models.
set -euo pipefail

curl --fail-with-body --silent --show-error --request POST "$AGENT_SERVER_URL/api/profiles/$PROFILE_NAME" \
  --header "X-Session-API-Key: $SESSION_API_KEY" \
  --header "Content-Type: application/json" \
  --data @- <<JSON
{
  "llm": {"model": "$LLM_MODEL", "api_key": "$LLM_API_KEY", "base_url": "$LLM_BASE_URL"},
  "include_secrets": true
}
JSON
echo

curl --fail-with-body --silent --show-error "$AGENT_SERVER_URL/v1/models" \
  --header "Authorization: Bearer $SESSION_API_KEY"
echo
