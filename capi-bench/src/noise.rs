//! How much of the machine others used while a case was measured: such a case says little. What may
//! not live here: anything about the case itself.

use std::fs;

/// Shares below this are what any machine does by the way.
const NOTICEABLE: f64 = 0.08;

/// Processor time so far, in clock ticks, from proc(5).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watch {
    /// Of all processors together, idle or not.
    all: u64,
    /// Of everything that ran in user or kernel mode, and what a hypervisor took away.
    busy: u64,
    /// Of the runs that this program has waited for.
    children: u64,
}

impl Watch {
    /// `None` where proc(5) does not tell.
    pub(crate) fn start() -> Option<Self> {
        let stat = fs::read_to_string("/proc/stat").ok()?;
        let own = fs::read_to_string("/proc/self/stat").ok()?;
        Self::read(&stat, &own)
    }

    fn read(stat: &str, own: &str) -> Option<Self> {
        let ticks: Vec<u64> = stat
            .lines()
            .next()?
            .strip_prefix("cpu ")?
            .split_whitespace()
            .map_while(|word| word.parse().ok())
            .collect();
        // user nice system idle iowait irq softirq steal; guests are counted in the first two.
        let [user, nice, system, idle, iowait, irq, softirq, steal] = *ticks.first_chunk()?;
        let busy = user + nice + system + steal;
        // The program's name may hold anything, but nothing behind it holds a parenthesis; cutime
        // and cstime are fields 16 and 17, the state that follows the name is field 3.
        let (_, fields) = own.rsplit_once(") ")?;
        let mut times = fields
            .split(' ')
            .skip(13)
            .map_while(|word| word.parse::<u64>().ok());
        let children = times.next()? + times.next()?;
        Some(Self {
            all: busy + idle + iowait + irq + softirq,
            busy,
            children,
        })
    }

    /// The others' share of the machine since then, when it is worth a note.
    pub(crate) fn noticeable_since(self, then: Self) -> Option<f64> {
        let busy = (self.busy - then.busy).saturating_sub(self.children - then.children);
        let all = (self.all - then.all).max(1);
        Some(busy as f64 / all as f64).filter(|&share| share >= NOTICEABLE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watch(user: u64, idle: u64, children: u64) -> Watch {
        let stat = format!("cpu  {user} 0 0 {idle} 0 0 0 0 0 0\ncpu0 1 2 3\n");
        let own = format!("1 (a) b) S 1 1 1 0 -1 0 0 0 0 0 5 5 {children} 0 20 0\n");
        Watch::read(&stat, &own).unwrap()
    }

    #[test]
    fn own_runs_are_no_noise() {
        let begun = watch(100, 100, 0);
        assert_eq!(watch(200, 200, 100).noticeable_since(begun), None);
        assert_eq!(watch(200, 200, 50).noticeable_since(begun), Some(0.25));
    }

    #[test]
    fn this_machine_can_be_watched() {
        assert!(Watch::start().is_some());
    }
}
