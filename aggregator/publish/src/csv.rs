//! `uptime.csv`: the figures of the uptime page and the seconds that they are computed from, one row for each component
//! that shows its uptime (RFC 4180). Groups have no rows: the figure of a group is the truncated mean of the figures of all
//! components below it before those are truncated. `group` is the group that a component stands in.

use super::html::figure_of;
use super::view::{ComponentView, Item, Month, PageView};
use skerry_domain::uptime::{Figure, Tally};

/// The `Content-Type`.
pub const CONTENT_TYPE: &str = "text/csv; charset=utf-8; header=present";

/// `uptime_…` and `coverage_…` are truncated to two decimals; uptime is empty if nothing was observed. Coverage is the
/// observed share of the watched time. `…_seconds` cover the last 90 days, are exact to the millisecond, and add up to
/// the time elapsed in those days.
const COLUMNS: [&str; 18] = [
    "id",
    "group",
    "name",
    "uptime_24h_percent",
    "uptime_7d_percent",
    "uptime_30d_percent",
    "uptime_90d_percent",
    "coverage_24h_percent",
    "coverage_7d_percent",
    "coverage_30d_percent",
    "coverage_90d_percent",
    "operational_seconds",
    "degraded_performance_seconds",
    "partial_outage_seconds",
    "major_outage_seconds",
    "under_maintenance_seconds",
    "no_data_seconds",
    "not_watched_seconds",
];

/// Renders the file.
///
/// # Errors
/// None in practice: it is written to memory, and every row is as wide as the header.
pub fn render(view: &PageView) -> csv::Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    write_all(&mut writer, "", &view.items)?;
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}

fn write_all(writer: &mut csv::Writer<Vec<u8>>, group: &str, items: &[Item]) -> csv::Result<()> {
    items.iter().try_for_each(|item| match item {
        Item::Component(component) => write(writer, group, component),
        Item::Group(inner) => write_all(writer, &inner.name, &inner.children),
    })
}

/// The same of a month. Shares are truncated to two decimals; uptime is empty if nothing was observed.
const MONTH_COLUMNS: [&str; 12] = [
    "id",
    "group",
    "name",
    "uptime_percent",
    "coverage_percent",
    "operational_seconds",
    "degraded_performance_seconds",
    "partial_outage_seconds",
    "major_outage_seconds",
    "under_maintenance_seconds",
    "no_data_seconds",
    "not_watched_seconds",
];

/// Renders the figures of a month, one row for each component that shows its uptime. The view has the past of that month.
///
/// # Errors
/// As [`render`].
pub(crate) fn of_month(view: &PageView, month: Month) -> csv::Result<Vec<u8>> {
    let mut rows = Vec::new();
    collect(&mut rows, "", &view.items);
    let row = |(group, component): (&str, &ComponentView)| {
        let Figure { hundredths, coverage, tally, .. } = figure_of(component, month, view);
        let [operational, degraded, partial, major, maintenance, no_data, unwatched] = seconds(&tally);
        let uptime = hundredths.map(percent).unwrap_or_default();
        [
            component.id.clone(),
            group.to_owned(),
            component.name.clone(),
            uptime,
            percent(coverage),
            operational,
            degraded,
            partial,
            major,
            maintenance,
            no_data,
            unwatched,
        ]
    };
    table(MONTH_COLUMNS, rows.into_iter().map(row))
}

/// The components that show their uptime, with the names of their groups.
fn collect<'a>(rows: &mut Vec<(&'a str, &'a ComponentView)>, group: &'a str, items: &'a [Item]) {
    for item in items {
        match item {
            Item::Component(component) => rows.extend(component.showcase.then_some((group, component))),
            Item::Group(inner) => collect(rows, &inner.name, &inner.children),
        }
    }
}

/// Renders a table in the format of [`render`] for the tools of operators. Cells that a spreadsheet would run as a
/// formula become text.
///
/// # Errors
/// As [`render`].
pub fn table<const COLUMNS: usize>(
    columns: [&str; COLUMNS],
    rows: impl Iterator<Item = [String; COLUMNS]>,
) -> csv::Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(columns)?;
    for row in rows {
        writer.write_record(row.iter().map(|cell| text(cell)))?;
    }
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}

fn write(writer: &mut csv::Writer<Vec<u8>>, group: &str, component: &ComponentView) -> csv::Result<()> {
    if !component.showcase {
        return Ok(());
    }
    let windows = &component.windows;
    let [.., Figure { tally, .. }] = windows;
    let mut row = vec![component.id.clone(), text(group), text(&component.name)];
    row.extend(windows.iter().map(|figure| figure.hundredths.map(percent).unwrap_or_default()));
    row.extend(windows.iter().map(|figure| percent(figure.coverage)));
    row.extend(seconds(tally));
    writer.write_record(row)
}

/// The seconds in the order of the columns.
fn seconds(tally: &Tally) -> [String; 7] {
    [
        tally.operational,
        tally.degraded,
        tally.partial,
        tally.major,
        tally.maintenance,
        tally.no_data,
        tally.unwatched,
    ]
    .map(decimal_seconds)
}

/// A spreadsheet runs text that begins with one of these characters as a formula; an apostrophe prevents that.
fn text(name: &str) -> String {
    let runs = name.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    if runs { format!("'{name}") } else { name.to_owned() }
}

/// Formats 9_989 as `99.89`.
fn percent(hundredths: u32) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

fn decimal_seconds(milliseconds: i64) -> String {
    match (milliseconds / 1_000, milliseconds % 1_000) {
        (seconds, 0) => seconds.to_string(),
        (seconds, rest) => format!("{seconds}.{rest:03}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{component, group, page};
    use super::*;
    use skerry_domain::status::Status;

    #[test]
    fn a_row_has_figures_coverage_and_seconds() {
        let file =
            render(&page(vec![Item::Component(component("aaa", Status::Operational))])).expect("written");
        let file = String::from_utf8(file).expect("UTF-8");
        let mut lines = file.split("\r\n");
        assert_eq!(lines.next(), Some(COLUMNS.join(",").as_str()));
        let row = "aaa,,Component aaa,99.89,99.89,99.89,99.89,99.50,99.50,99.50,99.50,\
                   7765000.500,0,0,8000,0,3,0";
        assert_eq!(lines.next(), Some(row));
        assert_eq!((lines.next(), lines.next()), (Some(""), None));
    }

    #[test]
    fn hostile_names_stay_in_one_text_cell_and_can_be_read_back() {
        let names =
            ["=HYPERLINK(\"//x\")", "+1", "-1", "@SUM(A1)", "\t=1", "a,b", "line\r\nbreak", "Größe \"x\""];
        let children = names.iter().map(|name| {
            let mut child = component("aaa", Status::Operational);
            (*name).clone_into(&mut child.name);
            child
        });
        let mut parent = group("g", children.collect());
        parent.name = "=1+1".into();
        let file = render(&page(vec![Item::Group(parent)])).expect("written");
        let mut reader = csv::Reader::from_reader(file.as_slice());
        for (row, name) in reader.records().zip(names) {
            let row = row.expect("RFC 4180");
            assert_eq!(&row[1], "'=1+1");
            assert_eq!(row[2].strip_prefix('\'').unwrap_or(&row[2]), name);
            assert!(!row[2].starts_with(['=', '+', '-', '@', '\t', '\r']), "{name}");
        }
    }

    #[test]
    fn uptime_is_empty_without_observations_and_hidden_uptime_has_no_row() {
        let mut unseen = component("aaa", Status::Operational);
        unseen.windows[0].hundredths = None;
        let mut hidden = component("bbb", Status::Operational);
        hidden.showcase = false;
        let file = render(&page(vec![Item::Component(unseen), Item::Component(hidden)])).expect("written");
        let file = String::from_utf8(file).expect("UTF-8");
        assert!(file.contains("\r\naaa,,Component aaa,,99.89,"), "{file}");
        assert!(!file.contains("bbb"));
    }
}
