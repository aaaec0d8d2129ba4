//! The two libraries and how they take turns. What may not live here: what comes of the numbers.

use std::fs;
use std::thread;
use std::time::Duration;

use crate::args::Args;
use crate::cases::{Case, Level};
use crate::libraries::{Library, Setup};
use crate::noise::Watch;
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

    /// Where the figures come from, without which they mean little; a line each.
    pub(crate) fn circumstances(&self) -> Vec<String> {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let cpuinfo = read("/proc/cpuinfo");
        let processor = cpuinfo
            .lines()
            .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
            .map_or("?", |(_, name)| name);
        let memory = read("/proc/meminfo")
            .split_whitespace()
            .nth(1)
            .and_then(|kilobytes| kilobytes.parse::<f64>().ok())
            .map_or_else(String::new, |kilobytes| {
                format!(", {:.0} GiB", kilobytes / 1_048_576.0)
            });
        let release = read("/proc/sys/kernel/osrelease");
        let reference = match &self.setup.reference {
            Some(reference) => reference.version.as_str(),
            None if self.args.level == Level::Smoke => "left out",
            None => "none",
        };
        vec![
            format!(
                "machine: {} x {processor}{memory}, Linux {}, loopback",
                thread::available_parallelism().map_or(0, usize::from),
                release.split('-').next().unwrap_or_default().trim()
            ),
            format!(
                "libraries: ours with the interface of {}, reference {reference}",
                self.setup.ours.version
            ),
            format!(
                "medians of {} runs each, in turns, {:?} level",
                self.args.rounds, self.args.level
            )
            .to_lowercase(),
        ]
    }

    pub(crate) fn print_circumstances(&self) {
        for line in self.circumstances() {
            println!("{line}");
        }
        println!("ours: {}", self.setup.ours.file.display());
        if let Some(reference) = &self.setup.reference {
            println!("reference: {}", reference.file.display());
        } else if self.args.level != Level::Smoke {
            eprintln!(
                "WARNING: no reference library: install libzmq5 or set ZMQ_REF_LIB; only our own \
                 figures follow"
            );
        }
        println!(
            "a ratio above 1 is better; CPU is processor time per message, ours / reference, below 1 \
             is better; ✓ and ✗ tell whether what is wanted was reached\n"
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

    /// The kernel alone, each with the name of the case that does the same.
    pub(crate) fn measure_kernel(&self) -> Vec<(Row, &'static str)> {
        let mut rows = Vec::new();
        for (case, beside) in KERNEL {
            eprintln!("kernel: {}", case.name);
            let mut runs = Runs::new();
            for _ in 0..KERNEL_ROUNDS.min(self.args.rounds) {
                self.run_once(case, &self.setup.ours, &mut runs);
            }
            rows.extend(
                case.metrics
                    .iter()
                    .map(|&metric| (Row::new(case.name, metric, &runs, None), *beside)),
            );
        }
        rows
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
