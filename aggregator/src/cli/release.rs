//! What stays in a text although it would be removed.

use clap::Args;

/// What the author of a text leaves in.
#[derive(Args)]
pub(crate) struct Release {
    /// Leave this in the texts as it stands there, although it would be removed; repeat for further ones
    #[arg(long = "release-hit", value_name = "TEXT", allow_hyphen_values = true)]
    pub(super) hits: Vec<String>,
}
