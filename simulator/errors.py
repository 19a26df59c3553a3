"""The REST API's refusals, in Twilio's numbers and shape."""

from werkzeug.wrappers import Response

from simulator.answers import as_json

UNAUTHENTICATED = 20003
NOT_FOUND = 20404
TOO_MANY_REQUESTS = 20429
BAD_REQUEST = 20001
NOT_ELIGIBLE = 21220


class ApiError(Exception):
    """A request that is refused with this code of Twilio's, HTTP status and sentence."""

    def __init__(self, code: int, status: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.message = message

    def response(self) -> Response:
        body = {
            "code": self.code,
            "message": self.message,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }
        response = as_json(body, self.status)
        if self.status == 401:
            response.headers["WWW-Authenticate"] = 'Basic realm="Twilio API"'
        return response


def unauthenticated() -> ApiError:
    return ApiError(UNAUTHENTICATED, 401, "Authenticate")


def not_found(path: str) -> ApiError:
    return ApiError(NOT_FOUND, 404, f"The requested resource {path} was not found")


def not_eligible() -> ApiError:
    return ApiError(NOT_ELIGIBLE, 400, "Requested resource is not eligible for recording")


def too_many_requests() -> ApiError:
    return ApiError(TOO_MANY_REQUESTS, 429, "Too Many Requests")
