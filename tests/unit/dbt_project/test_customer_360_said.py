"""What a customer did with us and said, in their picture: visits, messages, contact, answers, texts and wishes."""

from __future__ import annotations

from datetime import date, datetime

import pytest


def test_visits(picture):
    visit = {"source_system": "web", "customer_id": "c1", "started_at": datetime(2026, 5, 1)}
    picture.add("marts.fct_web_sessions",
                visit | {"source_key": "1", "duration_seconds": 30, "page_views": 3, "is_bounce": False},
                visit | {"source_key": "2", "duration_seconds": 0, "page_views": 1, "is_bounce": True},
                visit | {"source_key": "3", "started_at": datetime(2025, 5, 1)})  # fmt: skip
    assert picture(
        "c1", "web_session_count", "web_session_count_90d", "visit_seconds", "page_view_count", "bounce_share"
    ) == (3, 2, 30, 4, 0.5)


def test_visits_through_social_networks_and_from_channels_that_cost(picture):
    visit = {"source_system": "web", "customer_id": "c1", "started_at": datetime(2026, 5, 1)}
    channels = ("Social", "instagram", " Paid Search ", "display", "organic", None)
    picture.add("marts.fct_web_sessions", *(visit | {"source_key": str(c), "landing_channel": c} for c in channels))
    assert picture("c1", "web_session_count", "social_session_count", "ad_session_count") == (6, 1, None)
    engaged = {"source_system": "x"}
    picture.add(
        "conformed.conformed_social_engagements",
        engaged | {"source_key": "1", "network": "Instagram", "occurred_at": datetime(2026, 5, 31)},
        # after the night
        engaged | {"source_key": "2", "network": "organic", "occurred_at": datetime(2026, 6, 2)},
    )
    spent = {"source_system": "ads", "spend": 1}
    # what no visit came from by that name: whether one came from it is not known
    picture.add(
        "conformed.conformed_ad_spend", spent | {"source_key": "0", "channel": "google", "spend_on": date(2026, 5, 1)}
    )
    assert picture("c1", "social_session_count", "ad_session_count") == (2, None)
    picture.add(
        "conformed.conformed_ad_spend",
        spent | {"source_key": "1", "channel": "paid search", "spend_on": date(2026, 5, 1)},
        spent | {"source_key": "2", "channel": None, "spend_on": date(2026, 5, 1)},
        # after the night
        spent | {"source_key": "3", "channel": "display", "spend_on": date(2026, 6, 2)},
    )
    assert picture("c1", "web_session_count", "social_session_count", "ad_session_count") == (6, 2, 1)
    assert picture("c2", "social_session_count", "ad_session_count") == (0, 0)


def test_a_message_that_a_program_opens_is_not_read(picture):
    events = {
        "at once, by a program": [("delivered", 0), ("opened", 3)],
        "by a program and then by a person": [("delivered", 0), ("opened", 3), ("opened", 4000)],
        "opened later": [("delivered", 0), ("opened", 60)],
        "clicked": [("delivered", 0), ("opened", 2), ("clicked", 9)],
        "not at all": [("delivered", 0)],
        "never delivered": [("sent", 0), ("bounced", 1)],
        None: [("delivered", 0), ("opened", 60)],
    }
    for campaign, happened in events.items():
        for n, (kind, second) in enumerate(happened):
            at = datetime(2026, 5, 1, second // 3600, second % 3600 // 60, second % 60)
            picture.add("marts.fct_email_events", {"source_system": "email", "source_key": f"{campaign}{n}", "customer_id": "c1", "campaign_key": campaign, "kind": kind, "occurred_at": at})  # fmt: skip
    assert picture("c1", "email_delivered_count", "email_opened_count", "email_clicked_count") == (6, 6, 1)
    assert picture("c1", "email_read_share", "email_click_share") == (0.6, 0.2)
    assert picture("c1", "last_active_at") == datetime(2026, 5, 1, 0, 0, 9)


def test_who_may_be_contacted_is_told_by_channel_and_not_by_the_permission_to_profile(picture):
    may = {"customer_id": "c1", "is_permitted": True, "reason_code": "granted"}
    picture.add("marts.contact_permissions", may | {"purpose": "newsletter", "channel": "email"}, may | {"purpose": "profiling", "channel": "sms"},
                may | {"purpose": "survey", "channel": "phone"}, may | {"purpose": "offers", "channel": "post", "is_permitted": False})  # fmt: skip
    channels = [f"is_contactable_by_{channel}" for channel in ("email", "sms", "phone", "post")]
    assert picture("c1", *channels) == (False, False, False, False)  # nobody knows how old
    picture.run("update marts.dim_customers set is_minor_or_unknown_age = false where customer_id = 'c1'")
    assert picture("c1", *channels) == (True, False, False, False)
    for kept_out in ("is_protected", "is_deceased", "is_minor_or_unknown_age", "has_impossible_birth_date"):
        picture.run(f"update marts.dim_customers set {kept_out} = true where customer_id = 'c1'")
        assert not any(picture("c1", *channels)), kept_out
        picture.run(f"update marts.dim_customers set {kept_out} = false where customer_id = 'c1'")


def test_what_a_customer_thinks_and_how_it_changed(picture):
    answer = {"source_system": "survey", "customer_id": "c1"}
    picture.add("marts.fct_survey_responses",
                answer | {"source_key": "1", "submitted_at": datetime(2026, 1, 1), "nps": 9, "csat": 5},
                answer | {"source_key": "2", "submitted_at": datetime(2026, 2, 1), "nps": 7, "ces": 2},
                answer | {"source_key": "3", "submitted_at": datetime(2026, 3, 1), "nps": 4},
                answer | {"source_key": "4", "submitted_at": None})  # fmt: skip
    picture.add(
        "conformed.conformed_reviews",
        *(
            {"source_system": "shop", "source_key": str(n), "person_system": "crm", "person_key": "c1", "rating": r}
            for n, r in enumerate((5, 2))
        ),
    )
    columns = (
        "survey_response_count",
        "last_nps",
        "nps_change",
        "last_csat",
        "last_ces",
        "review_count",
        "mean_rating",
    )
    assert picture("c1", *columns) == (3, 4, -4, 5, 2, 2, 3.5)
    assert picture("c1", "mean_nps") == pytest.approx(20 / 3)
    assert picture("c1", "mean_csat", "csat_change", "mean_ces", "ces_change") == (5, None, 2, None)
    picture.add("marts.fct_survey_responses",
                answer | {"source_key": "5", "submitted_at": datetime(2026, 4, 1), "csat": 2, "ces": 6})  # fmt: skip
    assert picture("c1", "mean_csat", "csat_change", "mean_ces", "ces_change") == (3.5, -3, 4, 4)


def test_what_a_customer_writes_is_told_by_its_newest_sentiment_and_its_themes(picture):
    assert picture("c1", "feedback_count", "last_sentiment", "feedback_themes") == (0, None, None)
    said = {"kind": "review", "source_system": "shop", "customer_id": "c1"}
    old, new = datetime(2026, 1, 1), datetime(2026, 2, 1)
    picture.add(
        "insight.feedback_texts",
        said | {"source_key": "1", "theme": "price", "sentiment": "negative", "written_at": new},
        said | {"source_key": "1", "theme": "delivery", "sentiment": "negative", "written_at": new},
        said | {"source_key": "2", "theme": "price", "sentiment": "positive", "written_at": old},
        said | {"source_key": "3", "theme": "none", "sentiment": "neutral", "written_at": old},
        said | {"source_key": "4", "theme": "fit", "sentiment": "neutral", "written_at": new, "customer_id": None},
    )
    assert picture("c1", "feedback_count", "last_sentiment", "feedback_themes") == (3, "negative", "delivery, price")


def test_what_a_customer_says_that_they_want_is_their_newest_answer_to_each_question(picture):
    wish = {"source_system": "survey", "customer_id": "c1", "person": "c1", "is_newest": True}
    assert picture("c1", "stated_preferences") is None
    picture.add("insight.stated_wishes",
                wish | {"source_key": "1", "question": "which next", "answer": "tents"},
                wish | {"source_key": "2", "question": "which next", "answer": "boots"},
                wish | {"source_key": "3", "question": "how often", "answer": "weekly"},
                wish | {"source_key": "4", "question": "how often", "answer": "never", "is_newest": False})  # fmt: skip
    assert picture("c1", "stated_preferences") == "how often: weekly, which next: boots, which next: tents"
    assert picture("c2", "stated_preferences") is None
