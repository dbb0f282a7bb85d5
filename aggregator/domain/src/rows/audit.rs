//! What somebody changed: the rows of settings that a step touched, as they were and as they are. Credentials are bytes,
//! and no bytes stand in it; people stand in it by their ids.

use super::declared::{AuditRow, Row};
use super::settings;
use super::value::Value;
use super::{Write, holds};
use crate::state::{State, WorkspaceKey};
use crate::step::Touched;
use crate::time::Timestamp;
use std::fmt::Write as _;

/// Who asks for a step, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// Whoever it is: a person's or a token's id, `file`, `cli:` with a user's id.
    pub actor: String,
    /// What was asked for.
    pub action: String,
    /// The address that it came from.
    pub source: Option<String>,
    /// The id of the request.
    pub request: Option<String>,
}

/// A row for each setting that is another now; `before` is the state as it was.
pub(crate) fn audit(
    before: &State,
    state: &mut State,
    touched: &Touched,
    author: &Author,
    now: Timestamp,
) -> Vec<Write> {
    let former = rows_of(before, touched);
    let present = rows_of(state, touched);
    let mut writes = Vec::new();
    for (former, present) in former.into_iter().zip(present) {
        if former == present {
            continue;
        }
        let Some((workspace, object, object_key)) = present.as_ref().or(former.as_ref()).map(named) else {
            continue;
        };
        state.counters.audit += 1;
        let row = AuditRow {
            workspace,
            number: state.counters.audit,
            at_ms: now,
            actor: author.actor.clone(),
            action: author.action.clone(),
            object: object.to_owned(),
            object_key: Some(object_key),
            before: former.as_ref().map(json),
            after: present.as_ref().map(json),
            source: author.source.clone(),
            request: author.request.clone(),
        };
        writes.push(Write::Append(row.into()));
    }
    writes
}

/// The rows of what was touched that somebody sets, in an order that depends on what was touched alone.
fn rows_of(state: &State, touched: &Touched) -> Vec<Option<Row>> {
    let workspaces = touched.workspaces.iter().map(|key| settings::workspace_row(state, *key).map(Row::from));
    let agents = touched.agents.iter().map(|key| settings::agent_row(state, *key).map(Row::from));
    let checks = touched.checks.iter().map(|key| settings::check_row(state, *key).map(Row::from));
    let heartbeats = touched.heartbeats.iter().map(|key| settings::heartbeat_row(state, *key).map(Row::from));
    let pages = touched.pages.iter().map(|key| settings::page_row(state, *key).map(Row::from));
    let groups = touched.groups.iter().map(|key| settings::group_row(state, *key).map(Row::from));
    let components = touched.components.iter().map(|key| settings::component_row(state, *key).map(Row::from));
    let holds = touched.holds.iter().map(|(of, key)| holds::hold_row(state, *of, *key).map(Row::from));
    let windows = touched.windows.keys().map(|key| holds::window_row(state, *key).map(Row::from));
    workspaces
        .chain(agents)
        .chain(checks)
        .chain(heartbeats)
        .chain(pages)
        .chain(groups)
        .chain(components)
        .chain(holds)
        .chain(windows)
        .collect()
}

/// Its workspace, table and key.
fn named(row: &Row) -> (WorkspaceKey, &'static str, i64) {
    let table = row.table();
    row.bind(|values| {
        let number = |index: usize| match values[index] {
            Value::Integer(number) => number,
            _ => 0,
        };
        (WorkspaceKey(number(0)), table.name, number(table.key - 1))
    })
}

/// A row as an object of JSON, its workspace and all bytes left out.
fn json(row: &Row) -> String {
    let table = row.table();
    let mut text = String::from("{");
    row.bind(|values| {
        for (column, value) in table.columns.iter().zip(values) {
            if column.name == "workspace" || matches!(value, Value::Bytes(_)) {
                continue;
            }
            if text.len() > 1 {
                text.push(',');
            }
            quote(&mut text, column.name);
            text.push(':');
            match value {
                Value::Integer(number) => {
                    let _ = write!(text, "{number}");
                }
                Value::Text(said) => quote(&mut text, said),
                Value::Null | Value::Bytes(_) => text.push_str("null"),
            }
        }
    });
    text.push('}');
    text
}

/// A string of JSON (RFC 8259 §7).
fn quote(text: &mut String, said: &str) {
    text.push('"');
    for character in said.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            control if control < ' ' => {
                let _ = write!(text, "\\u{:04x}", u32::from(control));
            }
            other => text.push(other),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::step::{Answer, Command, Context, Ids, step, step_audited};

    fn by(action: &str) -> Author {
        let (actor, action) = ("cli:0".to_owned(), action.to_owned());
        Author { actor, action, source: None, request: Some("r-1".to_owned()) }
    }

    fn audited(writes: &[Write]) -> Vec<AuditRow> {
        let row = |write: &Write| match write {
            Write::Append(Row::Audit(row)) => Some((**row).clone()),
            _ => None,
        };
        writes.iter().filter_map(row).collect()
    }

    #[test]
    fn what_somebody_changes_stands_in_the_audit_as_it_was_and_as_it_is() {
        let mut state = State::default();
        let context = Context { now: Timestamp(5), ids: Ids::from_seed([1; 32]) };
        let add = |location: &str| Command::AddAgent {
            workspace: "default".to_owned(),
            name: "a \"quoted\"\n\u{1} name".to_owned(),
            location: location.to_owned(),
        };
        let made = step_audited(&mut state, add("here"), context, &by("add agent")).expect("taken");
        assert!(matches!(made.answer, Answer::Agent(_)));
        let rows = audited(&made.rows);
        assert_eq!(rows.iter().map(|row| row.object.as_str()).collect::<Vec<_>>(), ["workspace", "agent"]);
        assert_eq!((rows[1].before.as_deref(), rows[1].number, rows[1].at_ms), (None, 2, Timestamp(5)));
        let after = rows[1].after.clone().expect("it is there");
        assert!(after.contains(r#""name":"a \"quoted\"\n\u0001 name","location":"here""#), "{after}");

        let moved = step_audited(&mut state, add("there"), context, &by("move agent")).expect("taken");
        let rows = audited(&moved.rows);
        assert_eq!((rows.len(), rows[0].before.as_ref(), rows[0].number), (1, Some(&after), 3));
        assert_eq!((rows[0].actor.as_str(), rows[0].request.as_deref()), ("cli:0", Some("r-1")));
        let same = step_audited(&mut state, add("there"), context, &by("move agent")).expect("taken");
        assert!(audited(&same.rows).is_empty(), "nothing changed");
        let unsigned = step(&mut state, add("elsewhere"), context).expect("taken");
        assert!(audited(&unsigned.rows).is_empty(), "nobody asked");
    }
}
