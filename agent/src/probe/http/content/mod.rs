//! Decodes a body: content codings, then charset.

pub(super) mod charset;
pub(super) mod coding;
