"""The official client's view of a response: what it returned or raised, and whether its own strict type agrees."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from harness.trace import ClientView

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_SHOWN_PROBLEMS = 5

_LOOKED_AT_CHUNKS = 10_000


def view_error(error: Exception) -> ClientView:
    """The view when a typed method raised; the text is what a person would read, with the transport's cause."""
    cause = error.__cause__
    message = str(error) if cause is None else f"{error} ({type(cause).__name__}: {cause})"
    return ClientView(raised=type(error).__name__, message=message)


async def view_result(method: str, raw: Any) -> ClientView:
    """The view when a typed method returned a raw response: parse it as the client does, then check it strictly."""
    from openai import AsyncStream

    try:
        parsed = raw.parse()
        if not isinstance(parsed, AsyncStream):
            return _view_object(method, parsed)
        chunks: list[Any] = []
        async for chunk in parsed:
            chunks.append(chunk)
            if len(chunks) > _LOOKED_AT_CHUNKS:
                break
    except Exception as error:  # noqa: BLE001 - a hostile body can make the client raise anything; that is its view
        return view_error(error)
    return _view_chunks(chunks)


def view_sync_result(method: str, raw: Any) -> ClientView:
    """The same for the client's blocking class."""
    from openai import Stream

    try:
        parsed = raw.parse()
        if not isinstance(parsed, Stream):
            return _view_object(method, parsed)
        chunks = list(islice(parsed, _LOOKED_AT_CHUNKS + 1))
    except Exception as error:  # noqa: BLE001 - likewise
        return view_error(error)
    return _view_chunks(chunks)


def _view_object(method: str, parsed: Any) -> ClientView:
    from pydantic import BaseModel

    if not isinstance(parsed, BaseModel):
        return ClientView(returned=type(parsed).__name__)
    if method == "models.list":
        data = getattr(parsed, "data", None)
        problems = _problems(data, prefix="data") if isinstance(data, list) else ("data: no list",)
        return ClientView(returned="ModelList", problems=problems)
    return ClientView(returned=type(parsed).__name__, problems=_problems([parsed]))


def _view_chunks(chunks: Sequence[Any]) -> ClientView:
    if not chunks:
        return ClientView(returned="ChatCompletionChunk", problems=("the stream brought no chunk",))
    if len(chunks) > _LOOKED_AT_CHUNKS:
        problems: tuple[str, ...] = (f"the stream goes on after {_LOOKED_AT_CHUNKS} chunks",)
    else:
        problems = _problems(chunks, prefix="chunk")
    return ClientView(returned=type(chunks[0]).__name__, problems=problems)


def _problems(values: Iterable[Any], prefix: str = "") -> tuple[str, ...]:
    """What strict validation finds wrong in values that the client built without validation."""
    problems: list[str] = []
    for index, value in enumerate(values):
        where = f"{prefix}[{index}]." if prefix else ""
        problems += [f"{where}{problem}" for problem in _problems_of(value)]
        if len(problems) >= _SHOWN_PROBLEMS:
            break
    return tuple(problems[:_SHOWN_PROBLEMS])


def _problems_of(value: Any) -> list[str]:
    from pydantic import BaseModel, ValidationError

    if not isinstance(value, BaseModel):
        return [f"{value!r} is no object"]
    try:
        # The body as it was sent: fields that the client filled in itself are left out.
        sent = value.model_dump_json(exclude_unset=True, warnings=False)
        type(value).model_validate_json(sent, strict=True)
    except ValidationError as error:
        return [f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()]
    except (ValueError, RecursionError) as error:
        return [str(error)]
    return []
