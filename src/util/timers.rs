//! A set of repeating timers (`zmq_timers(3)`): data and rules, no clock, no callbacks.
//!
//! Times are kept as distances from the moment the set was made, which can grow without
//! overflowing: an interval of ages is a timer that never comes due.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// Repeating timers, each with a handler of type `H` for its owner to call.
#[derive(Debug)]
pub struct TimerSet<H> {
    made: Instant,
    timers: BTreeMap<i32, Timer<H>>,
    /// All timers by when they are due; those of one moment in the order they were set.
    queue: BTreeSet<Place>,
    last_id: i32,
    last_turn: u64,
}

/// The timers that are due at a time, one after the other; see [`TimerSet::round`].
#[derive(Clone, Copy, Debug)]
pub struct Round {
    /// Whose round it is: no two sets of a process are made at the same time.
    made: Instant,
    now: Instant,
    last_turn: u64,
}

#[derive(Debug)]
struct Timer<H> {
    interval: Duration,
    place: Place,
    handler: H,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    due: Duration,
    turn: u64,
    id: i32,
}

impl<H> TimerSet<H> {
    /// An empty set; `now` is the earliest time it will be asked about.
    #[must_use]
    pub const fn new(now: Instant) -> Self {
        Self {
            made: now,
            timers: BTreeMap::new(),
            queue: BTreeSet::new(),
            last_id: 0,
            last_turn: 0,
        }
    }

    /// Adds a timer and returns its id, which is positive; None if all ids are taken.
    pub fn add(&mut self, interval: Duration, handler: H, now: Instant) -> Option<i32> {
        let id = self.free_id()?;
        self.last_id = id;
        let place = self.enqueue(id, interval, now);
        self.timers.insert(
            id,
            Timer {
                interval,
                place,
                handler,
            },
        );
        Some(id)
    }

    /// Removes a timer; false if there is none.
    pub fn cancel(&mut self, id: i32) -> bool {
        let timer = self.timers.remove(&id);
        timer.is_some_and(|timer| self.queue.remove(&timer.place))
    }

    /// Gives a timer another interval and starts it anew; false if there is none.
    pub fn set_interval(&mut self, id: i32, interval: Duration, now: Instant) -> bool {
        if let Some(timer) = self.timers.get_mut(&id) {
            timer.interval = interval;
        }
        self.reset(id, now)
    }

    /// Starts a timer anew; false if there is none.
    pub fn reset(&mut self, id: i32, now: Instant) -> bool {
        let Some(timer) = self.timers.get(&id) else {
            return false;
        };
        let (interval, old) = (timer.interval, timer.place);
        self.queue.remove(&old);
        let place = self.enqueue(id, interval, now);
        if let Some(timer) = self.timers.get_mut(&id) {
            timer.place = place;
        }
        true
    }

    /// The time until the first timer is due, zero if it is; None without timers.
    #[must_use]
    pub fn timeout(&self, now: Instant) -> Option<Duration> {
        self.queue
            .first()
            .map(|place| place.due.saturating_sub(self.since_made(now)))
    }

    /// Begins to fire what is due at `now`.
    #[must_use]
    pub const fn round(&self, now: Instant) -> Round {
        Round {
            made: self.made,
            now,
            last_turn: self.last_turn,
        }
    }

    /// The next timer of a round, the longest overdue first: it starts anew, and its handler is to be called. A
    /// timer has its turn once, and not if it was set or started anew since the round began. None at the
    /// round's end, and if it is not of this set.
    pub fn fire_next(&mut self, round: Round) -> Option<(i32, &H)> {
        if round.made != self.made {
            return None;
        }
        let now = self.since_made(round.now);
        let is_due = |place: &&Place| place.due <= now;
        let mut due = self.queue.iter().take_while(is_due);
        let id = due.find(|place| place.turn <= round.last_turn)?.id;
        self.reset(id, round.now);
        self.timers.get(&id).map(|timer| (id, &timer.handler))
    }

    /// Removes all timers.
    pub fn clear(&mut self) {
        self.timers.clear();
        self.queue.clear();
    }

    fn since_made(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.made)
    }

    fn enqueue(&mut self, id: i32, interval: Duration, now: Instant) -> Place {
        self.last_turn += 1;
        let due = self.since_made(now).saturating_add(interval);
        let place = Place {
            due,
            turn: self.last_turn,
            id,
        };
        self.queue.insert(place);
        place
    }

    /// Counts on from the last id, round the end, over those in use.
    fn free_id(&self) -> Option<i32> {
        let after = (1..=i32::MAX - self.last_id).map(|step| self.last_id + step);
        after
            .chain(1..=self.last_id)
            .find(|id| !self.timers.contains_key(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    fn set() -> (TimerSet<char>, Instant) {
        let now = Instant::now();
        (TimerSet::new(now), now)
    }

    fn execute(set: &mut TimerSet<char>, now: Instant) -> String {
        let round = set.round(now);
        let next = || set.fire_next(round).map(|(_, &handler)| handler);
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn timers_repeat_from_the_time_they_fire() {
        let (mut set, t) = set();
        set.add(ms(20), 'a', t);
        assert_eq!(execute(&mut set, t + ms(19)), "");
        assert_eq!(set.timeout(t + ms(19)), Some(ms(1)));
        assert_eq!(set.timeout(t + ms(70)), Some(ms(0)));
        assert_eq!(
            execute(&mut set, t + ms(70)),
            "a",
            "once, however long overdue"
        );
        assert_eq!(set.timeout(t + ms(70)), Some(ms(20)));
        assert_eq!(execute(&mut set, t + ms(90)), "a");
    }

    #[test]
    fn longest_overdue_first() {
        let (mut set, t) = set();
        for (interval, name) in [(30, 'c'), (20, 'a'), (20, 'b'), (100, 'd')] {
            set.add(ms(interval), name, t);
        }
        assert_eq!(execute(&mut set, t + ms(50)), "abc");
    }

    #[test]
    fn an_interval_of_zero_fires_once_per_round() {
        let (mut set, t) = set();
        set.add(ms(0), 'a', t);
        assert_eq!(set.timeout(t), Some(ms(0)));
        assert_eq!(execute(&mut set, t), "a");
        assert_eq!(execute(&mut set, t), "a");
    }

    #[test]
    fn reset_and_set_interval_start_anew() {
        let (mut set, t) = set();
        let a = set.add(ms(100), 'a', t).unwrap();
        assert!(set.reset(a, t + ms(60)));
        assert_eq!(set.timeout(t + ms(60)), Some(ms(100)));
        assert!(set.set_interval(a, ms(10), t + ms(70)));
        assert_eq!(set.timeout(t + ms(70)), Some(ms(10)));
        assert_eq!(execute(&mut set, t + ms(80)), "a");
        assert_eq!(set.timeout(t + ms(80)), Some(ms(10)));
    }

    #[test]
    fn what_is_cancelled_is_gone() {
        let (mut set, t) = set();
        let a = set.add(ms(10), 'a', t).unwrap();
        let b = set.add(ms(10), 'b', t).unwrap();
        let round = set.round(t + ms(10));
        assert_eq!(set.fire_next(round), Some((a, &'a')));
        assert!(set.cancel(b), "as a handler of `a` may do");
        assert_eq!(set.fire_next(round), None);
        assert!(!set.cancel(b) && !set.reset(b, t) && !set.set_interval(b, ms(1), t));
        assert!(set.cancel(a));
        assert_eq!(set.timeout(t), None);
    }

    #[test]
    fn an_endless_interval_never_comes() {
        let (mut set, t) = set();
        set.add(Duration::MAX, 'a', t);
        set.add(ms(u64::MAX), 'b', t);
        assert_eq!(execute(&mut set, t + Duration::from_secs(3600)), "");
    }

    #[test]
    fn ids_are_positive_and_unique() {
        let (mut set, t) = set();
        assert_eq!(set.add(ms(1), 'a', t), Some(1));
        assert_eq!(set.add(ms(1), 'b', t), Some(2));
        assert!(set.cancel(2));
        assert_eq!(set.add(ms(1), 'c', t), Some(3), "no early reuse");
        set.last_id = i32::MAX;
        assert_eq!(set.add(ms(1), 'd', t), Some(2), "1 is in use");
    }
}
