"""The desk as a web application: addresses, forms, and what is answered."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from graders.desk.pages import Draft, Pages
from graders.errors import UserError
from graders.grading.marking import MarkConflict
from graders.records.manual_marks import mark_for
from graders.text.sanitize import clean_text

MOST_COMMENT = 4000
"""Characters of a comment: an export shows no more."""
STATIC = {"desk.css": "text/css", "desk.js": "text/javascript"}


class Desk:
    """Answers requests. Methods without `async` run in threads, several at a time."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        routes = [
            Route("/", self._overview),
            Route("/question/{question}/{code}", self._question),
            Route("/student/{code}", self._student),
            Route("/trail", self._trail),
            Route("/mark", self._mark, methods=["POST"]),
            Route("/export", self._export, methods=["POST"]),
            *(Route(f"/{name}", self._static) for name in STATIC),
        ]
        self.app = Starlette(routes=routes, exception_handlers={UserError: _problem, OSError: _problem})

    def _overview(self, request: Request) -> Response:
        written = request.query_params.get("written", "")
        said = f"{written} files are written: gradebook.csv, the report and results/" if written.isdecimal() else ""
        return HTMLResponse(self._pages.overview(said))

    def _question(self, request: Request) -> Response:
        page = self._pages.question(request.path_params["code"], request.path_params["question"])
        return HTMLResponse(page) if page else _nothing_there()

    def _student(self, request: Request) -> Response:
        page = self._pages.student(request.path_params["code"])
        return HTMLResponse(page) if page else _nothing_there()

    def _trail(self, request: Request) -> Response:
        return HTMLResponse(self._pages.trail())

    def _static(self, request: Request) -> Response:
        name = request.url.path.removeprefix("/")
        return Response((Path(__file__).parent / name).read_bytes(), media_type=STATIC[name])

    async def _mark(self, request: Request) -> Response:
        body = (await request.body()).decode("utf-8", "replace")
        fields = {name: values[-1] for name, values in parse_qs(body, keep_blank_values=True).items()}
        return await run_in_threadpool(self._given, fields)

    def _given(self, fields: dict[str, str]) -> Response:
        """Write a mark; answer with the next page, or with the same one and what is wrong."""
        code, id = fields.get("code", ""), fields.get("question", "")
        marking, result = self._pages.marking, self._pages.now().find(code)
        if result is None or id not in self._pages.markable():
            return _nothing_there()
        points, comment = fields.get("points", ""), fields.get("comment", "")
        mode = "student" if fields.get("mode") == "student" else "question"
        try:
            comment = clean_text(comment, len(comment) + 1).strip()
            if len(comment) > MOST_COMMENT:
                raise ValueError(f"the comment has {len(comment):,} characters: expected at most {MOST_COMMENT:,}")
            mark = mark_for(id, points.strip(), comment, marking.assignment.manifest)
            marking.give(result.submission, id, mark, fields.get("seen", ""), self._pages.person)
        except MarkConflict as problem:
            return HTMLResponse(self._pages.question(code, id, Draft(points, comment, mode, conflict=problem.now)), 409)
        except (ValueError, UserError) as problem:
            return HTMLResponse(self._pages.question(code, id, Draft(points, comment, mode, str(problem))), 400)
        return RedirectResponse(self._after(code, id, fields), 303)

    def _after(self, code: str, id: str, fields: dict[str, str]) -> str:
        """Return the address of what comes after a mark was given."""
        now = self._pages.now()
        if fields.get("mode") == "student":
            result = now.find(code)
            return f"/student/{code}#{next(iter(result.unmarked), id) if result else id}"
        if fields.get("then") == "stay":
            return f"/question/{id}/{code}"
        following = now.next_unmarked(code, id) if self._pages.is_written(id) else now.neighbours(code, id)[1]
        return f"/question/{id}/{following}" if following else "/"

    def _export(self, request: Request) -> Response:
        return RedirectResponse(f"/?written={len(self._pages.marking.export())}", 303)


def _nothing_there() -> Response:
    return PlainTextResponse("There is no such page; the submission may have been removed.", 404)


def _problem(request: Request, problem: Exception) -> Response:
    """Answer with the one line of an error that staff can mend."""
    return PlainTextResponse(f"{problem}\n", 500)
