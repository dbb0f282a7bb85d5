//! Random requests of clients of the REST API, and the tokens that they hold.

use crate::script::{Script, World};
use skerry_domain::access::Role;
use skerry_domain::state::{ApiTokenKey, PageKey};
use skerry_domain::step::{Command, NewApiToken, Once, PreviewCommand};
use skerry_domain::time::HOUR;

impl World {
    /// What a client of the REST API sends, and what makes and removes its token.
    pub(crate) fn request(&self, script: &mut Script<'_>) -> Command {
        let name = script.pick(&["deploy", "terraform"]).to_owned();
        match script.below(7) {
            0 => Command::AddApiToken(Box::new(NewApiToken {
                name,
                hash: [script.below(3) as u8; 32],
                role: Role::Operator,
                scopes: Vec::new(),
                pages: Vec::new(),
                expires_at: script.pick(&[None, Some(self.now + HOUR)]),
            })),
            1 => Command::RemoveApiToken { name },
            2 => Command::NoteTokenUse(ApiTokenKey(1 + script.below(3))),
            3 => Command::Preview(PreviewCommand::Share {
                page: PageKey(1 + script.below(2)),
                nonce: [script.below(3) as u8; 16],
                until: self.now + script.pick(&[0, HOUR, 25 * HOUR]),
            }),
            4 => Command::Preview(PreviewCommand::Revoke { page: PageKey(1 + script.below(2)) }),
            _ => {
                let request = (ApiTokenKey(script.below(2)), script.pick(&["one", "two"]).to_owned());
                let digest = [script.below(2) as u8; 32];
                Command::Once(Box::new(Once { request, digest, command: self.act(script) }))
            }
        }
    }
}
