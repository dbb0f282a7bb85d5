//! Strangers and one stolen token attack the real program, which serves a thousand components, in every way
//! at once.

use crate::process::program;
use crate::world::World;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Limit of the median response time, ms, in test builds; `bench/run attacks` asserts 100.
const MIDDLE: f64 = 400.0;
/// Expected maximum of memory, bytes, and where the kernel kills the program.
const MOST: u64 = 256 << 20;
const LIMIT: u64 = 300 << 20;
const SECONDS: &str = "20";

/// A thousand components on one page, each with a check of a remote agent.
fn thousand() -> String {
    let mut text = "[[page]]\nkey = \"demo\"\nname = \"Demo\"\npublic = true\n".to_owned();
    for n in 0..1_000 {
        text += &format!(
            "[[check]]\nname = \"check-{n}\"\ntype = \"http\"\nurl = \"http://127.0.0.1/\"\nlocations = [\"there\"]\n\
             [[page.component]]\nkey = \"c{n}\"\nname = \"Component {n}\"\nchecks = [\"check-{n}\"]\n"
        );
    }
    text
}

/// As set in the unit, so that freed memory returns to the kernel.
const ALLOCATOR: [(&str, &str); 3] =
    [("MALLOC_ARENA_MAX", "2"), ("MALLOC_TRIM_THRESHOLD_", "131072"), ("MALLOC_MMAP_THRESHOLD_", "131072")];

/// A cgroup with a memory limit, if the kernel allows it.
struct Bounded(PathBuf);

impl Bounded {
    fn new() -> Option<Self> {
        let name = format!("skerry-attacks-{}", std::process::id());
        let second = Path::new("/sys/fs/cgroup").join(&name);
        let first = Path::new("/sys/fs/cgroup/memory").join(&name);
        let of = |folder: PathBuf, limits: &[(&str, u64)]| {
            std::fs::create_dir(&folder).ok()?;
            let group = Self(folder);
            // Without a cgroup mount it is an ordinary directory.
            group.0.join("cgroup.procs").exists().then_some(())?;
            let set =
                |(file, value): &(&str, u64)| std::fs::write(group.0.join(file), value.to_string()).is_ok();
            limits.iter().all(set).then_some(group)
        };
        of(second, &[("memory.max", LIMIT), ("memory.swap.max", 0)])
            .or_else(|| of(first, &[("memory.limit_in_bytes", LIMIT)]))
    }

    fn most(&self) -> Option<u64> {
        let read = |file: &str| std::fs::read_to_string(self.0.join(file)).ok()?.trim().parse().ok();
        read("memory.peak").or_else(|| read("memory.max_usage_in_bytes"))
    }
}

impl Drop for Bounded {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir(&self.0);
    }
}

/// Peak resident memory of a process, bytes.
fn most_resident(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("a line of its memory");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).expect("a number") << 10
}

#[tokio::test]
async fn under_all_attacks_at_once_memory_is_limited_and_the_page_is_served() {
    let mut world = World::new(&thousand());
    let bounded = Bounded::new();
    let mut command = match &bounded {
        Some(group) => {
            let serve = world.command(&["serve"]);
            let mut command = Command::new("sh");
            command.args(["-c", "echo $$ > \"$0\" && exec \"$@\""]).arg(group.0.join("cgroup.procs"));
            command.arg(serve.get_program()).args(serve.get_args()).current_dir(world.path(""));
            command
        }
        None => world.command(&["serve"]),
    };
    command.envs(ALLOCATOR);
    world.start_within(Duration::from_secs(60), command).await;
    let token = world.enrol("stolen", "there", None);
    let address = |port: u16| format!("127.0.0.1:{port}");
    let before = most_resident(world.running().id());
    let attack = Command::new(program("examples/bench_system"))
        .args(["attacks", &address(world.public), &address(world.private), &token, SECONDS])
        .output()
        .expect("it starts");
    let summary = String::from_utf8_lossy(&attack.stdout).into_owned();
    assert!(attack.status.success(), "{summary}{}", String::from_utf8_lossy(&attack.stderr));
    let resident = most_resident(world.running().id());
    let group = bounded.as_ref().and_then(Bounded::most);
    println!(
        "{summary}resident {} MiB before, {} MiB at most, with its files and sockets {:?} MiB",
        before >> 20,
        resident >> 20,
        group.map(|most| most >> 20)
    );
    assert!(resident < MOST, "{} MiB at most", resident >> 20);
    let middle: f64 =
        summary.split(", ").nth(1).and_then(|one| one.split(' ').next()?.parse().ok()).expect("a figure");
    assert!(middle < MIDDLE, "the page took {middle} ms: {summary}");
    world.kill();
}
