"""The demo's email tool (daily CSV), survey tool (JSON Lines) and public registers (CSV). Here: one night's files."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb

from orchestration.demo.mess import state_sql

_EMAIL = {
    "subscribers": """
        select key as subscriber_id, email, given_name as first_name, family_name as last_name, country_code as country,
            iso(created_at) as created_at, iso(updated_at) as updated_at from ({records})""",
    "campaigns": """
        select campaign_id, 'Newsletter ' || campaign_id as name, 'newsletter' as list, iso(sent_at) as sent_at
        from campaigns where sent_at >= {since} and sent_at < {cutoff}""",
    "optins": """
        select key * 10 + n as optin_id, key as subscriber_id, trim(lower(email)) as email,
            case n when 2 then 'offers' else 'newsletter' end as list,
            case n when 1 then 'withdrawn' else 'granted' end as status, iso(moment) as stated_at,
            case when n <> 1 and t.is_confirmed then iso(moment + 240) end as confirmed_at, 'signup-2' as wording_version
        from record r join trait t using (person_id),
            lateral (select n, case n when 0 then t.subscribed_at when 1 then t.unsubscribed_at else t.subscribed_at + 60 end as moment
                from range(3) x (n)) s
        where r.system = 'email' and moment + 240 >= {since} and moment + 240 < {cutoff} and email is not null
            and (n <> 2 or u(draw, 'offers') < 0.4)""",
    "events": """
        with sent as (
            select m.*, r.key, trim(r.email) as email, m.campaign_id || '-' || r.key as stem
            from messages m join (select person_id, min(key) as key, arg_min(email, key) as email from record
                where system = 'email' group by all) r using (person_id)
        )
        select stem || '-' || kind as event_id, kind as event, key as subscriber_id, email, campaign_id, iso(moment) as occurred_at
        from sent, lateral (values (if(is_held_out, 'held_out', 'sent'), sent_at),
            ('delivered', if(is_held_out or is_bounced, 0, sent_at + 40)), ('bounce', if(is_bounced, sent_at + 50, 0)),
            ('open', opened_at), ('click', clicked_at), ('forward', forwarded_at), ('spamreport', complained_at)) v (kind, moment)
        where moment >= greatest({since}, 1) and moment < {cutoff}
        union all
        select 'U' || r.key, 'unsubscribe', r.key, trim(r.email), null, iso(t.unsubscribed_at)
        from record r join trait t using (person_id)
        where r.system = 'email' and t.unsubscribed_at >= {since} and t.unsubscribed_at < {cutoff}""",
}

_SURVEY = {
    "respondents": """
        select 'P' || key as respondent_id, trim(lower(email)) as email, given_name as first_name, family_name as last_name,
            country_code as country, key % 9 = 0 as is_panel_member, iso(created_at) as created_at, iso(updated_at) as updated_at
        from ({records})""",
    "responses": """
        select 'R' || response_no as response_id, 'after purchase' as survey, r.key % 9 = 0 as is_panel, 'P' || r.key as respondent_id,
            iso(sent_at) as sent_at, iso(submitted_at) as submitted_at,
            [{{'question': 'nps', 'kind': 'score', 'value': coalesce(f.replacement, nps::varchar)}},
             {{'question': 'csat', 'kind': 'score', 'value': csat::varchar}},
             {{'question': 'comment', 'kind': 'text', 'value': (['Quick delivery', 'Slow delivery', 'Great advice', 'Hard to reach you',
                'Good quality', null])[1 + comment] || told(response_no)}},
             {{'question': 'Which activity next?', 'kind': 'choice', 'value': (['Skis', 'Climbing', 'Tents', 'Winter course', 'Guided tour',
                'Packrafts', null])[1 + (u(response_no, 'wish') * 6.99)::int % 7]}}] as answers
        from responses s join (select person_id, min(key) as key from record where system = 'survey' group by all) r using (person_id)
        left join fault f on f.system = 'survey' and f.source_table = 'responses' and f.source_key = response_no
        where submitted_at >= {since} and submitted_at < {cutoff}
        union all
        -- who did not answer, or not yet
        select 'R' || response_no, 'after purchase', r.key % 9 = 0, 'P' || r.key, iso(sent_at), null, []
        from (
            select response_no, person_id, sent_at from silences
            union all
            select response_no, person_id, sent_at from responses where submitted_at >= {cutoff}
        ) s join (select person_id, min(key) as key from record where system = 'survey' group by all) r using (person_id)
        where sent_at >= {since} and sent_at < {cutoff}
        union all
        -- how easy it was to get help; who was helped well answers that it was
        select 'S' || ticket_no, 'after service', r.key % 9 = 0, 'P' || r.key, iso(sent_at),
            case when is_answered then iso(submitted_at) end,
            case when is_answered
                then [{{'question': 'ces', 'kind': 'score', 'value': least(7, greatest(1, satisfaction + (u(ticket_no, 'effort') * 4)::int - 1))::varchar}}]
                else [] end
        from (
            select *, submitted_at < {cutoff} and u(ticket_no, 'answers') < 0.5 as is_answered
            from (
                select *, solved_at + 86400 as sent_at, solved_at + 90000 + (u(ticket_no, 'answers at') * 86400)::bigint as submitted_at from tickets
            )
        ) s join (select person_id, min(key) as key from record where system = 'survey' group by all) r using (person_id)
        where (sent_at >= {since} and sent_at < {cutoff}) or (is_answered and submitted_at >= {since})""",
}

# each register as its file delivers it: whole each time, (extension, options of COPY, query)
_REGISTERS = {
    "nix_telefon": ("txt", "format csv, header false", "select mobile from person where country_code = 'SE' and u(person_id, 'nix') < 0.12"),
    "nix_adresserat": (
        "csv", "format csv, header, delimiter ';'",
        "select given_name as fornamn, family_name as efternamn, street as adress, postal_code as postnummer, city as postort "
        "from person where country_code = 'SE' and u(person_id, 'nix post') < 0.05",
    ),
    "reservasjonsregisteret": (
        "csv", "format csv, header, delimiter ';'",
        "select given_name as fornavn, family_name as etternavn, street as adresse, postal_code as postnummer, city as poststed, mobile as telefon, "
        "'J' as telefonsalg, case when u(person_id, 'reservasjon post') < 0.8 then 'J' else 'N' end as adressert_reklame, "
        "case when u(person_id, 'reservasjon charity') < 0.5 then 'J' else 'N' end as humanitaere "
        "from person where country_code = 'NO' and u(person_id, 'reservasjon') < 0.25",
    ),
    "robinson": (
        "csv", "format csv, header, delimiter ';'",
        "select given_name || ' ' || family_name as navn, street as adresse, postal_code as postnr, city as by "
        "from person where country_code = 'DK' and u(person_id, 'robinson') < 0.10",
    ),
}  # fmt: skip


def _stamp(seconds: int) -> str:
    return datetime.fromtimestamp(seconds - 1, UTC).strftime("%Y-%m-%d")


def _copy(con: duckdb.DuckDBPyConnection, sql: str, path: Path, options: str = "format csv, header") -> int:
    done = con.execute(f"copy ({sql}) to '{path}' ({options})").fetchone()
    return done[0] if done else 0


def write_email(con: duckdb.DuckDBPyConnection, folder: Path, since: int, cutoff: int) -> dict[str, int]:
    """Writes the email tool's CSV exports: history by month on the first night, then one file a day."""
    folder.mkdir(parents=True, exist_ok=True)
    counts = {}
    for name, sql in _EMAIL.items():
        filled = sql.format(records=state_sql("email", since, cutoff), since=since, cutoff=cutoff)
        if name == "events" and since == 0:
            con.execute(f"create or replace temp table history as {filled}")
            months = con.execute("select distinct left(occurred_at, 7) from history order by 1").fetchall()
            counts[name] = sum(
                _copy(
                    con,
                    f"select * from history where left(occurred_at, 7) = '{m}' order by occurred_at, event_id",
                    folder / f"events_{m}.csv",
                )
                for (m,) in months
            )
        else:
            counts[name] = _copy(con, filled, folder / f"{name}_{_stamp(cutoff)}.csv")
    return counts


def plant_broken_lines(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Breaks the first night's events file by hand: bad bytes, a line too long, a file delivered twice; notes the truth."""
    files = sorted(folder.glob("events_*.csv"))
    victim, twice = files[len(files) // 2], files[len(files) // 2 - 1]
    broken = [
        'X1-sent,sent,1,"smörgås@example.com",1,2026-01-01T08:00:00Z,surplus',
        "X2-sent,sent,not-a-number,a@example.com,1,2026-01-01T08:00:00Z",
    ]
    with victim.open("ab") as out:
        out.write(("\n".join(broken) + "\n").encode())
        out.write("X3-sent,sent,1,bl\xe5b\xe4r@example.com,1,2026-01-01T08:00:00Z\n".encode("latin-1"))
    copy_of = twice.with_name(twice.stem + "_redelivered.csv")
    lines = twice.read_bytes().splitlines(keepends=True)
    # the same rows in another order, so that the file's hash differs
    copy_of.write_bytes(lines[0] + b"".join(reversed(lines[1:])))
    con.execute(
        "insert into fault select 'email', 'events', n, f, 'file_reject', null from (values (1, 'too many columns'), (2, 'not a number'), "
        "(3, 'wrong encoding')) v (n, f)"
    )
    con.execute(
        f"insert into fault select 'email', 'events', n, 'delivered twice', 'duplicate', null from range({len(lines) - 1}) r (n)"
    )


def write_survey(con: duckdb.DuckDBPyConnection, folder: Path, since: int, cutoff: int) -> dict[str, int]:
    """Writes the survey tool's JSON Lines exports of one night."""
    folder.mkdir(parents=True, exist_ok=True)
    return {
        name: _copy(
            con,
            sql.format(records=state_sql("survey", since, cutoff), since=since, cutoff=cutoff),
            folder / f"{name}_{_stamp(cutoff)}.jsonl",
            "format json",
        )
        for name, sql in _SURVEY.items()
    }


def write_registers(con: duckdb.DuckDBPyConnection, folder: Path, since: int, cutoff: int) -> dict[str, int]:
    """Writes the reservation registers (whole) and the address register's changes since the last night."""
    folder.mkdir(parents=True, exist_ok=True)
    counts = {}
    for name, (extension, options, sql) in _REGISTERS.items():
        path = folder / f"{name}_{_stamp(cutoff)}.{extension}"
        counts[name] = _copy(con, f"select distinct * from ({sql}) order by all", path, options)
        if name != "reservasjonsregisteret":
            # DuckDB writes UTF-8; these come as Latin-1
            path.write_bytes(path.read_text(encoding="utf-8").encode("latin-1", errors="replace"))
    counts["addresses"] = _copy(
        con,
        "select 'A' || person_id as entry_id, given_name, family_name, strftime(birth_on, '%Y-%m-%d') as birth_date, "
        "case when not is_protected then street end as street, case when not is_protected then postal_code end as postal_code, "
        "case when not is_protected then city end as city, country_code, "
        "strftime(ts(getvariable('final') - moved_days_ago * 86400), '%Y-%m-%d') as effective_on, is_protected, is_deceased "
        "from person where country_code = 'SE' and (moved_days_ago > 0 or is_protected or is_deceased) "
        f"and getvariable('final') - moved_days_ago * 86400 < {cutoff} and getvariable('final') - moved_days_ago * 86400 >= {since}",
        folder / f"addresses_{_stamp(cutoff)}.csv",
    )
    return counts


def write_requests(con: duckdb.DuckDBPyConnection, folder: Path, since: int, cutoff: int) -> dict[str, int]:
    """Writes what a form delivers of people who use their rights: on the first night one of nobody's, one not checked yet."""
    folder.mkdir(parents=True, exist_ok=True)
    columns = "request_id, kind, customer_id, email, source_record, field, value, received_at, is_identity_checked"
    rows = (
        f"select 'form-1', 'erase', null, 'somebody.else@example.org', null, null, null, '{_stamp(cutoff)}T08:00:00', true "
        f"union all (select 'form-2', 'export', null, trim(lower(email)), null, null, null, '{_stamp(cutoff)}T09:00:00', false from record "
        "where system = 'webshop' and email is not null order by key limit 1)"
    )
    sql = f"select * from ({rows}) t({columns})" + ("" if since == 0 else " limit 0")
    return {"requests": _copy(con, sql, folder / f"requests_{_stamp(cutoff)}.csv")}
