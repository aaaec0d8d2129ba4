//! The lock as its users see it.

use super::*;
use std::sync::atomic::{AtomicBool, AtomicU64};

fn is_owned(place: &Biased<u64>) -> bool {
    place.bias.owner.load(Ordering::Relaxed) ^ thread::token() < DOORS
}

fn keep_taking(place: &Biased<u64>, times: u32) {
    (0..times).for_each(|_| *place.lock().unwrap() += 1);
}

#[test]
fn who_keeps_taking_it_owns_it_until_another_comes() {
    let place = Biased::new();
    assert!(place.lock().is_none());
    // What puts something in counts as well.
    place.put(Box::new(0_u64));
    keep_taking(&place, FIRST_STREAK - 1);
    assert!(place.with_again(|_| ()).is_none());
    keep_taking(&place, 1);
    assert!(is_owned(&place));
    place.with_again(|value| *value += 1).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| keep_taking(&place, 1));
    });
    assert!(place.with_again(|_| ()).is_none());
    // That was dear, so the next time comes later.
    keep_taking(&place, FIRST_STREAK + 1);
    assert!(place.with_again(|_| ()).is_none());
    keep_taking(&place, FIRST_STREAK);
    assert!(is_owned(&place));
    assert_eq!(
        place.take(),
        Some(Box::new(u64::from(FIRST_STREAK) * 3 + 3))
    );
    assert!(place.lock().is_none() && place.take().is_none());
}

#[test]
fn an_owner_inside_is_waited_for() {
    let place = Biased::new();
    place.put(Box::new(0_u64));
    keep_taking(&place, FIRST_STREAK + 2);
    assert!(is_owned(&place));
    let mut inside = place.lock().unwrap();
    let has_come = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            assert!(place.try_lock().is_none());
            has_come.store(true, Ordering::SeqCst);
            assert_eq!(*place.lock().unwrap(), u64::MAX);
        });
        while !has_come.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
        *inside = u64::MAX;
        drop(inside);
    });
    assert!(place.try_lock().is_some());
}

#[test]
fn who_is_inside_already_is_refused() {
    let place = Biased::new();
    place.put(Box::new(0_u64));
    let come_again = || {
        assert!(place.lock().is_none() && place.try_lock().is_none());
        assert!(place.with_again(|_| ()).is_none() && place.take().is_none());
    };
    let guard = place.lock().unwrap();
    come_again();
    drop(guard);
    keep_taking(&place, FIRST_STREAK);
    assert!(is_owned(&place));
    let guard = place.lock().unwrap();
    come_again();
    drop(guard);
    assert!(is_owned(&place));
    place.with_again(|_| come_again()).unwrap();
    assert_eq!(place.take(), Some(Box::new(u64::from(FIRST_STREAK))));
}

/// Also while somebody is behind the front door and waits for it to leave.
#[test]
fn who_is_inside_already_is_refused_while_another_waits() {
    let place = Biased::new();
    place.put(Box::new(0_u64));
    keep_taking(&place, FIRST_STREAK + 2);
    assert!(is_owned(&place));
    let inside = place.lock().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| *place.lock().unwrap() += 1);
        while place.bias.has_owner() {
            std::thread::yield_now();
        }
        assert!(place.front.is_locked());
        assert!(place.lock().is_none() && place.try_lock().is_none());
        assert!(place.with_again(|_| ()).is_none() && place.take().is_none());
        drop(inside);
    });
    assert_eq!(*place.lock().unwrap(), u64::from(FIRST_STREAK) + 3);
}

#[test]
fn a_former_owner_keeps_its_back_door_until_it_comes_to_the_front_one() {
    let bias = Bias::new();
    let tokens: [usize; DOORS + 1] = std::array::from_fn(|n| (n + 1) * DOORS);
    for &me in &tokens {
        bias.end(me);
        assert!(bias.is_clear());
        bias.grant(me);
    }
    // The last one finds none.
    assert!(!bias.has_owner());
    bias.end(tokens[1]);
    bias.grant(tokens[DOORS]);
    assert_eq!(bias.enter(tokens[DOORS]), Some(1));
    bias.leave(1);
}

#[test]
fn threads_that_take_it_in_turns_of_all_lengths_lose_nothing() {
    let place = Biased::new();
    place.put(Box::new(0_u64));
    let done = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for seed in 0..3_u32 {
            let (place, done) = (&place, &done);
            scope.spawn(move || {
                for turn in 0..200_u32 {
                    let times = 1 + (turn * 37 + seed * 101) % 97;
                    keep_taking(place, times);
                    done.fetch_add(u64::from(times), Ordering::Relaxed);
                    if turn.is_multiple_of(5)
                        && let Some(mut value) = place.try_lock()
                    {
                        *value += 1;
                        done.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    assert_eq!(*place.lock().unwrap(), done.load(Ordering::Relaxed));
}
