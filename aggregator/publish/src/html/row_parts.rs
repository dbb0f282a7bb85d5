//! The rows of the index, one after the other, as its template writes them.

use super::rows::{ComponentRow, Others, Row, Summary};

/// The level of the headings of groups; of a group inside another it is one more.
const HEADING: u8 = 3;

/// A part of the list.
pub(crate) enum Part<'a> {
    /// The beginning of a group; `heading` is the level of its name.
    Group {
        head: &'a Summary,
        open: bool,
        heading: u8,
    },
    /// The beginning of the operational rows of an affected group.
    Others(&'a Others),
    Component(&'a ComponentRow),
    /// The end of what began last.
    End,
}

/// The parts of these rows, in order.
pub(crate) fn parts(rows: &[Row]) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    push(rows, HEADING, &mut parts);
    parts
}

fn push<'a>(rows: &'a [Row], heading: u8, parts: &mut Vec<Part<'a>>) {
    for row in rows {
        match row {
            Row::Component(row) => parts.push(Part::Component(row)),
            Row::Group { head, open, children, others } => {
                parts.push(Part::Group { head, open: *open, heading });
                push(children, heading + 1, parts);
                if let Some(others) = others {
                    parts.push(Part::Others(others));
                    push(&others.rows, heading + 1, parts);
                    parts.push(Part::End);
                }
                parts.push(Part::End);
            }
        }
    }
}
