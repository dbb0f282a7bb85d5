//! Which deliveries are tried at present.

use skerry_domain::state::{DeliveryKey, WorkspaceKey};
use std::collections::HashSet;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

type Keys = HashSet<(WorkspaceKey, DeliveryKey)>;

/// The deliveries whose attempts have begun, and whose outcomes are not stored yet.
#[derive(Debug, Default)]
pub struct UnderWay {
    keys: Mutex<Keys>,
    ended: Condvar,
}

impl UnderWay {
    pub(super) fn begin(&self, one: (WorkspaceKey, DeliveryKey)) {
        self.keys().insert(one);
    }

    pub(super) fn end(&self, one: (WorkspaceKey, DeliveryKey)) {
        self.keys().remove(&one);
        self.ended.notify_all();
    }

    /// Waits until a delivery is none of them, at most for so long.
    pub fn wait(&self, one: (WorkspaceKey, DeliveryKey), patience: Duration) {
        let (keys, is_under_way) = (self.keys(), |keys: &mut Keys| keys.contains(&one));
        // Whether it ended or took too long, the caller goes on.
        drop(self.ended.wait_timeout_while(keys, patience, is_under_way));
    }

    fn keys(&self) -> MutexGuard<'_, Keys> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::time::Instant;

    #[test]
    fn what_is_under_way_is_waited_for_and_nothing_else() {
        let (under_way, one) = (Arc::new(UnderWay::default()), (WorkspaceKey(1), DeliveryKey(7)));
        let began = Instant::now();
        under_way.wait(one, Duration::from_secs(60));
        under_way.begin(one);
        under_way.wait(one, Duration::from_millis(1));
        let ends = Arc::clone(&under_way);
        let thread = std::thread::spawn(move || ends.end(one));
        under_way.wait(one, Duration::from_secs(60));
        thread.join().expect("it ends");
        assert!(began.elapsed() < Duration::from_secs(60));
    }
}
