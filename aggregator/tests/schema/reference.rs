//! Reads the tables of `docs/configuration.md` and compares each row with what the reader knows of its key.

use crate::text;
use skerry_protocol::strict::{Form, Scalar, Shape, show_duration};

/// The row of one key.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) kind: String,
    pub(crate) default: String,
    pub(crate) meaning: String,
}

/// Finds the row of a key. `top` is the reference's name of the top of the file, and `kind` the type of check: its own
/// table comes first, then the common one, then those of other types that share the key.
pub(crate) fn row(top: &str, section: &str, key: &str, kind: &str) -> Option<Row> {
    // A group inside a group has the keys of a group, and a component the same wherever it stands.
    let section =
        section.replace("page.group.group", "page.group").replace("page.group.component", "page.component");
    let heading = format!("### `{}`\n", if section.is_empty() { top } else { &section });
    let reference = text("docs/configuration.md");
    let chapter =
        reference.split("\n#").map(|part| format!("#{part}")).find(|part| part.starts_with(&heading))?;
    let own = chapter.split("\nOf `type").find(|part| part.starts_with(&format!(" = \"{kind}\"`")));
    let parts = own.into_iter().chain([chapter.as_str()]);
    let line = parts.flat_map(str::lines).find(|line| line.starts_with(&format!("| `{key}` |")))?;
    let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
    let [_, kind, default, meaning] = cells.as_slice() else { return None };
    Some(Row { kind: (*kind).to_owned(), default: (*default).to_owned(), meaning: (*meaning).to_owned() })
}

/// The differences between the row and the reader.
pub(crate) fn differences(row: &Row, shape: &Shape) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut must = |right: bool, what: String| {
        if !right {
            wrong.push(format!("{what}, not {row:?}"));
        }
    };
    let words =
        |names: &[&str]| names.iter().map(|name| format!("`\"{name}\"`")).collect::<Vec<_>>().join(", ");
    match &shape.form {
        Form::Integer { low, high } => {
            let range = format!("{} to {}", thousands(*low), thousands(*high));
            must(row.kind.contains(&range), format!("the range is {range}"));
        }
        Form::Boolean => must(row.kind == "boolean", "it is a boolean".to_owned()),
        Form::Choice(names) => must(row.kind == words(names), format!("the choices are {}", words(names))),
        Form::Duration => must(row.kind.starts_with("duration"), "it is a duration".to_owned()),
        Form::Date => must(row.kind == "date", "it is a date".to_owned()),
        Form::Table => must(row.kind.starts_with("table"), "it is a table".to_owned()),
        Form::Tables | Form::Strings | Form::List => {
            must(row.kind.starts_with("list of "), "it is a list".to_owned());
        }
        Form::Number => must(row.kind.starts_with("number"), "it is a number".to_owned()),
        Form::Any | Form::String | Form::Text => {}
    }
    if let Some((low, high)) = shape.bounds {
        let range = format!("`{}` to `{}`", show_duration(low), show_duration(high));
        must(row.kind.contains(&range), format!("its bounds are {range}"));
    }
    if let Some(longest) = shape.longest.filter(|_| row.kind.starts_with("string")) {
        must(row.kind.ends_with(&thousands(longest as u64)), format!("it has at most {longest} characters"));
    }
    if shape.required {
        must(row.default == "required", "it is required".to_owned());
    }
    if let Some(default) = shape.default.as_ref().map(literal) {
        must(row.default == format!("`{default}`"), format!("the default is {default}"));
    }
    wrong
}

/// The value as TOML.
pub(crate) fn literal(value: &Scalar) -> String {
    match value {
        Scalar::String(text) => format!("\"{text}\""),
        Scalar::Integer(number) => number.to_string(),
        Scalar::Float(number) => number.to_string(),
        Scalar::Boolean(value) => value.to_string(),
    }
}

/// `1,000`
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
