//! A future that is woken while it is being polled is polled again at once, without its runtime. Knows nothing of LDAP.
//!
//! The parts of a connection live in one task and wake each other: an operation that has an answer wakes the writer.
//! tokio takes that for a task that gives way, queues it behind all others and wakes another thread to look at the
//! queue, which then competes for the task with this one: half the cost of a lookup.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::{Context, Poll, Wake, Waker},
};

use futures::task::AtomicWaker;

/// Polls in a row before others get their turn. A part that has used up its share of its task's time
/// (`tokio::task::coop`) wakes itself every time.
const ROUNDS: usize = 4;

#[derive(Default)]
struct OwnWakes {
    polling: AtomicBool,
    woken: AtomicBool,
    task: AtomicWaker,
}

impl Wake for OwnWakes {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // In this order, and looked at in the other: either the poll that goes on sees it, or the task is woken.
        self.woken.store(true, SeqCst);
        if !self.polling.load(SeqCst) {
            self.task.wake();
        }
    }
}

/// The future, which wakes its task only for what happens outside of its own polls.
pub(super) async fn without_own_wakes<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let wakes = Arc::new(OwnWakes::default());
    let waker = Waker::from(Arc::clone(&wakes));
    poll_fn(|context| {
        wakes.task.register(context.waker());
        for _ in 0..ROUNDS {
            wakes.woken.store(false, SeqCst);
            wakes.polling.store(true, SeqCst);
            let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
            wakes.polling.store(false, SeqCst);
            if polled.is_ready() || !wakes.woken.load(SeqCst) {
                return polled;
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
mod tests {
    use super::*;
    use futures::task::noop_waker;
    use std::sync::atomic::AtomicUsize;
    use std::time::Duration;
    use tokio::sync::{mpsc, oneshot};

    #[derive(Default)]
    struct Counted(AtomicUsize);

    impl Wake for Counted {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, SeqCst);
        }
    }

    /// How often a task was woken until nothing more happened, and what came of its future.
    fn wakes_of<F: Future>(future: F) -> (usize, Poll<F::Output>) {
        let counted = Arc::new(Counted::default());
        let waker = Waker::from(Arc::clone(&counted));
        let polled = pin!(future).poll(&mut Context::from_waker(&waker));
        (counted.0.load(SeqCst), polled)
    }

    /// A sender and a receiver in one task, as an operation and the writer; and one end that never comes.
    async fn talking(messages: usize) {
        let (sender, mut receiver) = mpsc::channel::<usize>(1);
        let (seen, all) = oneshot::channel();
        let send = async {
            for message in 0..messages {
                sender.send(message).await.unwrap();
            }
            all.await.unwrap();
            std::future::pending::<()>().await
        };
        let receive = async {
            for _ in 0..messages {
                receiver.recv().await.unwrap();
            }
            seen.send(()).unwrap();
        };
        tokio::join!(receive, send);
    }

    #[test]
    fn its_own_wakes_stay_inside() {
        let (bare, _) = wakes_of(talking(1));
        assert!(bare > 0, "it does not wake itself");
        let (wrapped, polled) = wakes_of(without_own_wakes(talking(1)));
        assert_eq!(wrapped, 0);
        assert!(polled.is_pending());
    }

    #[test]
    fn who_always_wakes_itself_gives_way() {
        let mut polls = 0;
        let restless = poll_fn(|context| {
            polls += 1;
            context.waker().wake_by_ref();
            Poll::<()>::Pending
        });
        let (wakes, polled) = wakes_of(without_own_wakes(restless));
        assert!(polled.is_pending());
        assert_eq!((wakes, polls), (1, ROUNDS));
    }

    #[test]
    fn the_result_comes_out() {
        let waker = noop_waker();
        let mut future = pin!(without_own_wakes(async { 7 }));
        let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
        assert_eq!(polled, Poll::Ready(7));
    }

    #[test]
    fn others_wake_it_during_a_poll_and_after_it() {
        let mut polls = 0;
        let (give, take) = std::sync::mpsc::channel();
        let future = poll_fn(|context| {
            polls += 1;
            let waker = context.waker().clone();
            match polls {
                1 => std::thread::spawn(move || waker.wake()).join().unwrap(),
                2 => give.send(waker).unwrap(),
                _ => return Poll::Ready(()),
            }
            Poll::Pending
        });
        let counted = Arc::new(Counted::default());
        let task = Waker::from(Arc::clone(&counted));
        let mut future = pin!(without_own_wakes(future));
        let mut poll = || future.as_mut().poll(&mut Context::from_waker(&task));
        assert!(poll().is_pending());
        assert_eq!(counted.0.load(SeqCst), 0, "polled again at once");
        take.recv().unwrap().wake();
        assert_eq!(counted.0.load(SeqCst), 1, "the task has to be woken");
        assert!(poll().is_ready());
    }

    /// Wakes from other threads at any moment, also in the middle of a poll: none is lost.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn no_wake_from_outside_is_lost() {
        let (sender, mut receiver) = mpsc::channel::<u32>(1);
        let task = tokio::spawn(without_own_wakes(async move {
            let mut sum = 0;
            while let Some(number) = receiver.recv().await {
                sum += number;
            }
            sum
        }));
        let work = async {
            for _ in 0..50_000 {
                sender.send(1).await.unwrap();
            }
            drop(sender);
            task.await.unwrap()
        };
        let sum = tokio::time::timeout(Duration::from_secs(60), work).await;
        assert_eq!(sum.expect("a wake was lost"), 50_000);
    }
}
