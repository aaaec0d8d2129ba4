//! The two libraries and how they take turns. What may not live here: what comes of the numbers.

use std::fs;
use std::thread;
use std::time::Duration;

use crate::args::Args;
use crate::cases::{Case, Level};
use crate::libraries::{Library, Setup};
use crate::noise::Watch;
use crate::report;
use crate::run;
use crate::summary::{Row, Runs};
use crate::table::KERNEL;

/// Rounds in the kernel's table, which serves for orientation only.
const KERNEL_ROUNDS: usize = 3;
/// A library that failed this often in a row is not tried again in that case.
const PATIENCE: usize = 2;

/// Runs cases as the command line asks.
#[derive(Debug)]
pub(crate) struct Bench<'a> {
    args: &'a Args,
    setup: Setup,
}

/// All runs of one case.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) ours: Runs,
    /// `None` where there is no reference library.
    pub(crate) reference: Option<Runs>,
    /// The share of the machine that other programs used meanwhile, when it matters.
    pub(crate) others: Option<f64>,
}

impl<'a> Bench<'a> {
    pub(crate) fn new(args: &'a Args) -> Result<Self, String> {
        let setup = Setup::prepare(args.level != Level::Smoke)?;
        Ok(Self { args, setup })
    }

    /// Figures mean little without the machine that they come from.
    pub(crate) fn print_circumstances(&self) {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let cpuinfo = read("/proc/cpuinfo");
        let processor = cpuinfo
            .lines()
            .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
            .map_or("?", |(_, name)| name);
        println!(
            "machine:   {} x {processor}, Linux {}, load {}",
            thread::available_parallelism().map_or(0, usize::from),
            read("/proc/sys/kernel/osrelease").trim(),
            read("/proc/loadavg")
                .split_whitespace()
                .next()
                .unwrap_or("?")
        );
        println!("ours:      {}", self.setup.ours.description);
        if let Some(reference) = &self.setup.reference {
            println!("reference: {}", reference.description);
        } else if self.args.level == Level::Smoke {
            println!("reference: left out");
        } else {
            eprintln!(
                "WARNING: no reference library: install libzmq5 or set ZMQ_REF_LIB; only our own \
                 figures follow"
            );
        }
        println!(
            "medians of {} runs each, in turns; a ratio above 1 is better; CPU is processor time per \
             message, ours / reference, below 1 is better\n",
            self.args.rounds
        );
    }

    /// All rounds of a case. Who goes first alternates, so that neither gains by the order.
    pub(crate) fn measure(&self, case: &Case) -> Measured {
        let before = Watch::start();
        let (ours, reference) = (&self.setup.ours, self.setup.reference.as_ref());
        let mut our_runs = Runs::new();
        let mut reference_runs = Runs::new();
        for round in 0..self.args.rounds {
            if round % 2 == 1 {
                self.run_once(case, ours, &mut our_runs);
            }
            if let Some(reference) = reference {
                self.run_once(case, reference, &mut reference_runs);
            }
            if round % 2 == 0 {
                self.run_once(case, ours, &mut our_runs);
            }
        }
        Measured {
            ours: our_runs,
            reference: reference.map(|_| reference_runs),
            others: Watch::start()
                .zip(before)
                .and_then(|(now, then)| now.noticeable_since(then)),
        }
    }

    /// The kernel's own table; false when a run failed.
    pub(crate) fn measure_kernel(&self) -> bool {
        println!("\nthe kernel alone, without a library:");
        let mut good = true;
        for (case, _) in KERNEL {
            let mut runs = Runs::new();
            for _ in 0..KERNEL_ROUNDS.min(self.args.rounds) {
                self.run_once(case, &self.setup.ours, &mut runs);
            }
            for &metric in case.metrics {
                let row = Row::new(case.name, metric, &runs, None);
                println!("{}", report::kernel_row(&row));
                good &= !row.failed;
            }
        }
        good
    }

    fn run_once(&self, case: &Case, library: &Library, runs: &mut Runs) {
        if runs.len() >= PATIENCE && runs.iter().rev().take(PATIENCE).all(Result::is_err) {
            return;
        }
        let limit = Duration::from_secs(match self.args.level {
            Level::Full => 40,
            Level::Quick | Level::Smoke => 20,
        });
        runs.push(run::run(
            &self.setup.program,
            &library.folder,
            &case.args(self.args.level),
            limit,
        ));
    }
}
