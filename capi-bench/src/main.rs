//! `capi-bench`: runs the same C program on this library and on the reference library, in turns,
//! and prints how they compare. `--help` lists the options; README.md says what a case measures.
//! What may not live here: numbers, see `table`; arithmetic, see `summary`.

mod args;
mod bench;
mod cases;
mod chart;
mod libraries;
mod noise;
#[path = "../../capi-tests/tests/run/reference.rs"]
mod reference;
mod report;
mod run;
mod summary;
mod table;

use std::fs;
use std::process::ExitCode;
use std::time::Instant;

use args::Args;
use bench::{Bench, Measured};
use cases::Case;
use report::Csv;
use summary::Row;
use table::CASES;

fn main() -> ExitCode {
    let args = match Args::parse(std::env::args().skip(1)) {
        Ok(Some(args)) => args,
        Ok(None) => {
            print!("{}", args::HELP);
            return ExitCode::SUCCESS;
        }
        Err(complaint) => {
            eprintln!("capi-bench: {complaint}\n\n{}", args::HELP);
            return ExitCode::from(2);
        }
    };
    let chosen: Vec<&Case> = CASES.iter().filter(|case| args.wants(case)).collect();
    if args.list {
        for case in chosen {
            let words = case.args(args.level).join(" ");
            println!("{:<32} bench {words}", case.name);
        }
        return ExitCode::SUCCESS;
    }
    match measure_all(&args, &chosen) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(complaint) => {
            eprintln!("capi-bench: {complaint}");
            ExitCode::FAILURE
        }
    }
}

/// Everything, in order; false when a run failed or a ratio is below the one asked for.
fn measure_all(args: &Args, chosen: &[&Case]) -> Result<bool, String> {
    let begun = Instant::now();
    let bench = Bench::new(args)?;
    let mut csv = args.csv.as_deref().map(Csv::create).transpose()?;
    bench.print_circumstances();
    println!("{}", report::table_head());

    let mut rows = Vec::new();
    let mut disturbed = 0;
    for case in chosen {
        let measured = bench.measure(case);
        disturbed += usize::from(measured.others.is_some());
        if let Some(csv) = &mut csv {
            csv.write(case, &measured)?;
        }
        for row in rows_of(case, &measured) {
            println!("{}", report::table_row(&row));
            rows.push(row);
        }
    }
    let mut good = rows.iter().all(|row| !row.failed);
    if args.filters.is_empty() {
        good &= bench.measure_kernel();
    }

    if let Some(path) = &args.svg {
        let title = "ratio to the reference library; right of 1 is better, a mark is the goal";
        fs::write(path, chart::draw(&rows, title))
            .map_err(|e| format!("{}: {e}", path.display()))?;
    }
    println!("\n{} s in all", begun.elapsed().as_secs());
    if disturbed > 0 {
        println!(
            "WARNING: other programs were at work during {disturbed} cases; repeat those alone"
        );
    }
    if let Some(least) = args.min_ratio {
        for row in &rows {
            if row.ratio.is_some_and(|ratio| ratio < least) {
                println!("below {least}: {}", row.name);
                good = false;
            }
        }
    }
    Ok(good)
}

/// A row per metric; what belongs to the case as a whole is shown in the first.
fn rows_of(case: &Case, measured: &Measured) -> Vec<Row> {
    let mut rows: Vec<Row> = case
        .metrics
        .iter()
        .map(|&metric| {
            Row::new(
                case.name,
                metric,
                &measured.ours,
                measured.reference.as_ref(),
            )
        })
        .collect();
    for row in rows.iter_mut().skip(1) {
        row.cpu_ratio = None;
        row.notes.clear();
    }
    if let (Some(first), Some(share)) = (rows.first_mut(), measured.others) {
        let share = share * 100.0;
        first
            .notes
            .push(format!("others used {share:.0} % of the machine"));
    }
    rows
}
