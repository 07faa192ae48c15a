//! Programs and what real Node v20.20.2 printed for them.
//!
//! `NAME.cjs` or `NAME.mjs` stands beside `NAME.out`: its standard output, then `exit:CODE` on a line of its own. Where
//! Node itself does not fix the order, `NAME.outs.json` lists every outcome that it was seen to choose; ours has to
//! stay inside of that list with every seed, and to reach at least two of it.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use protocol::{Limits, Record};
use terrarium::Jar;

use crate::{entries, name_of, scenario, show};

/// Enough for the rarer of two outcomes to come up.
const RACY_SEEDS: u64 = 64;

pub struct Program {
    /// The file's name.
    pub name: String,
    path: PathBuf,
    /// The outcomes that are right.
    outcomes: Vec<String>,
}

/// The programs in a folder that have expectations beside them, sorted by name.
pub fn programs(folder: &Path) -> Vec<Program> {
    entries(folder)
        .into_iter()
        .filter(|path| {
            path.extension()
                .is_some_and(|ending| ending == "cjs" || ending == "mjs")
        })
        .filter_map(|path| {
            let outcomes = match fs::read_to_string(path.with_extension("out")) {
                Ok(only) => vec![only],
                Err(_) => {
                    let list = fs::read_to_string(path.with_extension("outs.json")).ok()?;
                    serde_json::from_str(&list).unwrap_or_else(|error| {
                        panic!(
                            "the outcomes of {} are no list of texts: {error}",
                            path.display()
                        )
                    })
                }
            };
            Some(Program {
                name: name_of(&path),
                path,
                outcomes,
            })
        })
        .collect()
}

/// Says in words where ours differs.
pub fn compare(jar: &mut Jar, program: &Program) -> Result<(), String> {
    let source = fs::read(&program.path).map_err(|error| error.to_string())?;
    let is_racy = program.outcomes.len() > 1;
    let seeds = if is_racy { RACY_SEEDS } else { 3 };
    let mut reached = BTreeSet::new();
    let mut first_hash = None;
    // The first seed once more: it must leave the same trace.
    for seed in (1..=seeds).chain([1]) {
        let scenario = scenario(
            &program.name,
            source.clone(),
            seed,
            Limits::PAGE,
            Record::Output,
        );
        let shown = show(jar, &scenario);
        if seed == 1 && *first_hash.get_or_insert(shown.trace_hash) != shown.trace_hash {
            return Err("two runs with seed 1 left two traces".to_owned());
        }
        let outcome = format!("{}exit:{}\n", shown.stdout, shown.exit_code);
        if !program
            .outcomes
            .iter()
            .any(|known| known.trim_end() == outcome.trim_end())
        {
            return Err(format!(
                "expected{}\n{}but with seed {seed}\n{outcome}{}",
                if is_racy { ", for one" } else { "" },
                program.outcomes[0],
                shown.stderr
            ));
        }
        reached.insert(outcome);
    }
    if is_racy && reached.len() < 2 {
        return Err(format!(
            "real Node reaches {} outcomes, ours over {seeds} seeds only\n{}",
            program.outcomes.len(),
            reached.into_iter().collect::<String>()
        ));
    }
    Ok(())
}
