"""JSON answers, and lists a page at a time."""

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from werkzeug.wrappers import Request, Response

Item = TypeVar("Item")

PAGE_SIZE, LARGEST_PAGE = 50, 1000  # Twilio's


def as_json(body: Any, status: int = 200) -> Response:
    return Response(json.dumps(body), status, mimetype="application/json")


def page(request: Request, name: str, items: Sequence[Item], render: Callable[[Item], dict[str, Any]]) -> Response:
    """The page of `items` that the request's Page and PageSize ask for, with the addresses of its neighbours."""
    size = min(max(request.args.get("PageSize", PAGE_SIZE, type=int), 1), LARGEST_PAGE)
    number = max(request.args.get("Page", 0, type=int), 0)
    shown = items[number * size : (number + 1) * size]
    start = number * size
    return as_json(
        {
            name: [render(item) for item in shown],
            "page": number,
            "page_size": size,
            "start": start,
            "end": start + max(len(shown) - 1, 0),
            "uri": _address(request, number, size),
            "first_page_uri": _address(request, 0, size),
            "next_page_uri": _address(request, number + 1, size) if start + size < len(items) else None,
            "previous_page_uri": _address(request, number - 1, size) if number else None,
        }
    )


def _address(request: Request, number: int, size: int) -> str:
    asked = [(key, value) for key, value in request.args.items(multi=True) if key not in ("Page", "PageSize")]
    return f"{request.path}?{urlencode([*asked, ('PageSize', size), ('Page', number)])}"
