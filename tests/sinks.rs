//! Receivers for notices: real servers on ports of their own, which record what arrives and answer as they are told.
//!
//! They need nothing but tokio, so that tests of a crate can take them in too:
//! `#[path = "../../../tests/sinks.rs"] mod sinks;`

// Each test binary uses its part.
#![allow(dead_code)]

// Named, so that they are found from whichever crate takes this file in.
#[path = "sinks/http.rs"]
pub mod http;
#[path = "sinks/smtp.rs"]
pub mod smtp;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

/// What has arrived, in order.
#[derive(Clone)]
pub struct Arrivals<T>(Arc<watch::Sender<Vec<T>>>);

impl<T: Clone> Default for Arrivals<T> {
    fn default() -> Self {
        Self(Arc::new(watch::channel(Vec::new()).0))
    }
}

impl<T: Clone> Arrivals<T> {
    fn push(&self, arrival: T) {
        self.0.send_modify(|all| all.push(arrival));
    }

    /// All so far.
    pub fn all(&self) -> Vec<T> {
        self.0.borrow().clone()
    }

    /// All, once there are at least `count`.
    pub async fn at_least(&self, count: usize) -> Vec<T> {
        let mut arrivals = self.0.subscribe();
        arrivals.wait_for(|all| all.len() >= count).await.expect("the sink is there").clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
