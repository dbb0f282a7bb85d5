//! What a body says once its codings and its charset are taken off it.

pub(super) mod charset;
pub(super) mod coding;
