import pytest

from tests.unit.pages.made_up import VIEWER, FakeRuns, day


def test_the_report_is_built_again_and_the_page_says_so(open_pages):
    runs = FakeRuns()
    client = open_pages(runs=runs)
    answer = client.post("/2026-11-17/build")
    assert (answer.status_code, answer.headers["location"]) == (303, "./?asked=report")
    assert runs.asked == [("build", day(17))]
    assert (
        "The report is being built again."
        in client.get("/2026-11-17/?asked=report").text
    )
    assert "<script>" not in client.get("/2026-11-17/?asked=<script>").text


def test_a_source_is_read_again(open_pages):
    runs = FakeRuns()
    answer = open_pages(runs=runs).post(
        "/2026-11-17/read", data={"source": "storefront"}
    )
    assert answer.status_code == 303
    assert runs.asked == [("read", day(17), "storefront")]


@pytest.mark.parametrize("source", ["partner_files", "exchange_rates", "../x", ""])
def test_only_required_sources_are_read_again(open_pages, source):
    runs = FakeRuns()
    answer = open_pages(runs=runs).post("/2026-11-17/read", data={"source": source})
    assert (answer.status_code, runs.asked) == (422, [])


@pytest.mark.parametrize("path", ["build", "read"])
def test_a_viewer_cannot_trigger(open_pages, path):
    runs = FakeRuns()
    answer = open_pages(VIEWER, runs).post(
        f"/2026-11-17/{path}", data={"source": "storefront"}
    )
    assert (answer.status_code, runs.asked) == (403, [])
    assert "Access denied" in answer.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "none", "Origin": "http://testserver"}, 403),
        (
            {"Origin": "http://other.example"},
            403,
        ),  # without HTTPS, a browser sends its origin alone
        ({"Origin": "null"}, 403),
        ({"Origin": "http://testserver"}, 303),
        (
            {"Origin": "http://airflow.example"},
            303,
        ),  # the proxy of [api] base_url rewrites the host
        (
            {
                "Sec-Fetch-Site": "same-origin",
                "Origin": "https://behind-a-proxy.example",
            },
            303,
        ),
    ],
)
def test_a_form_of_another_site_is_refused(open_pages, monkeypatch, headers, status):
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "http://airflow.example/team")
    runs = FakeRuns()
    answer = open_pages(runs=runs).post("/2026-11-17/build", headers=headers)
    assert (answer.status_code, len(runs.asked)) == (status, status == 303)


def test_without_an_address_of_airflow_a_form_of_no_site_is_refused(
    open_pages, monkeypatch
):
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "")
    assert (
        open_pages().post("/2026-11-17/build", headers={"Origin": "null"}).status_code
        == 403
    )


def test_a_link_triggers_nothing(open_pages):
    runs = FakeRuns()
    assert open_pages(runs=runs).get("/2026-11-17/build").status_code == 404
    assert runs.asked == []
