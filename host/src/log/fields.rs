//! Formats the fields of a line: `key=value`, quoted if necessary, omitted if empty.

use std::fmt::{self, Debug};
use tracing::field::{Field, Visit};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::Writer;

/// Writes them.
pub(super) struct Fields;

impl<'w> FormatFields<'w> for Fields {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'w>, fields: R) -> fmt::Result {
        let mut line = Line { writer, begun: false, written: Ok(()) };
        fields.record(&mut line);
        line.written
    }
}

/// The line being written.
struct Line<'w> {
    writer: Writer<'w>,
    begun: bool,
    written: fmt::Result,
}

impl Line<'_> {
    fn put(&mut self, field: &Field, value: &str) {
        if self.written.is_err() || value.is_empty() {
            return;
        }
        let blank = if std::mem::replace(&mut self.begun, true) { " " } else { "" };
        let (name, colours) = (field.name(), self.writer.has_ansi_escapes());
        self.written = match name {
            "message" => write!(self.writer, "{blank}{value}"),
            _ if colours => write!(self.writer, "{blank}\u{1b}[3m{name}\u{1b}[0m\u{1b}[2m=\u{1b}[0m{value}"),
            _ => write!(self.writer, "{blank}{name}={value}"),
        };
    }
}

impl Visit for Line<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.put(field, value);
        } else {
            self.put(field, &quoted(value));
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let text = format!("{value:?}");
        if field.name() == "message" || is_quoted(&text) {
            self.put(field, &text);
        } else {
            self.put(field, &quoted(&text));
        }
    }
}

/// Quotes a value whose end would be ambiguous.
fn quoted(value: &str) -> String {
    let plain = |one: char| !one.is_whitespace() && !one.is_control() && !matches!(one, '"' | '=');
    if value.chars().all(plain) {
        return value.to_owned();
    }
    let mut text = String::with_capacity(value.len() + 8);
    text.push('"');
    for one in value.chars() {
        match one {
            '"' | '\\' => text.extend(['\\', one]),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            _ => text.push(one),
        }
    }
    text.push('"');
    text
}

/// Whether it is one quoted text already, not just a text that begins and ends with a quote.
fn is_quoted(text: &str) -> bool {
    let Some(inner) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else { return false };
    let mut escaped = false;
    for one in inner.chars() {
        if one == '"' && !escaped {
            return false;
        }
        escaped = one == '\\' && !escaped;
    }
    !escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;
    use std::sync::{Arc, Mutex, PoisonError};

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The lines logged by `log`.
    fn logged(log: impl FnOnce()) -> String {
        let kept = Kept::default();
        let writer = kept.clone();
        let subscriber = tracing_subscriber::fmt()
            .fmt_fields(Fields)
            .with_target(false)
            .without_time()
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, log);
        String::from_utf8(kept.0.lock().unwrap_or_else(PoisonError::into_inner).clone()).expect("text")
    }

    #[test]
    fn a_value_is_quoted_where_it_needs_it_and_left_out_where_it_is_empty() {
        let line = logged(|| {
            let (check, empty, said) = ("My shop", "", "a \"b\" = c");
            let none: Option<&str> = None;
            tracing::info!(%check, plain = "web", count = 3, %empty, also = "", none, said, ok = true, "what a message says = \"so\"");
        });
        let expected = " INFO what a message says = \"so\" check=\"My shop\" plain=web count=3 said=\"a \\\"b\\\" = c\" ok=true\n";
        assert_eq!(line, expected);
    }

    #[test]
    fn debugged_and_displayed_values_end_where_they_end() {
        let line = logged(|| {
            let list = ["a", "b"];
            let both = "\"a\" and \"b\"";
            tracing::warn!(?list, text = ?"two words", %both, name = ?"web", "said");
        });
        let expected = " WARN said list=\"[\\\"a\\\", \\\"b\\\"]\" text=\"two words\" both=\"\\\"a\\\" and \\\"b\\\"\" name=\"web\"\n";
        assert_eq!(line, expected);
    }
}
