//! The operations of one connection that run side by side, in the connection's own task.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use futures::{Stream, future::BoxFuture, stream::FuturesUnordered};

/// What runs, and what comes of each as it ends; a stream that goes on after its end.
///
/// Most clients wait for each answer, so there is one operation. It is polled by itself: `FuturesUnordered` has it woken
/// through a task of its own, and gives way after each, so that all of the connection is polled once more.
pub(super) struct OperationSet<T> {
    first: Option<BoxFuture<'static, T>>,
    others: FuturesUnordered<BoxFuture<'static, T>>,
}

impl<T> Default for OperationSet<T> {
    fn default() -> Self {
        OperationSet {
            first: None,
            others: FuturesUnordered::new(),
        }
    }
}

impl<T> OperationSet<T> {
    /// Adds an operation.
    pub(super) fn push(&mut self, operation: BoxFuture<'static, T>) {
        if self.first.is_none() {
            self.first = Some(operation);
        } else {
            self.others.push(operation);
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.others.len()
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Drops all of them.
    pub(super) fn clear(&mut self) {
        self.first = None;
        self.others.clear();
    }
}

impl<T> Stream for OperationSet<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        if let Some(first) = &mut self.first
            && let Poll::Ready(ended) = first.as_mut().poll(context)
        {
            self.first = None;
            return Poll::Ready(Some(ended));
        }
        match Pin::new(&mut self.others).poll_next(context) {
            Poll::Ready(None) if self.first.is_some() => Poll::Pending,
            polled => polled,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
mod tests {
    use super::*;
    use futures::{FutureExt, StreamExt};
    use tokio::sync::oneshot;

    #[tokio::test]
    async fn each_ends_when_it_ends() {
        let mut running = OperationSet::default();
        running.push(futures::future::pending().boxed());
        assert!(running.next().now_or_never().is_none(), "the only one has not ended");
        running.clear();
        let mut senders = Vec::new();
        for number in 0..4 {
            let (sender, receiver) = oneshot::channel::<()>();
            senders.push(Some(sender));
            running.push(async move { receiver.await.map(|()| number).unwrap() }.boxed());
        }
        assert!(running.next().now_or_never().is_none(), "none has ended");
        for (left, number) in [2, 0, 3, 1].into_iter().enumerate() {
            assert_eq!(running.len(), 4 - left);
            let sender: Option<oneshot::Sender<()>> = senders.get_mut(number).and_then(Option::take);
            sender.unwrap().send(()).unwrap();
            assert_eq!(running.next().await, Some(number));
            if number == 0 {
                // Its place is taken again.
                running.push(async { 7 }.boxed());
                assert_eq!(running.next().await, Some(7));
            }
        }
        assert!(running.is_empty());
        assert_eq!(running.next().await, None);
    }

    #[tokio::test]
    async fn what_is_dropped_ends() {
        let mut running = OperationSet::default();
        let mut receivers = Vec::new();
        for _ in 0..3 {
            let (sender, receiver) = oneshot::channel::<()>();
            receivers.push(receiver);
            running.push(async move { futures::future::pending::<()>().map(|()| drop(sender)).await }.boxed());
        }
        running.clear();
        assert!(running.is_empty());
        for receiver in receivers {
            assert!(receiver.await.is_err());
        }
    }
}
