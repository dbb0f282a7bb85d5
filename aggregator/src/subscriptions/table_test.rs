//! Files of subscribers: our own, Statuspage's, and those with mistakes.

use super::*;

const HEADER: &str = "channel,address,components,updates,status_changes,monthly,state,created_at,confirmed_at,consent,consent_note";

/// What is wrong with a file of one line below our header.
fn fault(line: &str) -> String {
    let table = read(&format!("{HEADER}\r\n{line}\r\n"), Some("the old system")).expect("a file");
    assert_eq!((table.lines.len(), table.faults.len()), (0, 1), "{line}: {table:?}");
    table.faults[0].to_string()
}

#[test]
fn a_line_says_who_hears_of_what() {
    let text = format!(
        "\u{feff}{HEADER}\r\nemail,ada@example.com,\"Shop; Mail, inbound\",outages,true,no,active,2026-01-01T00:00:00Z,2026-01-02T00:00:00Z,form,\r\n\
         ,https://hooks.acme.com/x,,,,,,,,,\"form of the old page, \"\"beta\"\"\"\n"
    );
    let table = read(&text, None).expect("a file");
    assert_eq!(table.faults, []);
    let [first, second] = &table.lines[..] else { panic!("{table:?}") };
    assert_eq!((first.number, first.channel, first.address.reveal()), (2, Channel::Email, "ada@example.com"));
    assert_eq!(
        (&first.components[..], first.updates),
        (&["Shop".to_owned(), "Mail, inbound".to_owned()][..], Updates::Outages)
    );
    assert!(first.status_changes && !first.monthly && first.active);
    assert_eq!(first.consent_note, "form, confirmed at 2026-01-02T00:00:00Z");
    assert_eq!((second.number, second.channel), (3, Channel::Webhook));
    assert_eq!((second.components.len(), second.updates, second.active), (0, Updates::All, true));
    assert_eq!(second.consent_note, "form of the old page, \"beta\"");
}

#[test]
fn an_export_of_statuspage_is_understood() {
    let text = "Email,Type,Endpoint,Components,Created,Phone number\n\
                ada@example.com,email,,\"Shop, Mail\",2020-01-02T03:04:05Z,\n\
                ops@example.com,webhook,https://hooks.acme.com/x,,2020-01-02 03:04:05 UTC,\n\
                ,sms,,,,+1 555 0100\n";
    let table = read(text, Some("Statuspage, until 2026")).expect("a file");
    let lines: Vec<_> = table.lines.iter().map(|one| (one.channel, one.address.reveal())).collect();
    assert_eq!(lines, [(Channel::Email, "ada@example.com"), (Channel::Webhook, "https://hooks.acme.com/x")]);
    assert_eq!(table.lines[0].components, ["Shop", "Mail"]);
    assert!(table.lines[0].confirmed_at.is_some() && table.lines[1].confirmed_at.is_none());
    assert_eq!(table.faults.len(), 1);
    assert!(table.faults[0].to_string().starts_with("line 4: text messages (sms)"), "{:?}", table.faults);
}

#[test]
fn each_mistake_is_named_with_its_line_and_no_address() {
    for (line, expected) in [
        ("email,ada@example.com", "it has 2 cells, the first line has 11"),
        ("email,,,,,,,,,,", "it has no address"),
        ("ada@example.com,x,,,,,,,,,", "channel is not \"email\", "),
        ("email,ada@example.com,,some,,,,,,,", "updates is neither all nor outages"),
        ("email,ada@example.com,,,maybe,,,,,,", "status_changes is neither true nor false"),
        ("email,ada@example.com,,,,,gone,,,,", "state is not \"unconfirmed\", "),
        ("email,ada@example.com,,,,,,,yesterday,,", "confirmed_at is no time such as"),
    ] {
        let said = fault(line);
        assert!(said.starts_with(&format!("line 2: {expected}")), "{line}: {said}");
        assert!(!said.contains("ada@"), "{said}");
    }
    let silent = read(&format!("{HEADER}\nemail,ada@example.com,,,,,,,,,\n"), None).expect("a file");
    assert!(silent.faults[0].what.contains("fill consent_note"), "{silent:?}");
    for (text, expected) in [
        ("", "the first line must name the columns"),
        ("channel,adress\n", "there is no column \"adress\": did you mean \"address\"?"),
        ("address,address\n", "there are two columns \"address\""),
    ] {
        assert!(read(text, None).expect_err(text).starts_with(expected), "{text:?}");
    }
}

#[test]
fn lines_have_their_numbers_however_they_end() {
    for (text, expected) in [
        ("address\na@example.com\n\nb@example.com", [2, 4]),
        ("address\r\na@example.com\r\n\r\nb@example.com\r\n", [2, 4]),
        ("address\r\n\"a@example\r\n.com\"\r\nb@example.com\r\n", [2, 4]),
    ] {
        let table = read(text, Some("the old page")).expect("a file");
        assert_eq!(table.lines.iter().map(|line| line.number).collect::<Vec<_>>(), expected, "{text:?}");
    }
}

#[test]
fn too_many_lines_are_refused() {
    let line = "a@example.com,x\n";
    let text = |count: usize| format!("address,consent_note\n{}", line.repeat(count));
    assert_eq!(read(&text(MOST_LINES), None).expect("a file").lines.len(), MOST_LINES);
    assert!(read(&text(MOST_LINES + 1), None).expect_err("too many").contains("split it"));
}

#[test]
fn no_cell_is_a_formula_and_every_cell_comes_back() {
    for cell in ["=1+1", "+49@example.com", "-x", "@SUM(A1)", "'=x", "''+x", "'plain", "plain", "a=b", ""] {
        let mut row = [(); 11].map(|()| String::new());
        (row[1], row[10]) = ("a@example.com".to_owned(), cell.to_owned());
        let text = write(std::iter::once(row));
        assert!(text.starts_with(HEADER) && text.ends_with("\r\n"), "{text}");
        let written = text.lines().nth(1).and_then(|line| line.rsplit(',').next()).expect("a cell");
        assert!(!written.trim_start_matches('"').starts_with(FORMULA), "{cell}: {written}");
        let table = read(&text, Some("of all")).expect("a file");
        let expected = if cell.is_empty() { "of all" } else { cell };
        assert_eq!(table.lines[0].consent_note, expected, "{text}");
    }
}
