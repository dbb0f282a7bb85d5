//! A file with a mark in every private field.

use super::MARK;

#[derive(Default)]
pub(super) struct Marks {
    pub(super) made: u32,
}

impl Marks {
    /// A new private text.
    pub(super) fn text(&mut self) -> String {
        self.made += 1;
        format!("{MARK}{:04}kj", self.made)
    }
}

/// What the file declares, with a mark in every private field.
pub(super) struct Declared {
    pub(super) text: String,
    /// The names of the checks.
    pub(super) checks: [String; 2],
    /// What the database has of them.
    pub(super) kept: Vec<String>,
    /// What the sanitiser removes.
    pub(super) names: Vec<String>,
    /// The key of the page that nobody sees, and that of the component that nobody sees on the other.
    pub(super) page: String,
    pub(super) hidden: String,
}

pub(super) fn declared(marks: &mut Marks) -> Declared {
    let [check, other, host, page, name, hidden, described, group, restricted, audience] =
        std::array::from_fn(|_| marks.text());
    let kept =
        [&check, &other, &page, &name, &hidden, &described, &group, &restricted, &audience].map(Clone::clone);
    let text = format!(
        "[incidents]\ndraft_from = \"low\"\npublish_from = \"high\"\n\
         [[check]]\nname = \"{check}\"\ntype = \"http\"\nurl = \"http://{host}.internal/{host}\"\nseverity = \"critical\"\n\
         [[check]]\nname = \"{other}\"\ntype = \"tcp\"\nhost = \"{host}.internal\"\nport = 1\n\
         [[page]]\nkey = \"open\"\nname = \"Open\"\npublic = true\nlisted = true\n\
         [[page.component]]\nkey = \"shop\"\nname = \"Shop\"\nchecks = [\"{check}\"]\nresponse_time = true\n\
         [[page.component]]\nkey = \"{hidden}\"\nname = \"{hidden}\"\ndescription = \"{described}\"\npublic = false\n\
         checks = [\"{check}\", \"{other}\"]\n\
         [[page.group]]\nkey = \"{group}\"\nname = \"{group}\"\ndescription = \"{described}\"\n\
         [[page.group.component]]\nkey = \"{group}-one\"\nname = \"{group}\"\npublic = false\nmanual = true\n\
         [[page]]\nkey = \"{page}\"\nname = \"{name}\"\nsupport_url = \"https://{host}.example/\"\nlisted = true\n\
         [[page.component]]\nkey = \"vault\"\nname = \"{hidden}\"\nchecks = [\"{other}\"]\n\
         [[page]]\nkey = \"{restricted}\"\nname = \"{restricted}\"\naudience = \"networks\"\nnetworks = [\"192.0.2.0/24\"]\n\
         address = \"https://{audience}.example/status\"\n\
         [[page.component]]\nkey = \"inside\"\nname = \"{audience}\"\nmanual = true\n"
    );
    let names = vec![check.clone(), other.clone(), format!("{host}.internal")];
    Declared { text, checks: [check, other], names, kept: kept.to_vec(), page, hidden }
}
