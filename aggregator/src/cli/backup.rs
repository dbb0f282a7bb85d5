//! `backup FILE` and `restore FILE`.

use anyhow::Context;
use skerry_aggregator::clock;
use skerry_aggregator::config::Loaded;
use skerry_aggregator::subscriptions::LinkKey;
use skerry_protocol::words::count;
use skerry_store::backup::{self, Contents, Restored};
use std::path::Path;

/// Copies the database to `target` and returns the output.
pub(crate) fn backup(loaded: &Loaded, target: &Path, json: bool) -> anyhow::Result<String> {
    let database = database(loaded)?;
    let contents = backup::back_up(database, target)?;
    let secret = Some(LinkKey::file(database)).filter(|path| path.exists());
    let bytes = target.metadata().map_or(0, |file| file.len());
    if json {
        let mut answer = object(&contents);
        answer["file"] = target.to_string_lossy().into();
        answer["bytes"] = bytes.into();
        answer["subscriber_secret"] = secret.map(|path| path.to_string_lossy().into_owned()).into();
        return Ok(answer.to_string());
    }
    let mut output = format!(
        "{}: {}, {:.1} MiB. The copy was verified; it holds hashes of tokens, so keep it private.",
        target.display(),
        summary(&contents),
        bytes as f64 / f64::from(1 << 20)
    );
    if let Some(secret) = secret {
        output += &format!(
            "\nKeep a copy of {} too, apart from it: without that file the links in messages to subscribers end, and addresses \
             that bounced are forgotten.",
            secret.display()
        );
    }
    Ok(output)
}

/// Replaces the database by `backup` and returns the output.
pub(crate) fn restore(loaded: &Loaded, backup: &Path, json: bool) -> anyhow::Result<String> {
    let database = database(loaded)?;
    // Without the characters that are inconvenient in file names.
    let mark: String = clock::wall().to_string().chars().filter(|one| !":-".contains(*one)).collect();
    let Restored { contents, kept, former_id } = backup::restore(database, backup, &mark)?;
    let other = former_id.is_some_and(|former| former != contents.aggregator_id);
    if json {
        let mut answer = object(&contents);
        answer["database"] = database.to_string_lossy().into();
        answer["kept"] = kept.map(|kept| kept.to_string_lossy().into_owned()).into();
        answer["other_aggregator"] = other.into();
        return Ok(answer.to_string());
    }
    let mut output = format!("{}: {}.", database.display(), summary(&contents));
    if let Some(kept) = kept {
        output +=
            &format!("\nThe previous database is kept as {}: remove it when all is well.", kept.display());
    }
    if other {
        output += "\nThe backup is of another aggregator: agents that know the replaced one refuse this one, enrol \
                 them again.";
    }
    output += "\nStart the aggregator. Agents deliver what they still have; what they delivered since the backup shows \
             as no data. Messages to subscribers that waited in the backup are cancelled; whoever left since is a subscriber again.";
    Ok(output)
}

fn database(loaded: &Loaded) -> anyhow::Result<&Path> {
    let process = loaded.configs.first().context("no configuration")?;
    Ok(&process.store.path)
}

fn summary(contents: &Contents) -> String {
    let rows = |table: &str| count(contents.rows.get(table).copied().unwrap_or(0), table);
    let (agents, components, observations) = (rows("agent"), rows("component"), rows("observation"));
    format!("schema {}, {agents}, {components}, {observations}", contents.schema)
}

fn object(contents: &Contents) -> serde_json::Value {
    serde_json::json!({
        "schema": contents.schema,
        "aggregator_id": contents.aggregator_id,
        "rows": contents.rows,
    })
}
