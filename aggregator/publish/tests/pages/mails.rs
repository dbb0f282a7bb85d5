//! What mails say: the text parts of every kind.

use crate::messages::{all, links};
use skerry_publish::messages::{Content, MailParts};

fn mails(language: &str) -> Vec<(&'static str, MailParts)> {
    let zone = if language == "de" { "Europe/Berlin" } else { "Etc/UTC" };
    let mail = |content: &Content| content.mail(&links(), Some("Payments"));
    all(language, zone).iter().map(|(name, content)| (*name, mail(content))).collect()
}

/// The foot of all but what asks for something.
const FOOT: &str = "--
You asked Northwind status for updates on Payments.
Change what you hear about:
https://status.northwind.example/subscriptions/3hT9xQm2
Stop all updates: https://status.northwind.example/unsubscribe/8kWq41Zs
All times in UTC.
";

#[test]
fn the_text_part_says_state_title_facts_text_and_where_to_read_on() {
    let table = [
        (
            "incident",
            "Card payments declined",
            "MAJOR OUTAGE, INVESTIGATING
Card payments declined
Since 14:02 UTC, Fri 20 Nov. Affects Card payments.

We see card payments failing.

See the incident:
https://status.northwind.example/incidents/incident0001
",
        ),
        (
            "update",
            "Re: Card payments declined",
            "MAJOR OUTAGE, IDENTIFIED
Card payments declined
Since 14:02 UTC, Fri 20 Nov. Affects Card payments, Refunds, Payouts.

Our card processor refuses connections from one of our two data centres.
We are moving all card traffic to the other; about half has moved, and
those payments go through.

Earlier
14:20 Investigating. Most card payments have failed since 14:02.
14:06 Investigating. We see card payments failing.

See the incident:
https://status.northwind.example/incidents/incident0001
",
        ),
        (
            "resolved",
            "Re: Card payments declined",
            "RESOLVED
Card payments declined
Major outage for 3 h 5 min, 14:02 to 17:07 UTC, Fri 20 Nov. Affected
Card payments, Refunds, Payouts.

Card payments have gone through without error for 30 minutes. No
customer was charged twice.

See what happened:
https://status.northwind.example/incidents/incident0001
",
        ),
        (
            "postmortem",
            "Re: Card payments declined",
            "POSTMORTEM
Card payments declined
Major outage for 3 h 5 min, 14:02 to 17:07 UTC, Fri 20 Nov. Affected
Card payments, Refunds, Payouts.

For 3 hours our card processor refused connections from one of our two
data centres, because a certificate there had not been renewed.

What we change

- Certificates are renewed 30 days before they end.
- Card traffic moves to the other data centre by itself. See our plan
(https://northwind.example/plan).

Read the postmortem:
https://status.northwind.example/incidents/incident0001#postmortem
",
        ),
    ];
    check(&table);
}

#[test]
fn maintenance_is_told_from_its_plan_to_its_end() {
    let plan = "Database upgrade for reports
Sun 22 Nov, 02:00 to 04:00 UTC. Affects Reports, Dashboards.
";
    let link = "See the maintenance:
https://status.northwind.example/maintenance/maintenance1
";
    let subject = "Planned maintenance: Database upgrade for reports";
    let (later, entry) =
        (format!("Re: {subject}"), "The attached calendar entry follows if the time changes.\n");
    let words = "Reports and dashboards will be read-only for up to 20 minutes. Nothing
that you have stored is touched.
";
    let table = [
        ("planned", subject, format!("PLANNED MAINTENANCE\n{plan}\n{words}\n{entry}\n{link}")),
        (
            "rescheduled",
            &later,
            format!(
                "RESCHEDULED\n{plan}\nMoved from Sat 21 Nov, 02:00 to Sun 22 Nov, 02:00 UTC.\n\n{entry}\n{link}"
            ),
        ),
        ("reminder", &later, format!("STARTS IN 60 MINUTES\n{plan}\n{words}\n{entry}\n{link}")),
        (
            "in-progress",
            &later,
            format!(
                "IN PROGRESS\n{plan}\nThe maintenance has begun. It is planned to end at 04:00 UTC.\n\n{link}"
            ),
        ),
        (
            "completed",
            &later,
            format!(
                "COMPLETED
Database upgrade for reports
Sun 22 Nov, 02:00 to 03:38 UTC. Affected Reports, Dashboards.

The upgrade is done. Reports and dashboards take changes again.

{link}"
            ),
        ),
        (
            "cancelled",
            &later,
            format!(
                "CANCELLED
Database upgrade for reports
It was planned for Sun 22 Nov, 02:00 to 04:00 UTC.

The new disks did not arrive in time.

The attached entry removes it from your calendar.

{link}"
            ),
        ),
    ];
    let table: Vec<_> = table.iter().map(|(name, subject, text)| (*name, *subject, text.as_str())).collect();
    check(&table);
    for (name, mail) in mails("en") {
        let is_entry = ["planned", "rescheduled", "reminder", "in-progress", "completed", "cancelled"];
        let entries: Vec<_> = mail.attachments.iter().filter(|one| one.name == "maintenance.ics").collect();
        assert_eq!(entries.len(), usize::from(is_entry.contains(&name)), "{name}");
        for entry in entries {
            assert_eq!(entry.content_type, "text/calendar; charset=utf-8; method=PUBLISH");
            let text = String::from_utf8_lossy(&entry.content);
            for part in
                ["\r\nMETHOD:PUBLISH\r\n", "\r\nUID:", "\r\nORGANIZER;CN=\"Northwind status\":https://"]
            {
                assert!(text.contains(part), "{part} in {text}");
            }
            let status = if name == "cancelled" { "STATUS:CANCELLED" } else { "STATUS:CONFIRMED" };
            assert!(text.contains(status), "{name}: {text}");
        }
    }
}

#[test]
fn other_kinds_have_their_words() {
    let table = [
        (
            "digest",
            "Webhooks: interruptions",
            "6 SHORT INTERRUPTIONS
Webhooks
Between 14:02 and 15:58 UTC, Fri 20 Nov, 11 min in all. It is
operational now.

If it goes on changing, the next message comes once it has been steady
for 30 minutes.

See Webhooks: https://status.northwind.example/components/component006
",
        ),
        (
            "status",
            "Webhooks: degraded performance",
            "DEGRADED PERFORMANCE
Webhooks
Since 14:02 UTC, Fri 20 Nov. Before: operational.

See Webhooks: https://status.northwind.example/components/component006
",
        ),
        (
            "announcement",
            "Important: Payouts over the holidays",
            "IMPORTANT ANNOUNCEMENT
Payouts over the holidays
20 Nov to 2 Dec.

Payouts between Christmas and New Year arrive one working day later.
Nothing changes for card payments. See the calendar
(https://northwind.example/calendar).

See the announcement:
https://status.northwind.example/announcements/notice000001
",
        ),
    ];
    check(&table);
}

#[track_caller]
fn check(table: &[(&str, &str, &str)]) {
    let mails = mails("en");
    for (name, subject, text) in table {
        let (_, mail) = mails.iter().find(|(known, _)| known == name).expect("it is said");
        assert_eq!(mail.subject, *subject, "{name}");
        assert_eq!(mail.text, format!("{text}\n{FOOT}"), "{name}");
    }
}

#[test]
fn what_asks_for_something_and_the_monthly_report_are_written_whole() {
    let table = [
        (
            "confirm",
            "Confirm updates from Northwind status",
            "ONE MORE STEP
Confirm your updates: all components, all updates.

Somebody, probably you, asked Northwind status to send updates to this
address. Confirm within 24 hours:
https://status.northwind.example/subscriptions/Vn5cR7pd/confirm

You did not ask for this? Do nothing, and nothing more will be sent.
",
        ),
        (
            "manage",
            "Your updates from Northwind status",
            "YOUR LINK
Your updates

Somebody, probably you, asked Northwind status for the link to your
updates. Whoever has it can change and stop them. Change what you hear
about: https://status.northwind.example/subscriptions/3hT9xQm2

You did not ask for this? Do nothing, and nothing changes.
",
        ),
        (
            "monthly",
            "Uptime in October 2026",
            "MONTHLY REPORT
October 2026: 2 incidents.

Payments    99.89%   48 min of outage
Reporting     100%   No outage
Webhooks    99.97%   42 min of partial outage

A group shows the mean of its components.

Webhooks delivered late, 42 min
https://status.northwind.example/incidents/incident0003
Timeouts of card payments, 2 h 25 min
https://status.northwind.example/incidents/incident0002

See October 2026: https://status.northwind.example/uptime/2026-10

--
You asked Northwind status for a monthly report.
Change what you hear about:
https://status.northwind.example/subscriptions/3hT9xQm2
Stop all updates: https://status.northwind.example/unsubscribe/8kWq41Zs
All times in UTC.
",
        ),
    ];
    let mails = mails("en");
    for (name, subject, text) in table {
        let (_, mail) = mails.iter().find(|(known, _)| *known == name).expect("it is said");
        assert_eq!((mail.subject.as_str(), mail.text.as_str()), (subject, text), "{name}");
    }
    let (_, monthly) = mails.iter().find(|(name, _)| *name == "monthly").expect("it is said");
    let [table] = &monthly.attachments[..] else { panic!("one attachment") };
    assert_eq!(table.name, "uptime-2026-10.csv");
    let rows = String::from_utf8_lossy(&table.content);
    assert_eq!(rows.lines().count(), 7, "{rows}");
    let row = "component001,Payments,Card payments,99.67,100.00,2669700,0,0,8700,0,0,0";
    assert!(rows.contains(row), "{rows}");
}

#[test]
fn german_pages_write_german() {
    let mails = mails("de");
    let mail = |name: &str| &mails.iter().find(|(known, _)| *known == name).expect("it is said").1;
    assert_eq!(
        mail("update").text,
        "AUSFALL, URSACHE GEFUNDEN
Card payments declined
Seit Fr., 20. Nov., 15:02 Uhr MEZ. Betrifft Card payments, Refunds,
Payouts.

Our card processor refuses connections from one of our two data centres.
We are moving all card traffic to the other; about half has moved, and
those payments go through.

Zuvor
15:20 Wird untersucht. Most card payments have failed since 14:02.
15:06 Wird untersucht. We see card payments failing.

Zur Störung: https://status.northwind.example/incidents/incident0001

--
Sie haben bei Northwind status Meldungen zu Payments angefordert.
Meldungen ändern:
https://status.northwind.example/subscriptions/3hT9xQm2
Alle Meldungen beenden:
https://status.northwind.example/unsubscribe/8kWq41Zs
Alle Zeiten in Europe/Berlin.
"
    );
    let resolved = &mail("resolved").text;
    assert!(
        resolved.starts_with("BEHOBEN\nCard payments declined\nAusfall (3 Std. 5 Min.), Fr., 20. Nov., "),
        "{resolved}"
    );
    assert_eq!(mail("planned").subject, "Geplante Wartung: Database upgrade for reports");
    assert_eq!(mail("monthly").subject, "Verfügbarkeit im Oktober 2026");
    assert!(mail("update").html.contains("<html lang=\"de\" dir=\"ltr\">"));
}

#[test]
fn html_opens_with_the_state_and_loads_nothing() {
    for language in ["en", "de"] {
        for (name, mail) in mails(language) {
            let html = &mail.html;
            for never in ["<script", "<img", "src=", "<link", "url(", "@import", "<!--"] {
                assert!(!html.contains(never), "{never} in {name}");
            }
            for (kind, number) in [("<h1", 1), ("</html>", 1), ("class=\"b\"", 1)] {
                assert_eq!(html.matches(kind).count(), number, "{kind} in {name}");
            }
            assert!(html.len() < 16_384, "{name} has {} bytes", html.len());
        }
    }
    let mails = mails("en");
    let preview = |name: &str| {
        let (_, mail) = mails.iter().find(|(known, _)| *known == name).expect("it is said");
        let (_, rest) = mail.html.split_once("mso-hide:all\">").expect("a preview");
        rest.split_once("</div>").expect("its end").0.to_owned()
    };
    assert!(preview("update").starts_with("Major outage: identified. Our card processor refuses"));
    assert!(preview("resolved").starts_with("Resolved after 3 h 5 min. Card payments have gone"));
}

#[test]
fn lines_have_at_most_72_columns_unless_an_address_is_longer() {
    for language in ["en", "de"] {
        for (name, mail) in mails(language) {
            assert!(mail.text.ends_with('\n') && !mail.text.contains('\r'), "{name}");
            assert!(!mail.text.contains(['\u{a0}', '\u{2068}', '\u{ad}']), "{name}");
            for line in mail.text.lines() {
                let fits = line.chars().count() <= 72;
                let labelled = line.split_once(": https://").is_some();
                assert!(fits || line.starts_with("https://") || labelled, "{name}: {line}");
                assert!(!line.ends_with(' '), "{name}: {line}");
            }
        }
    }
}
