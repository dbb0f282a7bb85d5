//! While the aggregator is away, caches serve the last copy for the whole day that its headers allow: ours, and one that knows
//! nothing but the headers. What they serve says until when it was valid.

use crate::clocks::FakeClock;
use crate::edge::{PAGE, PATHS, fetch, nginx_before, varnish_before};
use crate::world::{World, now};
use skerry_tests::parts::nginx::{Nginx, Site};

const MINUTE: i64 = 60_000;
const DAY: i64 = 86_400_000;

/// nginx with no more than a cache: it reads `stale-if-error`.
async fn nginx_that_reads_headers(world: &World, clock: &FakeClock) -> Nginx {
    let http = "proxy_cache_path DIR/cache keys_zone=status:1m inactive=7d;".to_owned();
    let server =
        format!("location / {{ proxy_pass http://127.0.0.1:{}; proxy_cache status; }}", world.public);
    Nginx::start(&Site { http, server, environment: clock.environment(), ..Site::default() }).await
}

/// When the copy ceased to be valid, ms.
fn valid_until(page: &str) -> i64 {
    let written = page.split(" data-until=").nth(1).and_then(|rest| rest.split([' ', '>']).next());
    let written: jiff::Timestamp = written.expect("a page says it").parse().expect("a time");
    written.as_millisecond()
}

#[tokio::test]
async fn the_last_copy_is_served_for_a_day_without_the_aggregator_and_says_until_when_it_was_valid() {
    let mut world = World::new(PAGE);
    world.start().await;
    let clock = FakeClock::new(&world, "edge.time");
    // The allocator that Varnish is linked with asks for the time before the library can answer.
    let mut with_libc = clock.environment();
    for (name, value) in &mut with_libc {
        if *name == "LD_PRELOAD" {
            value.push(" libc.so.6");
        }
    }
    let ours = nginx_before(&world, clock.environment()).await;
    let plain = nginx_that_reads_headers(&world, &clock).await;
    let varnish = varnish_before(&world, with_libc).await;
    let caches = [("nginx", ours.port()), ("nginx by headers", plain.port()), ("Varnish", varnish.port)];
    for (name, port) in caches {
        for path in PATHS {
            assert_eq!(fetch(port, path).0, 200, "{name} {path}");
        }
    }
    world.kill();
    for away in [MINUTE, 60 * MINUTE, DAY / 2, DAY - MINUTE] {
        clock.set_offset(away);
        for (name, port) in caches {
            for path in PATHS {
                assert_eq!(fetch(port, path).0, 200, "{name} {path} after {} min", away / MINUTE);
            }
            let (_, page) = fetch(port, "/");
            assert!(page.contains("Valid until"), "{name}: it is written there: {page}");
            let is_over = valid_until(&page) < now() + away;
            assert!(is_over || away == MINUTE, "{name} after {} min: {page}", away / MINUTE);
        }
    }
    clock.set_offset(DAY + 2 * MINUTE);
    for (name, port) in &caches[1..] {
        for path in PATHS {
            let (status, _) = fetch(*port, path);
            assert!((502..=504).contains(&status), "{name} {path}: {status} after a day");
        }
    }
    assert_eq!(fetch(ours.port(), "/").0, 200, "ours has the last copy for as long as somebody asks");
}
