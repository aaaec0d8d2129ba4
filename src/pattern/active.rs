//! A set of pipes of which some are active, served in turn.
//!
//! Shared by fair queueing (active: may have frames) and load balancing (active: may have room).
//! Active members stand in front, in the order they became active; all operations are O(1).

use super::PipeId;

const ABSENT: usize = usize::MAX;

/// Members, the first `active` of which are active, and a turn among those.
#[derive(Debug, Default)]
pub struct ActiveSet {
    members: Vec<PipeId>,
    /// Place in `members` by pipe id.
    places: Vec<usize>,
    active: usize,
    turn: usize,
}

impl ActiveSet {
    /// An empty set.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            members: Vec::new(),
            places: Vec::new(),
            active: 0,
            turn: 0,
        }
    }

    /// Adds a member, inactive.
    pub fn add(&mut self, id: PipeId) {
        if self.places.len() <= id {
            self.places.resize(id + 1, ABSENT);
        }
        if self.places[id] == ABSENT {
            self.places[id] = self.members.len();
            self.members.push(id);
        }
    }

    /// Removes a member, if it is one.
    pub fn remove(&mut self, id: PipeId) {
        self.deactivate(id);
        let Some(place) = self.place(id) else { return };
        self.places[id] = ABSENT;
        self.members.swap_remove(place);
        if let Some(&moved) = self.members.get(place) {
            self.places[moved] = place;
        }
    }

    /// Makes a member active; it is served after all that are active already.
    pub fn activate(&mut self, id: PipeId) {
        let Some(place) = self.place(id) else { return };
        if place >= self.active {
            self.swap(place, self.active);
            self.active += 1;
        }
    }

    /// Makes a member inactive.
    pub fn deactivate(&mut self, id: PipeId) {
        let Some(place) = self.place(id) else { return };
        if place < self.active {
            self.active -= 1;
            self.swap(place, self.active);
            if self.turn >= self.active {
                self.turn = 0;
            }
        }
    }

    /// The member whose turn it is.
    #[inline]
    #[must_use]
    pub fn current(&self) -> Option<PipeId> {
        (self.active > 0).then(|| self.members[self.turn])
    }

    /// Passes the turn on to the next active member.
    #[inline]
    pub fn advance(&mut self) {
        self.turn += 1;
        if self.turn >= self.active {
            self.turn = 0;
        }
    }

    /// Whether a member is active.
    #[must_use]
    pub fn is_active(&self, id: PipeId) -> bool {
        self.place(id).is_some_and(|place| place < self.active)
    }

    /// Whether a pipe is a member.
    #[must_use]
    pub fn contains(&self, id: PipeId) -> bool {
        self.place(id).is_some()
    }

    /// All members, the active ones first.
    #[must_use]
    pub fn members(&self) -> &[PipeId] {
        &self.members
    }

    /// The active members.
    #[must_use]
    pub fn active(&self) -> &[PipeId] {
        &self.members[..self.active]
    }

    fn place(&self, id: PipeId) -> Option<usize> {
        self.places
            .get(id)
            .copied()
            .filter(|&place| place != ABSENT)
    }

    fn swap(&mut self, a: usize, b: usize) {
        self.members.swap(a, b);
        self.places[self.members[a]] = a;
        self.places[self.members[b]] = b;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(set: &mut ActiveSet, n: usize) -> Vec<PipeId> {
        (0..n)
            .map(|_| {
                let id = set.current().unwrap();
                set.advance();
                id
            })
            .collect()
    }

    #[test]
    fn active_members_take_turns() {
        let mut set = ActiveSet::new();
        assert_eq!(set.current(), None);
        for id in [3, 0, 7] {
            set.add(id);
            set.activate(id);
        }
        assert_eq!(turns(&mut set, 5), [3, 0, 7, 3, 0]);
        set.deactivate(0);
        assert!(!set.is_active(0));
        assert!(set.contains(0));
        let mut rest = turns(&mut set, 2);
        rest.sort_unstable();
        assert_eq!(rest, [3, 7]);
        set.remove(3);
        assert_eq!(turns(&mut set, 2), [7, 7]);
        set.activate(0);
        assert_eq!(set.active().len(), 2);
    }
}
