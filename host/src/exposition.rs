//! Metrics in the format that the client asks for: OpenMetrics 1.0 as the crate writes it, or the classic
//! text format 0.0.4 for clients that do not ask, such as `promtool check metrics`. They differ in the names
//! of counter families and in features that only OpenMetrics has.

/// `Content-Type` of OpenMetrics.
pub const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// `Content-Type` of the classic format.
pub const CLASSIC: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Returns `open_metrics` in the format that the values of `Accept` ask for, with its `Content-Type`.
pub fn in_form<'a>(
    mut accepted: impl Iterator<Item = &'a str>,
    open_metrics: String,
) -> (&'static str, String) {
    if accepted.any(|value| value.contains("application/openmetrics-text")) {
        return (OPEN_METRICS, open_metrics);
    }
    (CLASSIC, classic(&open_metrics))
}

/// Converts OpenMetrics to the classic format. Expects the help of each family before its type, and no
/// exemplars, which we do not record.
#[must_use]
pub fn classic(open_metrics: &str) -> String {
    let mut text = String::with_capacity(open_metrics.len());
    let mut help = None;
    for line in open_metrics.lines() {
        if let Some(said) = line.strip_prefix("# HELP ") {
            help = Some(said);
        } else if let Some(said) = line.strip_prefix("# TYPE ") {
            let (name, kind) = said.split_once(' ').unwrap_or((said, "unknown"));
            let (suffix, kind) = match kind {
                "counter" => ("_total", "counter"),
                "info" => ("_info", "gauge"),
                "stateset" => ("", "gauge"),
                "unknown" => ("", "untyped"),
                kind => ("", kind),
            };
            if let Some((_, help)) = help.take().and_then(|help| help.split_once(' ')) {
                text += &format!("# HELP {name}{suffix} {help}\n");
            }
            text += &format!("# TYPE {name}{suffix} {kind}\n");
        } else if !line.starts_with('#') {
            text += line;
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::classic;
    use prometheus_client::metrics::counter::Counter;
    use prometheus_client::metrics::gauge::Gauge;
    use prometheus_client::metrics::histogram::Histogram;
    use prometheus_client::metrics::info::Info;
    use prometheus_client::registry::{Registry, Unit};

    #[test]
    fn what_the_crate_writes_becomes_the_classic_format() {
        let mut registry = Registry::with_prefix("skerry");
        registry.register("batches", "Batches taken", Counter::<u64>::default());
        registry.register_with_unit("body", "Bytes sent", Unit::Bytes, Counter::<u64>::default());
        registry.register("agents", "Agents known # {so far}", Gauge::<i64>::default());
        registry.register_with_unit("commit", "Time of a commit", Unit::Seconds, Histogram::new([0.5]));
        registry.register("build", "This build", Info::new([("version", "1 # {x}")]));
        let mut open_metrics = String::new();
        prometheus_client::encoding::text::encode(&mut open_metrics, &registry).expect("a String takes all");
        let expected = "\
# HELP skerry_batches_total Batches taken.
# TYPE skerry_batches_total counter
skerry_batches_total 0
# HELP skerry_body_bytes_total Bytes sent.
# TYPE skerry_body_bytes_total counter
skerry_body_bytes_total 0
# HELP skerry_agents Agents known # {so far}.
# TYPE skerry_agents gauge
skerry_agents 0
# HELP skerry_commit_seconds Time of a commit.
# TYPE skerry_commit_seconds histogram
skerry_commit_seconds_sum 0.0
skerry_commit_seconds_count 0
skerry_commit_seconds_bucket{le=\"0.5\"} 0
skerry_commit_seconds_bucket{le=\"+Inf\"} 0
# HELP skerry_build_info This build.
# TYPE skerry_build_info gauge
skerry_build_info{version=\"1 # {x}\"} 1
";
        assert_eq!(classic(&open_metrics), expected);
    }
}
