//! Detects a database of a former version, in which a relative `store.path` was relative to the working directory.

use skerry_aggregator::config::Loaded;
use skerry_host::files::former_place;
use skerry_store::StoreError;
use std::path::absolute;

/// Rejects the start if a database is at the former path and none at the configured one. If both exist, logs a warning.
pub(crate) fn reject_former_place(loaded: &Loaded) -> Result<(), StoreError> {
    let Some(store) = loaded.configs.first().map(|config| &config.store) else { return Ok(()) };
    let former = store.written.as_ref().and_then(|written| former_place(&store.path, written));
    let Some(former) = former else { return Ok(()) };
    let path = absolute(&store.path).unwrap_or_else(|_| store.path.clone());
    if !path.exists() {
        return Err(StoreError::Elsewhere { path, former });
    }
    tracing::warn!(
        "{} is another database, which is not used: a relative store.path is relative to the configuration file, so the \
         database is {}",
        former.display(),
        path.display()
    );
    Ok(())
}
