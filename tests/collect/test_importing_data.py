"""Public data sets come in, and give the figures that were published or counted elsewhere."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.collect.importing_rig import Lake, data_set, lake_in

pytestmark = pytest.mark.data


def sql(lake: Lake, query: str) -> list[tuple[object, ...]]:
    events = lake.read()
    with duckdb.connect() as connection:
        connection.register("events", events)
        return connection.sql(query).fetchall()


def test_cdnow_gives_its_purchases_people_and_dollars(tmp_path: Path) -> None:
    with lake_in(tmp_path) as lake:
        report = lake.bring_in(
            data_set("cdnow/CDNOW_master.txt.gz"), event="=Order Completed", currency="=USD"
        )
        found = sql(
            lake,
            "SELECT count(*), count(DISTINCT user_id), round(sum(value), 2), min(time)::DATE::VARCHAR, "
            "max(time)::DATE::VARCHAR, sum(json_extract(properties, '$.number_of_cds')::INT) FROM events",
        )
    assert report.refused == ()
    assert found == [(69_659, 23_570, 2_500_315.63, "1997-01-01", "1998-06-30", 167_881)]


def test_cdnow_sample_without_a_header_comes_in(tmp_path: Path) -> None:
    with lake_in(tmp_path) as lake:
        path = data_set("cdnow/CDNOW_sample.txt")
        lake.bring_in(path, person="column1", time="column3", event="=Order Completed", value="column5")
        assert sql(lake, "SELECT count(*), count(DISTINCT user_id) FROM events") == [(6_919, 2_357)]


def test_traffic_fines_give_their_steps_with_same_day_events_in_order(tmp_path: Path) -> None:
    with lake_in(tmp_path) as lake:
        report = lake.bring_in(data_set("traffic_fines/events.parquet"), order=".order")
        assert report.n_new == 34_724
        counts = lake.counts()
        people = sql(lake, "SELECT count(DISTINCT user_id) FROM events")
        ordered = sql(
            lake,
            "SELECT count(*) FROM (SELECT seq, lag(seq) OVER w AS before FROM events WINDOW w AS "
            "(PARTITION BY user_id, time ORDER BY json_extract(properties, '$.\".order\"')::INT)) "
            "WHERE seq < before",
        )
    assert people == [(10_000,)]
    assert ordered == [(0,)]
    wanted = {
        "Create Fine": 10_000,
        "Send Fine": 6_570,
        "Insert Fine Notification": 4_635,
        "Add penalty": 4_635,
        "Send for Credit Collection": 3_387,
        "Payment": 4_910,
    }
    assert {name: counts[name] for name in wanted} == wanted
    assert len(counts) == 11


def test_loan_applications_give_their_cases_and_outcomes(tmp_path: Path) -> None:
    with lake_in(tmp_path) as lake:
        report = lake.bring_in(data_set("bpic2012/events.parquet"))
        assert report.n_new == 262_200
        cases = {
            str(name): n
            for name, n in sql(lake, "SELECT event, count(DISTINCT user_id) FROM events GROUP BY event")
        }
    wanted = {
        "A_SUBMITTED": 13_087,
        "A_PREACCEPTED": 7_367,
        "A_ACCEPTED": 5_113,
        "O_SENT": 5_015,
        "O_SENT_BACK": 3_254,
        "O_ACCEPTED": 2_243,
        "A_APPROVED": 2_246,
        "A_DECLINED": 7_635,
        "A_CANCELLED": 2_807,
    }
    assert {name: cases[name] for name in wanted} == wanted
    assert len(cases) == 24


def test_incidents_give_their_throughput(tmp_path: Path) -> None:
    with lake_in(tmp_path) as lake:
        lake.bring_in(
            data_set("bpic2013_volvo/incidents.parquet"), touchpoint="=Support", account="org:group"
        )
        found = sql(
            lake,
            "SELECT count(*), sum(n), round(avg(days), 2) FROM (SELECT count(*) AS n, "
            "(epoch_us(max(time)) - epoch_us(min(time))) / 86400e6 AS days FROM events GROUP BY user_id)",
        )
    assert found == [(7_554, 65_533, 12.08)]


def test_leads_and_deals_of_two_files_meet_in_one_funnel(tmp_path: Path) -> None:
    with lake_in(tmp_path) as lake:
        leads = data_set("olist_b2b_leads/olist_marketing_qualified_leads_dataset.csv.gz")
        deals = data_set("olist_b2b_leads/olist_closed_deals_dataset.csv.gz")
        lake.bring_in(leads, event="=Lead")
        lake.bring_in(deals, event="=Deal Won")
        assert lake.counts() == {"Lead": 8_000, "Deal Won": 842}
        found = sql(
            lake,
            "SELECT count(*), count(won), round(avg((epoch_us(won) - epoch_us(met)) / 86400e6)) FROM "
            "(SELECT user_id, min(time) FILTER (event = 'Lead') AS met, "
            "date_trunc('day', min(time) FILTER (event = 'Deal Won')) AS won, "
            "max(json_extract_string(properties, '$.origin')) FILTER (event = 'Lead') AS origin "
            "FROM events GROUP BY user_id) WHERE origin = 'social'",
        )
    assert found == [(1_350, 75, 61.0)]


def test_the_synthetic_shop_gives_its_counts_by_event(tmp_path: Path) -> None:
    with lake_in(tmp_path) as lake:
        report = lake.bring_in(data_set("synthetic_retentioneering_ecom/ecom.csv.gz"))
        counts = lake.counts()
        found = sql(lake, "SELECT count(DISTINCT user_id), count(DISTINCT session_id) FROM events")
    assert report.n_new == 31_106
    assert found == [(600, 3_605)]
    wanted = {
        "product_view": 6_851, "add_to_cart": 1_346, "shipping_details": 958, "payment_details": 709,
        "purchase": 470,
    }  # fmt: skip
    assert {name: counts[name] for name in wanted} == wanted


def test_usability_answers_apart_by_semicolons_come_in(tmp_path: Path) -> None:
    with lake_in(tmp_path) as lake:
        path = data_set("sus_sidabi/usability-db-en.csv")
        lake.bring_in(path, person="evaluator", event="=Survey Answered", time="=2020-01-01")
        found = sql(
            lake,
            "SELECT count(*), avg(json_extract(properties, "
            "'$.\"I thought the system was easy to use.\"')::INT) BETWEEN 1 AND 5 FROM events",
        )
    assert found == [(36, True)]


def test_a_game_test_gives_its_arms_and_returns(tmp_path: Path) -> None:
    with lake_in(tmp_path) as lake:
        path = data_set("cookie_cats/cookie_cats.csv.gz")
        lake.bring_in(path, event="=Installed", time="=2017-01-01")
        found = sql(
            lake,
            "SELECT json_extract_string(properties, '$.test_version') AS arm, count(*), "
            "round(100 * avg(json_extract(properties, '$.retention_7')::BOOLEAN::INT), 2) "
            "FROM events GROUP BY arm ORDER BY arm",
        )
    assert found == [("gate_30", 44_700, 19.02), ("gate_40", 45_489, 18.2)]
