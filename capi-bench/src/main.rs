//! `capi-bench`: runs the same C program on this library and on the reference library, in turns,
//! and prints how they compare. `--help` lists the options; README.md says what a case measures.
//! What may not live here: numbers, see `table`; arithmetic, see `summary`.

mod args;
mod bench;
mod cases;
mod chart;
mod csv;
mod curves;
mod docs;
mod growth;
mod libraries;
mod noise;
#[path = "../../capi-tests/tests/run/reference.rs"]
mod reference;
mod report;
mod run;
mod spans;
mod summary;
mod svg;
mod table;

use std::fs;
use std::process::ExitCode;
use std::time::Instant;

use args::Args;
use bench::{Bench, Measured};
use cases::Case;
use csv::Csv;
use docs::{Document, FIGURES};
use growth::SERIES;
use report::{BESIDE, Cells, RESULTS};
use summary::Row;
use table::CASES;

/// The parts of the document that are measured.
const PARTS: [&str; 3] = ["results", "kernel", "growth"];

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
    let document = match &args.docs {
        Some(folder) => Some(Document::open(folder, &PARTS)?),
        None => None,
    };
    let bench = Bench::new(args)?;
    let mut csv = args.csv.as_deref().map(Csv::create).transpose()?;
    bench.print_circumstances();
    println!("{}", RESULTS.head());

    let mut rows = Vec::new();
    let mut disturbed = 0;
    for (index, case) in chosen.iter().enumerate() {
        eprintln!(
            "{} of {}, {} s: {}",
            index + 1,
            chosen.len(),
            begun.elapsed().as_secs(),
            case.name
        );
        let measured = bench.measure(case);
        disturbed += usize::from(measured.others.is_some());
        if let Some(csv) = &mut csv {
            csv.write(case, &measured)?;
        }
        for row in rows_of(case, &measured) {
            println!("{}", RESULTS.row(&report::result(&row)));
            rows.push(row);
        }
    }
    println!("{}", report::verdict(&rows));
    let kernel = if args.is_part() {
        Vec::new()
    } else {
        bench.measure_kernel()
    };
    print_more(&rows, &kernel);

    if let Some(path) = &args.svg {
        fs::write(path, chart::draw(&rows)).map_err(|e| format!("{}: {e}", path.display()))?;
    }
    if let Some(folder) = &args.figures {
        docs::write_figures(folder, &figures(&rows))?;
    }
    if let Some(document) = document {
        write_document(document, &bench.circumstances(), &rows, &kernel)?;
    }
    println!("\n{} s in all", begun.elapsed().as_secs());
    if disturbed > 0 {
        println!(
            "WARNING: other programs were at work during {disturbed} cases; repeat those alone"
        );
    }
    let mut good = !rows.iter().any(|row| row.failed) && !kernel.iter().any(|(row, _)| row.failed);
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

fn kernel_cells(rows: &[Row], kernel: &[(Row, &'static str)]) -> Vec<Cells> {
    kernel
        .iter()
        .map(|(alone, name)| report::beside(alone, rows.iter().find(|row| row.case == *name)))
        .collect()
}

/// The tables that follow the one of results.
fn print_more(rows: &[Row], kernel: &[(Row, &'static str)]) {
    if !kernel.is_empty() {
        println!("\n{}", BESIDE.head());
        for cells in kernel_cells(rows, kernel) {
            println!("{}", BESIDE.row(&cells));
        }
    }
    for series in SERIES {
        if let Some(table) = growth::table(series, rows, false) {
            println!("\n{}, by the number of {}:", series.title, series.counted);
            print!("{table}");
        }
    }
}

/// All figures that there is something to draw in, by their names.
fn figures(rows: &[Row]) -> Vec<(&'static str, String)> {
    // Those that are points of curves are shown there.
    let single: Vec<Row> = rows
        .iter()
        .filter(|row| !growth::has(row.case))
        .cloned()
        .collect();
    let mut figures = Vec::new();
    if single.iter().any(|row| row.ratio.is_some()) {
        figures.push(("ratios", chart::draw(&single)));
    }
    if rows
        .iter()
        .any(|row| row.ours.is_some_and(|side| side.p99.is_some()))
    {
        figures.push(("latency", spans::draw(rows)));
    }
    figures.extend(
        SERIES
            .iter()
            .filter_map(|series| Some((series.file, curves::draw(series, rows)?))),
    );
    figures
}

fn write_document(
    document: Document,
    circumstances: &[String],
    rows: &[Row],
    kernel: &[(Row, &'static str)],
) -> Result<(), String> {
    let figures = figures(rows);
    let link = |alt: &str, name: &str| {
        if figures.iter().any(|(drawn, _)| *drawn == name) {
            format!("\n![{alt}]({FIGURES}/{name}.svg)\n")
        } else {
            String::new()
        }
    };
    let cells: Vec<Cells> = rows.iter().map(report::result).collect();
    let results = format!(
        "- {}\n\n{}\n{}\n{}{}",
        circumstances.join("\n- "),
        RESULTS.markdown(&cells),
        report::verdict(rows),
        link("Ratios of the cases", "ratios"),
        link("Latencies, from the p50 to the p99", "latency"),
    );
    let mut growth = String::new();
    for series in SERIES {
        if let Some(table) = growth::table(series, rows, true) {
            growth += &format!(
                "### {}\n{}\n{table}\n",
                series.title,
                link(series.title, series.file)
            );
        }
    }
    let parts = [
        (PARTS[0], results),
        (PARTS[1], BESIDE.markdown(&kernel_cells(rows, kernel))),
        (PARTS[2], growth),
    ];
    document.write(&parts, &figures)
}
