//! The list of agents as a table and as JSON.

use skerry_domain::credentials::Standing;
use skerry_domain::reporters::Held;
use skerry_domain::time::{DAY, MINUTE, SECOND, Timestamp};
use skerry_protocol::words::duration;
use skerry_store::AgentEntry;

/// How long `agent list` shows that two agents used one name, in ms.
const CLONE_SHOWN: i64 = 10 * MINUTE;
/// How long `agent list` shows that an agent joined others, in ms.
const JOIN_SHOWN: i64 = DAY;
const HEADS: [&str; 9] =
    ["NAME", "LOCATION", "STATUS", "LAST SEEN", "SKEW", "SPOOL", "LOST", "VERSION", "NOTES"];

/// One row per agent.
pub(super) fn table(agents: &[AgentEntry], now: Timestamp) -> String {
    if agents.is_empty() {
        return "No agents yet: add one with skerry-aggregator agent add NAME --location LOCATION".to_owned();
    }
    let first = &agents[0].workspace;
    let several_workspaces = agents.iter().any(|one| one.workspace != *first);
    let mut rows = vec![HEADS.map(str::to_owned)];
    rows.extend(agents.iter().map(|one| row(one, several_workspaces, now)));
    aligned(&rows)
}

/// Aligns columns; each is as wide as its widest cell.
pub(super) fn aligned<const COLUMNS: usize>(rows: &[[String; COLUMNS]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..COLUMNS).map(width).collect();
    let line = |row: &[String; COLUMNS]| {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        cells.join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn row(one: &AgentEntry, several_workspaces: bool, now: Timestamp) -> [String; 9] {
    let name = if several_workspaces { format!("{}/{}", one.workspace, one.name) } else { one.name.clone() };
    let dash = || "-".to_owned();
    let last = one.last.as_ref();
    [
        name,
        one.location.clone(),
        one.standing.name().to_owned(),
        last.map_or_else(|| "never".to_owned(), |last| format!("{} ago", duration(now - last.at))),
        last.map_or_else(dash, |last| skew(last.skew)),
        last.map_or_else(dash, |last| spool(last.depth, last.oldest_ms)),
        if one.losses == 0 { "0".to_owned() } else { format!("{} in {}", one.lost_records, one.losses) },
        last.filter(|last| !last.version.is_empty()).map_or_else(dash, |last| last.version.clone()),
        notes(one, now).join("; "),
    ]
}

fn notes(one: &AgentEntry, now: Timestamp) -> Vec<String> {
    let mut notes = Vec::new();
    let last = one.last.as_ref();
    if one.cloned_at.is_some_and(|at| now - at < CLONE_SHOWN) {
        notes.push("CLONED: another agent delivers under this name and is rejected".to_owned());
    }
    if last.is_some_and(|last| last.own_network_gone) {
        notes.push("its network is down".to_owned());
    }
    if !one.conflicts.is_empty() {
        notes.push(format!("conflicting definition: {}", one.conflicts.join(", ")));
    }
    for why in [Held::Heartbeat, Held::Limited, Held::Asks, Held::Definition] {
        let held: Vec<&str> =
            one.held.iter().filter(|held| held.1 == why).map(|held| held.0.as_str()).collect();
        if !held.is_empty() {
            notes.push(format!("is rejected for {}: {}", held.join(", "), why.words()));
        }
    }
    let joined = one.joined.iter().filter(|joined| now - joined.1 < JOIN_SHOWN);
    let joined: Vec<&str> = joined.map(|joined| joined.0.as_str()).collect();
    if !joined.is_empty() {
        notes.push(format!("started reporting: {}", joined.join(", ")));
    }
    if let Some(limit) = &one.limit {
        notes.push(format!("limited to {}", limit.join(", ")));
    }
    if !one.silent.is_empty() {
        notes.push(format!("stopped reporting: {}", one.silent.join(", ")));
    }
    if !one.excluded.is_empty() {
        notes.push(format!(
            "not reported in 24 h of listening, no longer counts: {}",
            one.excluded.join(", ")
        ));
    }
    if let Some(until) = one.token_until.filter(|until| *until > now) {
        notes.push(format!("its enrolment token is valid for {}", duration(until - now)));
    } else if !one.credential && one.last.is_none() && one.standing == Standing::Active {
        notes.push("never enrolled".to_owned());
    }
    notes
}

fn spool(depth: u64, oldest_ms: u64) -> String {
    if depth == 0 {
        return "0".to_owned();
    }
    format!("{depth}, oldest {}", duration(i64::try_from(oldest_ms).unwrap_or(i64::MAX)))
}

fn skew(ms: i64) -> String {
    let sign = if ms < 0 { "-" } else { "+" };
    if ms.abs() < SECOND { format!("{sign}{} ms", ms.abs()) } else { format!("{sign}{}", duration(ms.abs())) }
}

/// The complete list for programs.
pub(super) fn json(agents: &[AgentEntry], now: Timestamp) -> String {
    let agents: Vec<serde_json::Value> = agents.iter().map(|one| entry(one, now)).collect();
    serde_json::json!({ "agents": agents }).to_string()
}

fn entry(one: &AgentEntry, now: Timestamp) -> serde_json::Value {
    let last = one.last.as_ref();
    serde_json::json!({
        "workspace": one.workspace,
        "name": one.name,
        "location": one.location,
        "standing": one.standing.name(),
        "credential": one.credential,
        "token_until": one.token_until.filter(|until| *until > now).map(|at| at.to_string()),
        "cloned_at": one.cloned_at.map(|at| at.to_string()),
        "last_seen": last.map(|last| last.at.to_string()),
        "last_seen_age_ms": last.map(|last| (now - last.at).max(0)),
        "skew_ms": last.map(|last| last.skew),
        "version": last.map(|last| &last.version).filter(|version| !version.is_empty()),
        "spool": last.map(|last| serde_json::json!({
            "depth": last.depth,
            "oldest_ms": last.oldest_ms,
            "set_aside": last.set_aside,
            "lateness_ms": last.lateness_ms,
        })),
        "lost": {
            "records": one.lost_records,
            "stretches": one.losses,
            "last_at": one.last_loss.map(|at| at.to_string()),
        },
        "own_network_gone": last.map(|last| last.own_network_gone),
        "definition_conflicts": one.conflicts,
        "limit": one.limit,
        "not_counted": one.held.iter().map(|(check, why)| serde_json::json!({
            "check": check,
            "why": why.name(),
        })).collect::<Vec<_>>(),
        "joined": one.joined.iter().map(|(check, at)| serde_json::json!({
            "check": check,
            "at": at.to_string(),
        })).collect::<Vec<_>>(),
        "silent_checks": one.silent,
        "left_checks": one.excluded,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use skerry_store::LastBatch;

    #[test]
    fn the_table_shows_state_and_notes_of_each_agent() {
        let now = Timestamp(100 * DAY);
        let never = AgentEntry {
            workspace: "default".into(),
            name: "new".into(),
            location: "ams".into(),
            standing: Standing::Active,
            credential: false,
            token_until: Some(now + 14 * MINUTE),
            cloned_at: None,
            last: None,
            lost_records: 0,
            losses: 0,
            last_loss: None,
            limit: None,
            conflicts: Vec::new(),
            held: Vec::new(),
            joined: Vec::new(),
            silent: Vec::new(),
            excluded: Vec::new(),
        };
        let last = LastBatch {
            at: now - 3 * SECOND,
            skew: -125_000,
            version: "0.1.0".into(),
            depth: 12,
            oldest_ms: 7_200_000,
            set_aside: 0,
            lateness_ms: 0,
            own_network_gone: true,
        };
        let web = AgentEntry {
            name: "web-1".into(),
            credential: true,
            token_until: None,
            cloned_at: Some(now - MINUTE),
            last: Some(last),
            lost_records: 40,
            losses: 2,
            limit: Some(vec!["shop*".into(), "mail".into()]),
            conflicts: vec!["shop".into()],
            held: vec![("shop".into(), Held::Definition)],
            joined: vec![("mail".into(), now - MINUTE), ("old".into(), now - 2 * DAY)],
            silent: vec!["blog".into()],
            excluded: vec!["mail".into()],
            ..never.clone()
        };
        let agents = [never, web];
        let expected = "\
NAME   LOCATION  STATUS  LAST SEEN  SKEW        SPOOL           LOST     VERSION  NOTES
new    ams       active  never      -           -               0        -        its enrolment token is valid for 14 min
web-1  ams       active  3 s ago    -2 min 5 s  12, oldest 2 h  40 in 2  0.1.0    CLONED: another agent delivers under this name and is rejected; its network is down; conflicting definition: shop; is rejected for shop: conflicting definition; started reporting: mail; limited to shop*, mail; stopped reporting: blog; not reported in 24 h of listening, no longer counts: mail";
        assert_eq!(table(&agents, now), expected);
        let json: serde_json::Value = serde_json::from_str(&json(&agents, now)).expect("JSON");
        assert_eq!(json["agents"][1]["spool"]["depth"], 12);
        assert_eq!(json["agents"][0]["last_seen"], serde_json::Value::Null);
        assert_eq!(json["agents"][1]["definition_conflicts"][0], "shop");
    }
}
