//! Texts of a request. They enter through the sanitiser, like all that people write for visitors.

use crate::api::call::Call;
use crate::api::document::Fields;
use crate::api::refusal::Refusal;
use crate::texts::TextSanitiser;
use skerry_domain::text::Text;

/// Refuses what must not be public in names and descriptions that visitors will read.
///
/// # Errors
/// The rules of the workspace cannot be used.
pub(super) fn check_names(
    call: &Call<'_>,
    fields: &mut Fields<'_>,
    names: &[(&str, Option<&str>)],
) -> Result<(), Refusal> {
    let mut said = names.iter().filter_map(|(field, name)| Some((field, (*name)?))).peekable();
    if said.peek().is_none() {
        return Ok(());
    }
    let sanitiser = sanitiser(call)?;
    for (field, name) in said {
        if let Err(why) = sanitiser.check_name(name) {
            fields.refuse(format!("{field}: {why}"));
        }
    }
    Ok(())
}

/// The rules of the workspace. Whoever reaches single pages is not told which names were removed: those of agents and checks
/// belong to no page.
fn sanitiser(call: &Call<'_>) -> Result<TextSanitiser, Refusal> {
    let rules = call.rules.of(call.state).map_err(|why| Refusal::new(500, why))?;
    Ok(TextSanitiser::with(rules).discreetly(!call.caller.token.pages.is_empty()))
}

/// Reads texts of one request.
pub(in crate::api) struct Texts(TextSanitiser);

impl Texts {
    /// # Errors
    /// The rules of the workspace cannot be used.
    pub(in crate::api) fn of(call: &Call<'_>) -> Result<Self, Refusal> {
        sanitiser(call).map(Self)
    }

    /// A title, unless there is none.
    pub(in crate::api) fn title(&mut self, fields: &mut Fields<'_>, name: &str) -> Option<Text> {
        let written = fields.words(name)?;
        self.0.title(&written).map_err(|why| fields.refuse(format!("{name}: {why}"))).ok()
    }

    /// A text in Markdown, unless there is none.
    pub(in crate::api) fn body(&mut self, fields: &mut Fields<'_>, names: &[&str]) -> Option<Text> {
        let (name, written) = names.iter().find_map(|name| Some((name, fields.words(name)?)))?;
        self.0.markdown(&written).map_err(|why| fields.refuse(format!("{name}: {why}"))).ok()
    }

    /// What was removed, a line each, for the author.
    pub(in crate::api) fn removed(self) -> Vec<String> {
        self.0.removed()
    }
}
