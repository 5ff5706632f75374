//! Joins two futures in one task, each of which is polled only when it was woken itself.
//!
//! The parts of a connection wake each other: an operation that has an answer wakes the writer. tokio takes such a wake-up
//! for a task that gives way. It queues the task behind all others and wakes another thread, which then competes for it:
//! half the cost of a lookup. And it polls all parts of a task, whichever was woken. Here a part that is woken while the
//! other is polled is polled next, and the runtime learns nothing of it.

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::{Context, Poll, Wake, Waker},
};

use futures::{
    future::{MaybeDone, maybe_done},
    task::AtomicWaker,
};

/// Polls in a row before others get their turn. A part that has used up its share of its task's time
/// (`tokio::task::coop`) wakes itself every time.
const ROUNDS: usize = 4;

/// What the parts share.
#[derive(Default)]
struct Both {
    polling: AtomicBool,
    task: AtomicWaker,
}

/// Whether a part was woken.
struct PartWaker {
    woken: AtomicBool,
    both: Arc<Both>,
}

impl Wake for PartWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // In this order, and looked at in the other: either the poll that goes on sees it, or the task is woken.
        self.woken.store(true, SeqCst);
        if !self.both.polling.load(SeqCst) {
            self.both.task.wake();
        }
    }
}

/// A future with a waker of its own.
struct Part<'a, F: Future> {
    future: Pin<&'a mut MaybeDone<F>>,
    wakes: Arc<PartWaker>,
    waker: Waker,
}

impl<'a, F: Future> Part<'a, F> {
    fn new(future: Pin<&'a mut MaybeDone<F>>, both: &Arc<Both>) -> Self {
        let wakes = Arc::new(PartWaker {
            woken: AtomicBool::new(true),
            both: Arc::clone(both),
        });
        let waker = Waker::from(Arc::clone(&wakes));
        Part { future, wakes, waker }
    }

    fn is_woken(&self) -> bool {
        self.wakes.woken.load(SeqCst) && matches!(*self.future, MaybeDone::Future(_))
    }

    fn poll_if_woken(&mut self) {
        if self.is_woken() {
            self.wakes.woken.store(false, SeqCst);
            // What it comes to is kept in it.
            let _ = self.future.as_mut().poll(&mut Context::from_waker(&self.waker));
        }
    }
}

/// Both results. The task is woken only for what happens outside of its own polls.
pub(super) async fn join<A: Future, B: Future>(one: A, other: B) -> (A::Output, B::Output) {
    let both = Arc::new(Both::default());
    let (one, other) = (pin!(maybe_done(one)), pin!(maybe_done(other)));
    let mut one = Part::new(one, &both);
    let mut other = Part::new(other, &both);
    poll_fn(|context| {
        both.task.register(context.waker());
        for _ in 0..ROUNDS {
            both.polling.store(true, SeqCst);
            one.poll_if_woken();
            other.poll_if_woken();
            both.polling.store(false, SeqCst);
            if let (MaybeDone::Done(_), MaybeDone::Done(_)) = (&*one.future, &*other.future)
                && let (Some(one), Some(other)) =
                    (one.future.as_mut().take_output(), other.future.as_mut().take_output())
            {
                return Poll::Ready((one, other));
            }
            if !one.is_woken() && !other.is_woken() {
                return Poll::Pending;
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
    use std::future::{pending, ready};
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

    /// A sender and a receiver, as an operation and the writer; the sender's end never comes.
    fn talking(messages: usize) -> (impl Future<Output = ()>, impl Future<Output = ()>) {
        let (sender, mut receiver) = mpsc::channel::<usize>(1);
        let (seen, all) = oneshot::channel();
        let send = async move {
            for message in 0..messages {
                sender.send(message).await.unwrap();
            }
            all.await.unwrap();
            pending::<()>().await;
        };
        let receive = async move {
            for _ in 0..messages {
                receiver.recv().await.unwrap();
            }
            seen.send(()).unwrap();
        };
        (receive, send)
    }

    #[test]
    fn their_own_wakes_stay_inside() {
        let (receive, send) = talking(1);
        let (bare, _) = wakes_of(async { tokio::join!(receive, send) });
        assert!(bare > 0, "they do not wake each other");
        let (receive, send) = talking(1);
        let (wrapped, polled) = wakes_of(join(receive, send));
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
        let (wakes, polled) = wakes_of(join(ready(()), restless));
        assert!(polled.is_pending());
        assert_eq!((wakes, polls), (1, ROUNDS));
    }

    #[test]
    fn the_results_come_out() {
        let waker = noop_waker();
        let mut future = pin!(join(async { 7 }, async { "seven" }));
        let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
        assert_eq!(polled, Poll::Ready((7, "seven")));
    }

    #[test]
    fn only_who_was_woken_is_polled() {
        let mut polls = 0;
        let idle = poll_fn(|_| {
            polls += 1;
            Poll::<()>::Pending
        });
        let (sender, mut receiver) = mpsc::channel(1);
        let waker = noop_waker();
        {
            let mut future = pin!(join(idle, async { receiver.recv().await }));
            let mut poll = || future.as_mut().poll(&mut Context::from_waker(&waker));
            assert!(poll().is_pending());
            sender.try_send(7).unwrap();
            assert!(poll().is_pending());
        }
        assert_eq!(polls, 1);
        assert!(receiver.try_recv().is_err(), "the other one was polled");
    }

    #[test]
    fn others_wake_them_during_a_poll_and_after_it() {
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
        let mut future = pin!(join(future, ready(())));
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
        async fn sum(mut receiver: mpsc::Receiver<u32>) -> u32 {
            let mut sum = 0;
            while let Some(number) = receiver.recv().await {
                sum += number;
            }
            sum
        }
        let (to_one, one) = mpsc::channel(1);
        let (to_other, other) = mpsc::channel(1);
        let task = tokio::spawn(join(sum(one), sum(other)));
        let work = async {
            for _ in 0..50_000 {
                to_one.send(1).await.unwrap();
                to_other.send(2).await.unwrap();
            }
            drop((to_one, to_other));
            task.await.unwrap()
        };
        let sums = tokio::time::timeout(Duration::from_secs(60), work).await;
        assert_eq!(sums.expect("a wake was lost"), (50_000, 100_000));
    }
}
