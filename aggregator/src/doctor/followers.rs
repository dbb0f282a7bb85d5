//! What follows the publications, as the running aggregator's metrics tell: copies that fail, and the dead man's switch.
//! `doctor` itself writes no copy, and never calls the switch, which proves to somebody elsewhere that all is well.

use skerry_agent::delivery::fetch::Fetched;
use skerry_host::doctor::Finding;
use std::collections::BTreeMap;

const SEE_LOG: &str = "The aggregator's log says why; correct that, or what [[export]] names";

/// Judges `/metrics`; without access to them nothing is said.
pub(super) fn judge(metrics: &Fetched) -> Vec<Finding> {
    if metrics.status != 200 {
        return Vec::new();
    }
    let text = String::from_utf8_lossy(&metrics.body);
    let of = |name: &str| values(&text, name);
    let (pending, last) = (of("skerry_export_pending"), of("skerry_export_last_success_timestamp_seconds"));
    let failures: BTreeMap<&str, f64> = of("skerry_exports_total")
        .into_iter()
        .filter_map(|(labels, count)| Some((labels.strip_suffix(",result=\"failure\"")?, count)))
        .collect();
    let mut findings = Vec::new();
    for (labels, last) in last {
        let copy = labels.trim_start_matches("copy=").trim_matches('"');
        let has_failed = failures.get(labels).is_some_and(|count| *count > 0.0);
        let is_behind = pending.get(labels).is_some_and(|files| *files > 0.0);
        if has_failed && last == 0.0 {
            findings.push(Finding::problem(
                "export",
                format!("{copy} was never brought up to date"),
                SEE_LOG,
            ));
        } else if has_failed && is_behind {
            findings.push(Finding::warning(
                "export",
                format!("{copy} is behind, and attempts failed"),
                SEE_LOG,
            ));
        }
    }
    let count = |name: &str| of(name).values().sum::<f64>();
    if count("skerry_dead_man_switch_failures_total") > 0.0
        && count("skerry_dead_man_switch_calls_total") == 0.0
    {
        let says =
            "the address of [dead_man_switch] never took a call: it will report this aggregator as down";
        findings.push(Finding::problem("dead man's switch", says, "Correct its url, or open the way there"));
    }
    findings
}

/// The series of a metric by their labels as written.
fn values<'t>(text: &'t str, name: &str) -> BTreeMap<&'t str, f64> {
    let series = text.lines().filter_map(|line| {
        let (labels, value) = line.strip_prefix(name)?.rsplit_once(' ')?;
        let labels = match labels {
            "" => "",
            labels => labels.strip_prefix('{')?.strip_suffix('}')?,
        };
        Some((labels, value.parse().ok()?))
    });
    series.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use skerry_host::doctor::Level;

    fn says(status: u16, text: &str) -> Vec<(Level, String)> {
        let body = Bytes::from(text.to_owned());
        let fetched = Fetched { status, headers: Default::default(), body, certificate: None };
        judge(&fetched).into_iter().map(|finding| (finding.level, finding.says)).collect()
    }

    fn export(last: u32, pending: u32, failures: u32) -> String {
        format!(
            "skerry_export_last_success_timestamp_seconds{{copy=\"/srv/a b\"}} {last}.5\n\
             skerry_export_pending{{copy=\"/srv/a b\"}} {pending}\n\
             skerry_exports_total{{copy=\"/srv/a b\",result=\"success\"}} {last}\n\
             skerry_exports_total{{copy=\"/srv/a b\",result=\"failure\"}} {failures}\n"
        )
        .replace(" 0.5\n", " 0.0\n")
    }

    #[test]
    fn a_copy_that_fails_is_reported() {
        assert_eq!(says(200, &export(9, 0, 3)), [], "it succeeded since");
        assert_eq!(says(200, &export(0, 0, 0)), [], "it has just begun");
        assert_eq!(says(200, &export(9, 4, 0)), [], "it is being written");
        let behind = "/srv/a b is behind, and attempts failed".to_owned();
        assert_eq!(says(200, &export(9, 4, 1)), [(Level::Warning, behind)]);
        let never = "/srv/a b was never brought up to date".to_owned();
        assert_eq!(says(200, &export(0, 1, 1)), [(Level::Problem, never)]);
        assert_eq!(says(401, &export(0, 1, 1)), [], "nobody may read them");
    }

    #[test]
    fn a_switch_that_never_took_a_call_is_reported() {
        let calls = |answered: u32, failed: u32| {
            says(
                200,
                &format!(
                    "skerry_dead_man_switch_calls_total {answered}\nskerry_dead_man_switch_failures_total {failed}\n"
                ),
            )
            .len()
        };
        assert_eq!((calls(0, 0), calls(5, 1), calls(0, 2)), (0, 0, 1));
    }
}
