//! Whether the port is open. Where there are several realms it is as long as one of them can be served: one whose database
//! is away ends its own requests, and leaves the port and idle connections alone, since a connection is no realm's.

use crate::sql::State;
use futures::{Stream, future::select_all, stream};
use std::time::Duration;
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

/// At the start the port stays closed for so long after the first realm can be served, if others cannot yet: as long as
/// requests of theirs would be held.
const START_TOGETHER: Duration = Duration::from_millis(4500);

/// An item for each change of the state, until the gateway stops.
pub(super) fn changes(states: watch::Receiver<State>) -> impl Stream<Item = ()> {
    stream::unfold(states, |mut states| async {
        states.changed().await.ok()?;
        Some(((), states))
    })
}

/// The state of realms together, as the port follows it. Must be called inside a Tokio runtime; it ends with the realms.
pub fn together(realms: Vec<watch::Receiver<State>>) -> watch::Receiver<State> {
    if let [only] = realms.as_slice() {
        return only.clone();
    }
    let (publish, together) = watch::channel(State::Starting);
    tokio::spawn(follow(realms, publish));
    together
}

async fn follow(mut realms: Vec<watch::Receiver<State>>, publish: watch::Sender<State>) {
    let mut begun: Option<Instant> = None;
    loop {
        let states: Vec<State> = realms.iter_mut().map(|realm| *realm.borrow_and_update()).collect();
        let best = best(&states);
        let is_first = *publish.borrow() == State::Starting && is_served(best);
        let waits = is_first && states.contains(&State::Starting);
        let until = match waits {
            true => *begun.get_or_insert_with(Instant::now) + START_TOGETHER,
            false => Instant::now(),
        };
        let opens = !waits || until <= Instant::now();
        if opens {
            publish.send_if_modified(|state| {
                let is_new = *state != best;
                *state = best;
                is_new
            });
        }
        let changed = select_all(realms.iter_mut().map(|realm| Box::pin(realm.changed())));
        tokio::select! {
            (changed, ..) = changed => if changed.is_err() { return },
            () = sleep_until(until), if !opens => {}
            () = publish.closed() => return,
        }
    }
}

fn is_served(state: State) -> bool {
    matches!(state, State::Serving | State::Holding { .. })
}

/// The state of the realm that is best off. One that has never been described is no better than one that is away.
fn best(states: &[State]) -> State {
    let rank = |state: &&State| match state {
        State::Serving => 3,
        State::Holding { .. } => 2,
        State::Away => 1,
        State::Starting => 0,
    };
    states.iter().max_by_key(rank).copied().unwrap_or(State::Starting)
}

/// The state of a realm that needs several databases: it is as well off as the worst of them.
pub fn of_all(mut databases: Vec<watch::Receiver<State>>) -> watch::Receiver<State> {
    let worst = |databases: &mut Vec<watch::Receiver<State>>| {
        let states: Vec<State> = databases
            .iter_mut()
            .map(|database| *database.borrow_and_update())
            .collect();
        let rank = |state: &State| match state {
            State::Starting => 0,
            State::Away => 1,
            State::Holding { .. } => 2,
            State::Serving => 3,
        };
        states.into_iter().min_by_key(rank).unwrap_or(State::Starting)
    };
    let (publish, together) = watch::channel(worst(&mut databases));
    tokio::spawn(async move {
        loop {
            let changed = select_all(databases.iter_mut().map(|database| Box::pin(database.changed())));
            tokio::select! {
                (changed, ..) = changed => if changed.is_err() { return },
                () = publish.closed() => return,
            }
            let now = worst(&mut databases);
            publish.send_if_modified(|state| {
                let is_new = *state != now;
                *state = now;
                is_new
            });
        }
    });
    together
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn holding() -> State {
        State::Holding { since: Instant::now() }
    }

    async fn becomes(state: &mut watch::Receiver<State>, wanted: State) {
        state.wait_for(|state| *state == wanted).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn the_port_is_open_while_one_realm_can_be_served() {
        let (one, first) = watch::channel(State::Serving);
        let (other, second) = watch::channel(State::Serving);
        let mut state = together(vec![first, second]);
        becomes(&mut state, State::Serving).await;
        one.send_replace(State::Away);
        other.send_replace(holding());
        state
            .wait_for(|state| matches!(state, State::Holding { .. }))
            .await
            .unwrap();
        other.send_replace(State::Away);
        becomes(&mut state, State::Away).await;
        one.send_replace(State::Serving);
        becomes(&mut state, State::Serving).await;
    }

    #[tokio::test(start_paused = true)]
    async fn at_the_start_realms_wait_for_each_other_a_while() {
        let (one, first) = watch::channel(State::Starting);
        let (other, second) = watch::channel(State::Starting);
        let mut state = together(vec![first.clone(), second]);
        let begun = Instant::now();
        one.send_replace(State::Serving);
        becomes(&mut state, State::Serving).await;
        assert!(begun.elapsed() >= START_TOGETHER, "the other may be ready in a moment");
        let mut state = together(vec![first, other.subscribe()]);
        let begun = Instant::now();
        other.send_replace(State::Serving);
        becomes(&mut state, State::Serving).await;
        assert!(begun.elapsed() < START_TOGETHER);
    }

    #[tokio::test(start_paused = true)]
    async fn a_realm_is_as_well_off_as_the_worst_of_its_databases() {
        let (one, first) = watch::channel(State::Starting);
        let (other, second) = watch::channel(State::Serving);
        let mut state = of_all(vec![first, second]);
        assert_eq!(*state.borrow(), State::Starting);
        one.send_replace(State::Serving);
        becomes(&mut state, State::Serving).await;
        other.send_replace(State::Away);
        becomes(&mut state, State::Away).await;
    }
}
