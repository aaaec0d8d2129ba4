//! Owners and others at the doors, in the orders in which two threads may run.

use super::*;
use crate::sync::Arc;
use loom::cell::UnsafeCell;

const OWNER: usize = DOORS;
const NEXT: usize = DOORS * 2;

/// The owner comes and goes by the back door while another, who is alone behind the front door,
/// takes its right away.
#[test]
fn the_owner_and_another_are_never_inside_together() {
    loom::model(|| {
        let shared = Arc::new((Bias::new(), UnsafeCell::new(0)));
        shared.0.grant(OWNER);
        let owner = {
            let shared = Arc::clone(&shared);
            loom::thread::spawn(move || {
                let mut times = 0;
                while times < 2
                    && let Some(door) = shared.0.enter(OWNER)
                {
                    // SAFETY: loom checks just this.
                    shared.1.with_mut(|value| unsafe { *value += 1 });
                    shared.0.leave(door);
                    times += 1;
                }
                times
            })
        };
        assert!(shared.0.end(NEXT));
        shared.0.wait_until_clear();
        // SAFETY: as above.
        shared.1.with_mut(|value| unsafe { *value += 1 });
        let times = owner.join().unwrap();
        assert!(shared.0.enter(OWNER).is_none());
        // SAFETY: as above.
        shared
            .1
            .with(|value| assert_eq!(unsafe { *value }, times + 1));
    });
}

/// An owner is still on its way in when its right was taken away, and another has become the owner.
#[test]
fn a_former_owner_and_the_next_one_are_never_inside_together() {
    struct Shared {
        bias: Bias,
        front: loom::sync::Mutex<()>,
        value: UnsafeCell<usize>,
    }

    impl Shared {
        fn work(&self) {
            // SAFETY: loom checks just this.
            self.value.with_mut(|value| unsafe { *value += 1 });
        }

        fn by_the_front_door(&self, me: usize) {
            let _front = self.front.lock().unwrap();
            self.bias.end(me);
            self.bias.wait_until_clear();
            self.work();
            self.bias.grant(me);
        }

        fn by_either_door(&self, me: usize) {
            match self.bias.enter(me) {
                Some(door) => {
                    self.work();
                    self.bias.leave(door);
                }
                None => self.by_the_front_door(me),
            }
        }
    }

    loom::model(|| {
        let shared = Arc::new(Shared {
            bias: Bias::new(),
            front: loom::sync::Mutex::new(()),
            value: UnsafeCell::new(0),
        });
        shared.bias.grant(OWNER);
        let owner = {
            let shared = Arc::clone(&shared);
            loom::thread::spawn(move || shared.by_either_door(OWNER))
        };
        shared.by_the_front_door(NEXT);
        shared.by_either_door(NEXT);
        owner.join().unwrap();
        // SAFETY: as above.
        shared.value.with(|value| assert_eq!(unsafe { *value }, 3));
    });
}
