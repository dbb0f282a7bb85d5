//! The output of plugins and the resulting observations.

use super::*;

const PLUGINS: &str = "/usr/lib/nagios/plugins";

fn real(name: &str, arguments: &[&str]) -> Exec {
    let program = format!("{PLUGINS}/{name}");
    let mut command = vec![program.as_str()];
    command.extend(arguments);
    exec(&command)
}

#[tokio::test]
async fn the_exit_code_of_a_real_plugin_decides() {
    for (code, outcome, reason, words) in [
        ("0", Outcome::Up, Reason::None, ""),
        ("1", Outcome::Degraded, Reason::PluginWarning, "WARNING: said so"),
        ("2", Outcome::Down, Reason::PluginCritical, "CRITICAL: said so"),
        ("3", Outcome::Inconclusive, Reason::PluginUnknown, "UNKNOWN: said so"),
    ] {
        let seen = observe(real("check_dummy", &[code, "said so"])).await;
        assert_seen(&seen, outcome, reason, words);
        assert_eq!(plugin(&seen).exit, Some(code.parse().expect("a number")));
    }
}

#[tokio::test]
async fn real_performance_data_is_read() {
    let load = observe(real("check_load", &["-w", "10000,10000,10000", "-c", "20000,20000,20000"])).await;
    assert_seen(&load, Outcome::Up, Reason::None, "");
    let labels: Vec<_> = plugin(&load).performance.iter().map(|one| one.label.as_str()).collect();
    assert_eq!(labels, ["load1", "load5", "load15"]);
    let load1 = &plugin(&load).performance[0];
    assert!(load1.value.is_some() && load1.min == Some(0.0), "{load1:?}");
    assert_eq!((load1.warning.as_str(), load1.critical.as_str()), ("10000.000", "20000.000"));
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("report");
    std::fs::write(&file, [b'x'; 20]).expect("written");
    let file = file.to_str().expect("a plain path");
    let aged = |least| ["-w", "100000", "-c", "200000", "-W", "15", "-C", least, "-f", file];
    let fresh = observe(real("check_file_age", &aged("10"))).await;
    assert_seen(&fresh, Outcome::Up, Reason::None, "");
    let [age, size] = plugin(&fresh).performance.as_slice() else { panic!("{fresh:?}") };
    assert_eq!((age.label.as_str(), age.unit.as_str(), age.critical.as_str()), ("age", "s", "200000"));
    assert_eq!((size.label.as_str(), size.unit.as_str(), size.value), ("size", "B", Some(20.0)));
    assert!(plugin(&fresh).text[0].starts_with("FILE_AGE OK"), "{:?}", plugin(&fresh).text);
    let small = observe(real("check_file_age", &aged("21"))).await;
    assert_seen(&small, Outcome::Down, Reason::PluginCritical, "FILE_AGE CRITICAL");
}

fn latency_from(label: &str, exec: Exec) -> Exec {
    Exec { latency_from: Some(label.to_owned()), ..exec }
}

/// An age, an uptime and a TTL are seconds, too.
#[tokio::test]
async fn performance_data_is_the_latency_only_if_it_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("dump");
    std::fs::write(&file, [b'x'; 20]).expect("written");
    let touched = std::process::Command::new("touch").args(["-d", "8 hours ago"]).arg(&file).status();
    assert!(touched.expect("touch is installed").success());
    let aged = real("check_file_age", &["-w", "100000", "-c", "200000", "-f", file.to_str().expect("plain")]);
    let check = Check { degraded_above: Some(Duration::from_secs(5)), ..named(aged, TIMEOUT) };
    let seen = run(&Prober::new().expect("a prober"), &check).await;
    assert_seen(&seen, Outcome::Up, Reason::None, "");
    let age = &plugin(&seen).performance[0];
    assert!(age.label == "age" && age.value.is_some_and(|age| age > 28_000.0), "{age:?}");
    assert!(seen.total < TIMEOUT, "{:?}", seen.total);
    let slow = observe(shell("echo 'ok | time=1ms'; exec /bin/sleep 0.2")).await;
    assert!(slow.total >= Duration::from_millis(200), "{:?}", slow.total);
}

#[tokio::test]
async fn the_value_named_by_latency_from_is_the_latency() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port().to_string();
    let seen = observe(latency_from("time", real("check_tcp", &["-H", "127.0.0.1", "-p", &port]))).await;
    assert_seen(&seen, Outcome::Up, Reason::None, "");
    let time = &plugin(&seen).performance[0];
    assert_eq!((time.label.as_str(), time.unit.as_str()), ("time", "s"));
    assert_eq!(seen.total, Duration::from_secs_f64(time.value.expect("a figure")));
    let second =
        observe(latency_from("response time", shell("echo \"ok | age=8s 'response time'=1.5ms\""))).await;
    assert_eq!(second.total, Duration::from_micros(1_500));
    for (printed, words) in [
        ("echo 'ok | rta=1ms pl=0%'", "latency_from names \"time\", but the plugin printed rta, pl: ok"),
        ("echo ok", "but the plugin printed no performance data"),
        ("echo 'ok | time=U'", "of which the plugin knew no value"),
        ("echo 'ok | time=5MB'", "which is no time but 5MB"),
        ("echo 'ok | time=-5s'", "which is no time but -5s"),
    ] {
        let seen = observe(latency_from("time", shell(printed))).await;
        assert_seen(&seen, Outcome::Inconclusive, Reason::PluginFailed, words);
    }
    // Its findings are kept even without the datum.
    let failed = observe(latency_from("time", shell("echo refused; exit 2"))).await;
    assert_seen(&failed, Outcome::Down, Reason::PluginCritical, "refused");
}

#[tokio::test]
async fn a_slow_plugin_is_degraded_by_the_named_latency() {
    let check = Check {
        degraded_above: Some(Duration::from_millis(100)),
        ..named(latency_from("time", shell("echo 'ok | time=0.3s'")), TIMEOUT)
    };
    let prober = Prober::new().expect("a prober");
    let seen = prober.observe(&check, Instant::now() + TIMEOUT).await;
    assert_seen(&seen, Outcome::Degraded, Reason::Slow, "took 300 ms, more than 100 ms");
}

#[tokio::test]
async fn nothing_of_the_agent_leaks_into_a_plugin() {
    let with =
        Exec { environment: BTreeMap::from([("GIVEN".into(), "a b".into())]), ..exec(&["/usr/bin/env"]) };
    let seen = observe(with).await;
    let mut found = plugin(&seen).text.clone();
    found.sort();
    assert_eq!(found, ["GIVEN=a b", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]);
    assert_eq!(plugin(&observe(exec(&["/bin/pwd"])).await).text, ["/"]);
    // No shell parses the arguments, standard input is empty, and none of our descriptors is open.
    let seen = observe(exec(&["/bin/echo", "$(id)", "*", ";exit 2"])).await;
    assert_eq!(plugin(&seen).text, ["$(id) * ;exit 2"]);
    assert_eq!(plugin(&observe(shell("cat; echo end")).await).text, ["end"]);
    let ours = tempfile::NamedTempFile::new().expect("a file of ours that is open");
    let seen = observe(shell("ls -l /proc/self/fd")).await;
    let open = plugin(&seen).text.join("\n");
    let name = ours.path().display().to_string();
    assert!(open.contains("/proc/") && !open.contains(&name), "{open}");
}
