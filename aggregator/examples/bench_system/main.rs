//! The writing side for the measurements of `bench/run`. Each command measures one thing and prints a table: `ingest`,
//! `acknowledgement`, `bytes`, `pages`, `changes PAGES COMPONENTS`, `years`, `incidents`, `rest`, `history CONFIG ROWS`,
//! `bars DATABASE`; `enrol`, `deliver` and `sink` help the script to measure another program. Databases are created below
//! the current directory.

mod attacks;
mod fleet;
mod history;
mod incidents;
mod ingest;
mod latency;
mod pages;
mod rest;
mod sink;
mod years;

use rustix::time::{ClockId, clock_gettime};
use std::path::Path;
use std::time::Duration;

const USAGE: &str = "usage: bench_system ingest | acknowledgement SECONDS RATE | bytes | pages | changes PAGES COMPONENTS \
     | history CONFIG RAW HOURS | bars CONFIG | enrol CONFIG TOKENS | deliver URL TOKENS SECONDS RATE HISTORY | sink ADDRESS \
     | attacks PUBLIC PRIVATE TOKEN SECONDS | years CHECKS YEARS | start DATABASE | incidents | publication DATABASE \
     | rest ADDRESS TOKENS TOKEN SECONDS RATE";

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["ingest"] => ingest::compared_with_plain_inserts(),
        ["acknowledgement", seconds, rate] => latency::in_process(seconds.parse()?, rate.parse()?),
        ["bytes"] => ingest::bytes(),
        ["pages"] => pages::latency(),
        ["changes", pages, components] => {
            pages::cost(pages::Shape { pages: pages.parse()?, components: components.parse()? })
        }
        ["history", config, raw, hours] => history::write(Path::new(config), raw.parse()?, hours.parse()?),
        ["bars", config] => history::bars(Path::new(config)),
        ["enrol", config, tokens] => latency::enrol(Path::new(config), Path::new(tokens)),
        ["deliver", url, tokens, seconds, rate, history] => {
            latency::over_http(url, Path::new(tokens), seconds.parse()?, rate.parse()?, history.parse()?)
        }
        ["attacks", public, private, token, seconds] => {
            attacks::all_at_once(public, private, token, seconds.parse()?)
        }
        ["sink", address] => sink::serve(address),
        ["years", checks, years] => years::pass(checks.parse()?, years.parse()?),
        ["start", database] => years::start(Path::new(database)),
        ["incidents"] => incidents::compare(),
        ["publication", database] => incidents::publication(Path::new(database)),
        ["rest", address, tokens, token, seconds, rate] => {
            rest::beside_observations(address, Path::new(tokens), token, seconds.parse()?, rate.parse()?)
        }
        _ => anyhow::bail!(USAGE),
    }
}

/// CPU time of this process so far.
fn cpu() -> Duration {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(now.tv_sec.unsigned_abs(), now.tv_nsec.unsigned_abs() as u32)
}

/// Resident memory of this process, MB.
fn resident() -> anyhow::Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"));
    Ok(resident.and_then(|kib| kib.parse::<f64>().ok()).unwrap_or(f64::NAN) * 1.024e-3)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
