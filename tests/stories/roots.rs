//! A page keeps its address when another page becomes public.

use crate::world::World;
use skerry_tests::parts::until;
use std::time::Duration;

const BOUND: Duration = Duration::from_secs(10);

fn page(key: &str, public: bool) -> String {
    format!(
        "[[page]]\nkey = \"{key}\"\nname = \"Page {key}\"\npublic = {public}\nlisted = true\n\n\
         [[page.component]]\nkey = \"{key}-part\"\nname = \"Part of {key}\"\nchecks = []\n\n"
    )
}

/// The page's own address, as API clients see it.
fn address(world: &World, root: &str) -> String {
    let summary = world.page(&format!("{root}api/v2/summary.json")).json();
    summary["page"]["url"].as_str().expect("an address").to_owned()
}

async fn reload(world: &World, what: &str, mut done: impl FnMut() -> bool) {
    world.running().hang_up();
    until(what, BOUND, async || done()).await;
}

#[tokio::test]
async fn the_first_page_keeps_its_address_when_another_becomes_public() {
    let mut world = World::new(&(page("first", true) + &page("second", false)));
    world.start().await;
    let base = format!("http://127.0.0.1:{}", world.public);
    assert_eq!(address(&world, "/"), base);

    world.declare(&(page("first", true) + &page("second", true)));
    reload(&world, "the second page answers", || world.page("/status/second/").status == 200).await;
    assert!(world.page("/").text().contains("Part of first"));
    assert_eq!(address(&world, "/"), base, "the first page's address is what it was");
    assert_eq!(address(&world, "/status/first/"), base);
    assert_eq!(address(&world, "/status/second/"), format!("{base}/status/second"));
    let index = world.page("/status/").text();
    assert!(index.contains(&format!("href=\"{base}/\"")), "{index}");
    assert!(index.contains(&format!("href=\"{base}/status/second/\"")), "{index}");

    world.declare(&format!("[public]\nroot = \"second\"\n\n{}{}", page("first", true), page("second", true)));
    // Each page says its new address with its own next publication.
    let have_moved = || {
        world.page("/").text().contains("Part of second")
            && address(&world, "/") == base
            && address(&world, "/status/first/") == format!("{base}/status/first")
    };
    reload(&world, "the second page has the root, and the first one its slug", have_moved).await;

    // A private page's root is not given to another page.
    world.declare(&format!(
        "[public]\nroot = \"second\"\n\n{}{}",
        page("first", true),
        page("second", false)
    ));
    reload(&world, "the second page is gone", || world.page("/status/second/").status == 404).await;
    assert_eq!(world.page("/"), world.page("/status/never/"));
    assert_eq!(world.page("/status/first/").status, 200);
}
