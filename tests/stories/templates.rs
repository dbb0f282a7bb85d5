//! Templates of incidents, as the team prepares and uses them on the command line, and what visitors read of them.

use crate::enrolment::{run_cli, run_ok};
use crate::world::{World, page, quick_check};
use serde_json::Value;
use skerry_tests::parts::{free_port, until};
use std::time::Duration;

const NOTICED: Duration = Duration::from_secs(15);

const COMPONENTS: &str = "[[page.component]]\nkey = \"shop\"\nname = \"Shop *{{page}}*\"\nmanual = true\n\
                          [[page.component]]\nkey = \"mail\"\nname = \"Mail\"\nmanual = true\n\
                          [[page.component]]\nkey = \"store\"\nname = \"Store\"\nmanual = true\npublic = false\n";
const DECLARED: &str = "[[incident_template]]\nname = \"Disk full\"\npage = \"demo\"\ntitle = \"{{components}} cannot save\"\n\
                        body = \"A disk is full: {{incident}} since {{since}}. **{{components}}** of {{page}} wait.\"\n\
                        update_status = \"identified\"\ncomponents = [\"shop\", \"store\"]\n";

/// The id that a command prints.
fn id_of(output: &str, ending: &str) -> String {
    let line = output.lines().find(|line| line.ends_with(ending)).unwrap_or_else(|| panic!("{output}"));
    line.split(' ').nth(1).expect("an id").to_owned()
}

fn shown(world: &World, id: &str) -> Value {
    serde_json::from_str(&run_ok(world, &["incident", "show", id, "--json"])).expect("JSON")
}

#[tokio::test]
async fn an_incident_is_written_with_a_template_and_what_a_person_says_stands() {
    let mut world = World::new(&format!("{}{COMPONENTS}{DECLARED}", page("demo", true, &[])));
    world.start().await;
    let listed = run_ok(&world, &["template", "list"]);
    assert!(
        listed.contains("Disk full") && listed.contains("identified") && listed.contains("file"),
        "{listed}"
    );
    let opened = run_ok(&world, &["incident", "open", "--template", "Disk full"]);
    let id = id_of(&opened, "is open.");
    let incident = shown(&world, &id);
    // The name of a component stands as it is: neither a placeholder nor Markdown. A private one is not named.
    assert_eq!(incident["title"], "Shop *{{page}}* cannot save");
    assert_eq!(incident["status"], "identified");
    let body = incident["updates"][0]["body"].as_str().expect("a text");
    assert!(body.starts_with("A disk is full: Shop *{{page}}* cannot save since "), "{body}");
    assert!(body.ends_with(" UTC. Shop *{{page}}* of Page demo wait."), "{body}");
    assert_eq!(incident["components"].as_array().map(Vec::len), Some(2));
    let own = format!("/incidents/{id}");
    until("visitors read it", NOTICED, async || {
        world.page(&own).text().contains("<strong>Shop *{{page}}*</strong> of Page demo wait.")
    })
    .await;
    let own_words = [
        "--title",
        "Mail is late",
        "--message",
        "{{page}} is not replaced here.",
        "--component",
        "mail=degraded",
    ];
    let opened = run_ok(&world, &[&["incident", "open", "--template", "Disk full"], &own_words[..]].concat());
    let other = shown(&world, &id_of(&opened, "is open."));
    assert_eq!((&other["title"], &other["status"]), (&"Mail is late".into(), &"identified".into()));
    assert_eq!(other["updates"][0]["body"], "{{page}} is not replaced here.");
    assert_eq!(other["components"][0]["name"], "Mail");
    let add = ["template", "add", "Over", "--title", "It is over", "--status", "resolved", "--message"];
    run_ok(&world, &[&add[..], &["{{incident}}: over after {{duration}}."]].concat());
    let (succeeded, output) = run_cli(&world, &["incident", "update", &id, "--template", "Over"]);
    assert!(!succeeded && output.contains("incident resolve"), "{output}");
    run_ok(&world, &["incident", "resolve", &id, "--template", "Over", "--release"]);
    let resolved = shown(&world, &id);
    let last = resolved["updates"].as_array().and_then(|all| all.last()).expect("an update");
    let said = last["body"].as_str().expect("a text");
    assert!(said.starts_with("Shop *{{page}}* cannot save: over after ") && said.ends_with(" s."), "{said}");
    assert_eq!(
        (&resolved["status"], &resolved["title"]),
        (&"resolved".into(), &"Shop *{{page}}* cannot save".into())
    );
}

#[tokio::test]
async fn templates_are_an_admins_and_the_files() {
    let other = page("other", true, &[]);
    let mut world = World::new(&format!("{}{COMPONENTS}{other}{DECLARED}", page("demo", true, &[])));
    world.start().await;
    let add = |message: &str| {
        run_cli(&world, &["template", "add", "Mine", "--title", "{{page}}", "--message", message])
    };
    for (message, why) in [
        ("On {{host}}", "line 1, column 4: {{host}} is no placeholder; there are {{page}}, {{components}}"),
        ("${HOME} {{7*7}}", "line 1, column 9: {{7*7}} is no placeholder"),
        ("{{components", "line 1, column 1: {{components is no placeholder; there are {{page}}"),
    ] {
        let (succeeded, output) = add(message);
        assert!(!succeeded && output.contains(why), "{output}");
    }
    let (succeeded, output) = add("On db1.internal. {{incident}}");
    assert!(succeeded && output.contains("removed from the message: \"db1.internal\""), "{output}");
    let (succeeded, output) = add("Again");
    assert!(!succeeded && output.contains("there is a template \"Mine\" already"), "{output}");
    let mine = run_ok(&world, &["template", "show", "Mine"]);
    assert!(mine.contains("On [redacted]. {{incident}}") && mine.contains("every page"), "{mine}");
    let (succeeded, output) = run_cli(&world, &["template", "remove", "Disk full"]);
    assert!(!succeeded && output.contains("the configuration file declares \"Disk full\""), "{output}");
    // A template of one page says which page; one of every page does not.
    let opened = run_ok(&world, &["incident", "open", "--template", "Disk full"]);
    assert_eq!(shown(&world, &id_of(&opened, "is open."))["page"], "demo");
    // So does a component.
    let words = ["incident", "open", "--title", "Late", "--message", "It is late.", "--component", "Mail"];
    assert_eq!(shown(&world, &id_of(&run_ok(&world, &words), "is open."))["page"], "demo");
    let (succeeded, output) = run_cli(&world, &["incident", "open", "--template", "Mine"]);
    assert!(!succeeded && output.contains("several pages: say --page, one of demo, other"), "{output}");
    let (succeeded, output) = run_cli(&world, &["incident", "open", "--template", "Mnie"]);
    assert!(!succeeded && output.contains("did you mean \"Mine\"?"), "{output}");
    // What is left in a template by name is not left in an incident unless that says so, too.
    let mirror =
        ["template", "add", "Mirror", "--title", "Use the mirror", "--message", "It is at 203.0.113.9."];
    let (succeeded, output) = run_cli(&world, &[&mirror[..], &["--release-hit", "203.0.113.9"]].concat());
    assert!(succeeded && output.contains("left in the message: \"203.0.113.9\""), "{output}");
    let open = ["incident", "open", "--page", "demo", "--template", "Mirror"];
    let (_, output) = run_cli(&world, &open);
    assert!(output.contains("removed from the message: \"203.0.113.9\""), "{output}");
    assert_eq!(shown(&world, &id_of(&output, "is open."))["updates"][0]["body"], "It is at [redacted].");
    let opened = run_ok(&world, &[&open[..], &["--release-hit", "203.0.113.9"]].concat());
    assert_eq!(shown(&world, &id_of(&opened, "is open."))["updates"][0]["body"], "It is at 203.0.113.9.");
    let planned = ["template", "add", "Planned", "--title", "T", "--message", "M", "--status", "scheduled"];
    run_ok(&world, &planned);
    let (succeeded, output) =
        run_cli(&world, &["incident", "open", "--page", "demo", "--template", "Planned"]);
    assert!(!succeeded && output.contains("is for maintenance"), "{output}");
    let all: Value = serde_json::from_str(&run_ok(&world, &["template", "list", "--json"])).expect("JSON");
    let all = all["templates"].as_array().expect("a list");
    let mine = all.iter().find(|one| one["name"] == "Mine").expect("it is listed");
    let (id, version) = (mine["id"].as_str().expect("an id"), mine["version"].as_str().expect("a version"));
    let (succeeded, output) = run_cli(&world, &["template", "remove", id, "--if-version", "1"]);
    assert!(!succeeded && output.contains("look at it again"), "{output}");
    run_ok(&world, &["template", "remove", id, "--if-version", version]);
    assert!(!run_ok(&world, &["template", "list"]).contains("Mine"));
}

#[tokio::test]
async fn a_template_names_what_a_problem_affects_and_one_that_resolves_is_for_what_is_over() {
    let failing = quick_check("search", &format!("http://127.0.0.1:{}/", free_port()));
    let template = "[[incident_template]]\nname = \"Failing\"\ntitle = \"{{components}} fails\"\n\
                    body = \"{{incident}}: we look into **{{components}}**.\"\n";
    let mut world = World::new(&format!(
        "[incidents]\ndraft_from = \"never\"\n\n[local_agent]\nlocation = \"here\"\n\n{failing}{}{template}",
        page("demo", true, &["search"])
    ));
    world.start().await;
    let problems = || {
        let listed: Value =
            serde_json::from_str(&run_ok(&world, &["problem", "list", "--json"])).expect("JSON");
        listed["problems"][0]["id"].as_str().map(str::to_owned)
    };
    until("there is a problem", NOTICED, async || problems().is_some()).await;
    let problem = problems().expect("a problem");
    let open = ["incident", "open", "--template"];
    let opened = run_ok(&world, &[&open[..], &["Failing", "--problem", &problem]].concat());
    let incident = shown(&world, &id_of(&opened, "is open."));
    assert_eq!(
        (&incident["title"], &incident["components"][0]["name"]),
        (&"search fails".into(), &"search".into())
    );
    assert_eq!(incident["updates"][0]["body"], "search fails: we look into search.");

    let add = ["template", "add", "Over", "--title", "It is over", "--status", "resolved", "--message"];
    run_ok(&world, &[&add[..], &["Over after {{duration}}."]].concat());
    let (succeeded, output) = run_cli(&world, &[&open[..], &["Over"]].concat());
    assert!(!succeeded && output.contains("say --began and --ended"), "{output}");
    let times = ["--began", "2026-01-02T03:04:05Z", "--ended", "2026-01-02T04:04:05Z"];
    let entered = run_ok(&world, &[&open[..], &["Over"], &times[..]].concat());
    let over = shown(&world, &id_of(&entered, "is entered."));
    assert_eq!((&over["status"], &over["resolved_at"]), (&"resolved".into(), &times[3].into()));
    assert_eq!(over["updates"][0]["body"], "Over after 1 h.");
}
