"""The tables hold for the installed client, 2.x and 3.x alike."""

from __future__ import annotations

import importlib
import inspect
from operator import attrgetter

import openai
import pytest
from openai.resources.chat.completions import AsyncCompletions
from openai.types import Model
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response

from harness.scenarios.calls import (
    ERRORS,
    RETURN_TYPES,
    RETURNS,
    RETURNS_STREAMED,
    STATUS_ERRORS,
    error_of,
    returned_by,
)

CLIENT = openai.AsyncOpenAI(api_key="none", base_url="http://127.0.0.1:9/v1")
TYPES = {kind.__name__: kind for kind in (ChatCompletion, ChatCompletionChunk, Model, Response)}


@pytest.mark.parametrize("method", RETURNS)
def test_every_call_is_a_method_of_the_client(method: str) -> None:
    assert callable(attrgetter(method)(CLIENT))
    assert callable(attrgetter(method)(CLIENT.with_raw_response))


def test_every_type_is_one_of_the_clients_except_the_list_of_models() -> None:
    assert set(RETURN_TYPES) - set(TYPES) == {"ModelList"}


@pytest.mark.parametrize("method", ["chat.completions.create", "models.retrieve", "responses.create"])
def test_a_call_returns_what_its_annotation_says(method: str) -> None:
    annotation = str(inspect.signature(attrgetter(method)(CLIENT)).return_annotation)
    assert returned_by(method, stream=False) in annotation


def test_a_streamed_call_yields_what_its_annotation_says() -> None:
    annotation = str(inspect.signature(AsyncCompletions.create).return_annotation)
    assert f"AsyncStream[{RETURNS_STREAMED['chat.completions.create']}]" in annotation
    assert returned_by("chat.completions.create", stream=True) == "ChatCompletionChunk"


def test_a_status_raises_the_error_of_the_table() -> None:
    request = CLIENT._build_request(openai._models.FinalRequestOptions(method="get", url="/models"))
    transport = inspect.getmodule(type(request))
    assert transport is not None
    make_response = importlib.import_module(transport.__name__.partition(".")[0]).Response  # httpx or httpx2
    for status in range(400, 600):
        error = CLIENT._make_status_error("no", body=None, response=make_response(status, request=request))
        assert type(error).__name__ == error_of(status)


def test_good_statuses_raise_nothing() -> None:
    assert {error_of(status) for status in range(100, 400)} == {None}


@pytest.mark.parametrize("name", ERRORS)
def test_every_error_is_one_of_the_clients(name: str) -> None:
    assert issubclass(getattr(openai, name), openai.APIError)
    assert issubclass(getattr(openai, name), openai.APIStatusError) == (name in STATUS_ERRORS)


def test_a_status_leads_to_each_of_the_status_errors() -> None:
    assert {error_of(status) for status in range(400, 600)} == set(STATUS_ERRORS)
