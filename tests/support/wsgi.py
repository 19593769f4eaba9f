"""Applications without a server, and who asks them."""

from wsgiref.util import setup_testing_defaults

from spacedevs.db import dataset_version

PAGE = "/2.3.0/launches/"
BODY = b'{"count": 0}' * 100
JSON = {"Content-Type": "application/json", "Allow": "GET"}


class Application:
    """Stands for Django: answers as it is told, and notes who asked."""

    def __init__(self):
        self.status, self.headers, self.body = "200 OK", dict(JSON), [BODY]
        self.asked, self.closed = [], 0

    def __call__(self, environ, start_response):
        self.asked.append(environ)
        environ[dataset_version.READ] = environ.get(dataset_version.ASKED)
        start_response(self.status, list(self.headers.items()))
        return self

    def __iter__(self):
        yield from self.body

    def close(self):
        self.closed += 1


def claiming(application):
    """The application, but that it says it has read the version that was asked for, whatever it has read."""

    def answer(environ, start_response):
        parts = application(environ, start_response)
        environ[dataset_version.READ] = environ.get(dataset_version.ASKED)
        return parts

    return answer


class Asker:
    """Asks an application, and returns status, headers and body."""

    def __init__(self, application):
        self.application = application

    def __call__(self, path=PAGE, query="", method="GET", **environ):
        environ = {"PATH_INFO": path, "QUERY_STRING": query, "REQUEST_METHOD": method, **environ}
        setup_testing_defaults(environ)
        answered = []
        parts = self.application(environ, lambda *said: answered.append(said))
        try:
            body = b"".join(parts)
        finally:
            getattr(parts, "close", int)()
        ((status, headers),) = answered
        assert len(dict(headers)) == len(headers)
        return status, dict(headers), body
