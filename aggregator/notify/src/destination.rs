//! Where a message may be sent: which addresses are globally routable, and which URLs people may give. Pure: names are
//! resolved, and every address that comes of it is checked, in `http`.

mod addresses;
mod chat_urls;
mod webhook_url;

pub use addresses::{Reach, is_globally_routable};
pub use chat_urls::{ChatService, chat_url};
pub use webhook_url::{UrlFault, webhook_url};
