//! Values that the crates above keep on a session.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// One value for each type.
#[derive(Default)]
pub(super) struct Extensions(Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>);

impl Extensions {
    /// Returns the value of this type. The first use creates it.
    pub(super) fn get<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        let mut values = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let value = values.entry(TypeId::of::<T>()).or_insert_with(|| Arc::<T>::default());
        // The value under a type's ID has this type.
        Arc::clone(value).downcast().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use crate::Session;

    #[derive(Default)]
    struct Calls(AtomicU32);

    #[derive(Default)]
    struct Names(AtomicU32);

    #[test]
    fn clones_share_one_value_for_each_type() {
        let session = Session::local("http://127.0.0.1:9").unwrap();
        let clone = session.clone();
        clone.extension::<Calls>().0.store(7, Ordering::Relaxed);
        drop(clone);
        assert_eq!(session.extension::<Calls>().0.load(Ordering::Relaxed), 7);
        assert_eq!(session.extension::<Names>().0.load(Ordering::Relaxed), 0);
        let other = session.in_region("eu-west-1").unwrap();
        assert_eq!(other.extension::<Calls>().0.load(Ordering::Relaxed), 0, "another region has its own");
    }
}
