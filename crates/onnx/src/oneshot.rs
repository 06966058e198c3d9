//! One value that one asks for and another gives, whatever thread either is on.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// The side that gives.
#[derive(Debug)]
pub(crate) struct Oneshot<T>(Mutex<Value<T>>);

/// The side that asks. Dropping it says that the value is not wanted any more.
#[derive(Debug)]
pub(crate) struct Waiting<T>(Arc<Oneshot<T>>);

#[derive(Debug)]
enum Value<T> {
    Awaited(Option<Waker>),
    There(T),
    /// It was fetched, or nobody wants it any more.
    Gone,
}

impl<T> Oneshot<T> {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(Value::Awaited(None))))
    }

    /// The future that asks; there is one.
    pub(crate) fn wait(self: &Arc<Self>) -> Waiting<T> {
        Waiting(self.clone())
    }

    /// Whether the value is still to come, and wanted.
    pub(crate) fn is_awaited(&self) -> bool {
        matches!(*self.lock(), Value::Awaited(_))
    }

    /// Gives the value, unless one was given before or none is wanted.
    pub(crate) fn give(&self, given: T) {
        let mut value = self.lock();
        if let Value::Awaited(waker) = &mut *value {
            let waker = waker.take();
            *value = Value::There(given);
            drop(value);
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Value<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Future for Waiting<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let mut value = self.0.lock();
        match &mut *value {
            Value::Awaited(waker) => {
                match waker {
                    Some(waker) => waker.clone_from(context.waker()),
                    None => *waker = Some(context.waker().clone()),
                }
                Poll::Pending
            }
            other => match std::mem::replace(other, Value::Gone) {
                Value::There(there) => Poll::Ready(there),
                // A future is not polled after its end.
                Value::Awaited(_) | Value::Gone => Poll::Pending,
            },
        }
    }
}

impl<T> Drop for Waiting<T> {
    fn drop(&mut self) {
        *self.0.lock() = Value::Gone;
    }
}
