//! A database written by a former release opens with the same ids, tokens, bars and figures.

use skerry_domain::correction::Correction;
use skerry_domain::credentials::{Standing, token_hash};
use skerry_domain::holds::Source;
use skerry_domain::interval::Interval;
use skerry_domain::layers::effective;
use skerry_domain::maintenance::MaintenanceStatus;
use skerry_domain::state::{ComponentKey, WindowKey};
use skerry_domain::status::{Effective, Status};
use skerry_domain::step::{Answer, Command, Context, Ids, NewWindow, step};
use skerry_domain::time::Timestamp;
use skerry_domain::uptime::Tally;
use skerry_domain::workspaces::Workspaces;
use skerry_publish::build::page_view;
use skerry_publish::csv;
use skerry_publish::view::ComponentView;
use skerry_store::Store;
use std::collections::BTreeSet;

const SCHEMA_6: &str = include_str!("../../tests/fixtures/databases/schema-6.sql");
/// Ids, `uptime.csv` and the days of every page at [`NOW`], as that release showed them, except for two figures of the
/// page "theirs", whose windows are complete now as on Statuspage (98.80 before).
const SHOWN: &str = include_str!("../../tests/fixtures/databases/schema-6.txt");
/// The last instant of the fixture.
const NOW: Timestamp = Timestamp(1_791_676_260_000);

fn migrated() -> (tempfile::TempDir, Store) {
    migrated_with("")
}

/// Adds rows that the release could have written.
fn migrated_with(rows: &str) -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("skerry.db");
    let former = rusqlite::Connection::open(&path).expect("opens");
    former.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())).expect("as a program of ours opens it");
    former.execute_batch(SCHEMA_6).expect("loads");
    former.execute_batch(rows).expect("they fit");
    drop(former);
    let store = Store::open(&path).expect("migrates");
    (folder, store)
}

/// The contents of all pages as text.
fn shown(workspaces: &Workspaces) -> String {
    let mut text = String::new();
    let all = workspaces.iter().flat_map(|(_, state)| state.pages.iter().map(move |one| (state, one)));
    for (state, (key, page)) in all {
        let view = page_view(state, *key, "https://status.example.org", NOW).expect("it is not archived");
        text += &format!("== page {} {}\n", page.key, view.id);
        text += &String::from_utf8(csv::render(&view).expect("renders")).expect("text").replace("\r\n", "\n");
        for component in view.components() {
            text += &days(component);
        }
    }
    text
}

/// A line for each day with time that was neither operational nor unwatched.
fn days(component: &ComponentView) -> String {
    let line = |(date, tally): (_, Tally)| {
        let Tally { operational, degraded, partial, major, maintenance, no_data, unwatched, unseen: _ } =
            tally;
        let told = degraded + partial + major + maintenance + no_data > 0;
        told.then(|| {
            format!(
                "{} {date} operational {operational} degraded {degraded} partial {partial} major {major} \
                 maintenance {maintenance} no data {no_data} unwatched {unwatched}\n",
                component.id
            )
        })
    };
    component.days.iter().filter_map(|day| line((day.date, day.tally))).collect()
}

#[test]
fn every_page_shows_the_same_as_before() {
    let (_folder, store) = migrated();
    let shown = shown(&store.load(NOW).expect("loads"));
    assert_eq!(shown, SHOWN, "\n{shown}");
}

/// The former manual and planned layers become holds of people and windows, with the same effect.
#[test]
fn manual_and_planned_layers_become_holds_and_windows() {
    let hour = 3_600_000;
    let begins = NOW.0 - 20 * hour;
    let (first, second, third) = (begins, begins + 2 * hour, begins + 10 * hour);
    let (_folder, store) = migrated_with(&format!(
        "INSERT INTO status_interval VALUES (1, 10, 'planned', {first}, {}, 'under_maintenance');
         INSERT INTO status_interval VALUES (1, 10, 'planned', {second}, {}, 'under_maintenance');
         INSERT INTO status_interval VALUES (1, 5, 'planned', {first}, {}, 'under_maintenance');
         INSERT INTO status_interval VALUES (1, 10, 'manual', {third}, {}, 'major_outage');",
        first + 4 * hour,
        second + 4 * hour,
        first + hour,
        i64::MAX
    ));
    let by_hand = ComponentKey(10);
    let workspaces = store.load(NOW).expect("loads");
    let (_, state) = workspaces.iter().find(|(_, one)| one.components.contains_key(&by_hand)).expect("kept");
    let mut state = state.clone();
    let holds = &state.components[&by_hand].holds;
    let found: Vec<_> =
        holds.iter().map(|one| (one.key.0, one.source, one.status, one.from.0, one.to.0)).collect();
    let person = Source::Person;
    assert_eq!(
        found,
        [
            (1, person, Status::PartialOutage, 1_791_526_200_000, 1_791_537_000_000),
            (2, person, Status::UnderMaintenance, 1_791_612_600_000, 1_791_616_200_000),
            (3, person, Status::MajorOutage, third, i64::MAX),
        ]
    );
    let ids: BTreeSet<&str> = workspaces
        .iter()
        .flat_map(|(_, one)| one.windows.values())
        .map(|window| window.id.as_str())
        .collect();
    assert!(ids.len() == 3 && ids.iter().all(|id| id.len() == 12), "{ids:?}");
    let layers = &state.components[&by_hand].layers;
    let days = effective(layers, Timestamp(first - 1), NOW);
    let found: Vec<_> = days.iter().map(|one| (one.value, one.from.0)).collect();
    let known = Effective::Known;
    assert_eq!(
        found,
        [
            (known(Status::Operational), first - 1),
            (known(Status::UnderMaintenance), first),
            (known(Status::Operational), second + 4 * hour),
            (known(Status::MajorOutage), third),
        ]
    );
    // What is over is noted by the first tick.
    let context = Context { now: NOW, ids: Ids::from_seed([1; 32]) };
    step(&mut state, Command::Tick, context).expect("taken");
    let window = &state.windows[&WindowKey(3)];
    assert_eq!(Some(state.components[&by_hand].page), window.page);
    let ended = second + 4 * hour;
    let told = (window.status, window.started_at, window.completed_at);
    let completed = MaintenanceStatus::Completed;
    assert_eq!(told, (completed, Some(Timestamp(second)), Some(Timestamp(ended))));
    // New keys and ids follow the migrated ones.
    let plan = Command::PlanWindow(Box::new(NewWindow::over(vec![by_hand], NOW, NOW + hour)));
    let planned = step(&mut state, plan, context).expect("taken");
    assert_eq!(planned.answer, Answer::Window(WindowKey(4)));
}

/// The former corrected layer becomes corrections, with the same effect.
#[test]
fn the_corrected_layer_becomes_corrections() {
    let (from, to) = (NOW - 3_600_000, NOW - 1_800_000);
    let (_folder, store) = migrated_with(&format!(
        "INSERT INTO status_interval VALUES (1, 10, 'corrected', {}, {}, 'partial_outage');",
        from.0, to.0
    ));
    let by_hand = ComponentKey(10);
    let workspaces = store.load(NOW).expect("loads");
    let (_, state) = workspaces.iter().find(|(_, one)| one.components.contains_key(&by_hand)).expect("kept");
    let corrections: Vec<_> = state.corrections_of(by_hand).map(|(_, one)| one).collect();
    assert_eq!(corrections.len(), 1);
    let Correction { from: begins, to: ends, status, undone, .. } = corrections[0];
    assert_eq!((*begins, *ends, *status, undone), (from, to, Status::PartialOutage, &None));
    let layers = &state.components[&by_hand].layers;
    assert_eq!(layers.corrected[..], [Interval { from, to, value: Status::PartialOutage }]);
}

#[test]
fn tokens_stay_valid() {
    let (_folder, store) = migrated();
    let workspaces = store.load(NOW).expect("loads");
    let token = |name: &str| {
        let mut words =
            SCHEMA_6.lines().take_while(|line| line.starts_with("--")).flat_map(str::split_whitespace);
        words.find(|word| *word == name).expect("the head of the fixture names it");
        words.find(|word| word.starts_with("ska_")).expect("its token stands behind it")
    };
    for (name, standing, former) in [
        ("fra-1", Some(Standing::Active), None),
        ("ams-2", Some(Standing::Active), Some("ams-1")),
        ("gone-1", None, None),
    ] {
        let found = workspaces.agent_of(&token_hash(token(name))).map(|(_, agent)| agent);
        let is = found.map(|one| (one.name.as_str(), one.standing, one.former_name.as_deref()));
        assert_eq!(is, standing.map(|standing| (name, standing, former)));
    }
    let mut known: Vec<_> = workspaces
        .iter()
        .flat_map(|(_, one)| one.agents.values())
        .map(|one| (one.name.as_str(), one.location.as_str()))
        .collect();
    known.sort_unstable();
    assert_eq!(
        known,
        [
            ("aggregator (heartbeats)", "aggregator"),
            ("ams-2", "ams"),
            ("fra-1", "fra"),
            ("gone-1", "osl"),
            ("new-1", "osl"),
            ("old-1", "lon")
        ]
    );
    assert_eq!(store.heartbeat_tokens().expect("read").len(), 1);
}

/// No table grows for ever: `ARCHITECTURE.md` names what deletes the rows of each.
#[test]
fn architecture_md_names_what_deletes_the_rows_of_every_table() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("skerry.db");
    drop(Store::open(&path).expect("a new database"));
    let database = rusqlite::Connection::open(&path).expect("opens");
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'";
    let mut statement = database.prepare(sql).expect("a schema");
    let tables = statement.query_map([], |row| row.get(0)).expect("runs");
    let tables: Vec<String> = tables.collect::<Result<_, _>>().expect("names");
    assert!(tables.len() > 20, "{tables:?}");
    let text = include_str!("../../ARCHITECTURE.md");
    let owners = text.split("## What ends, and who ends it").nth(1).expect("the section is there");
    let owners = owners.split("\n## ").next().expect("it ends");
    let named: Vec<&str> = owners
        .lines()
        .filter_map(|line| line.strip_prefix("| "))
        .flat_map(|line| line.split(" | ").next().unwrap_or_default().split(", "))
        .filter_map(|name| name.trim().strip_prefix('`')?.strip_suffix('`'))
        .collect();
    for table in &tables {
        assert!(named.contains(&table.as_str()), "nobody ends the rows of {table}");
    }
    for name in named {
        assert!(tables.iter().any(|table| table == name), "there is no table {name}");
    }
}
