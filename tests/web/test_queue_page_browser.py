"""The operator's queue page, as the browser runs it under its own content security policy."""

from db.words import Stage
from tests.support.calls import sid
from tests.support.people import People
from tests.web.conftest import OpenPage
from web.house import House


def test_an_operator_sees_how_many_jobs_wait(open_page: OpenPage, people: People, house: House) -> None:
    house.queues.enqueue_once(Stage.DOWNLOAD, sid(1))

    page = open_page("/admin/rq/", people.operator)

    page.get_by_text("recordings").first.wait_for()
