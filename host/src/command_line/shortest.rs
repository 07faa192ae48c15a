//! For each way in which a program fails, the shortest interleaving that brings it (`protocol::shortest`).

use crate::{Error, Jar};
use protocol::{
    Event, EventKind, Record, Scenario,
    explore::{Outcome, Seen, Tally, Watcher},
    scenario::Picks,
    shortest::Shortest,
};
use serde_json::{Value, json};

/// Ways to fail that are looked into: each costs some dozens of runs.
const FAILURES_MAX: usize = 8;

pub struct Found {
    /// The outcome that it stands with.
    pub number: usize,
    seed: u64,
    picks: Picks,
    choices: usize,
    /// What is not in the order of asking: the choice and its sentence.
    deviations: Vec<(u32, String)>,
}

/// Of the outcomes, which come in the order of their first seeds, the first of each failure.
pub fn search(jar: &mut Jar, scenario: &Scenario, tally: &Tally) -> Result<Vec<Found>, Error> {
    let mut failing: Vec<usize> = (0..tally.len())
        .filter(|number| !tally.get(*number).outcome.is_well())
        .collect();
    failing.sort_by_key(|number| tally.get(*number).first_seed);
    let mut known: Vec<&Seen> = Vec::new();
    let mut found = Vec::new();
    for number in failing {
        let seen = tally.get(number);
        let failure = seen.outcome.failure();
        if known.len() == FAILURES_MAX || known.iter().any(|seen| seen.outcome.failure() == failure)
        {
            continue;
        }
        known.push(seen);
        found.push(shorten(jar, scenario, seen, number)?);
    }
    Ok(found)
}

fn shorten(jar: &mut Jar, scenario: &Scenario, seen: &Seen, number: usize) -> Result<Found, Error> {
    let mut scenario = Scenario {
        seed: seen.first_seed,
        ..scenario.clone()
    };
    let (_, taken) = watch(jar, &scenario, |_| {})?;
    let mut shortest = Shortest::new(taken);
    while let Some(picks) = shortest.next() {
        scenario.picks = picks;
        match watch(jar, &scenario, |_| {}) {
            Ok((outcome, taken)) => {
                let fails = outcome.failure() == seen.outcome.failure();
                shortest.ran(taken, fails);
            }
            // Without what was taken back, the run has other choices.
            Err(Error::Refused(_)) => shortest.ran(Vec::new(), false),
            Err(error) => return Err(error),
        }
    }
    scenario.picks = shortest.picks();
    scenario.record = Record::Output;
    let mut deviations = Vec::new();
    watch(jar, &scenario, |event| {
        if let EventKind::ChoiceTaken {
            choice,
            race,
            option,
            ..
        } = event.kind
            && option > 0
        {
            deviations.push((choice, race.words(option)));
        }
    })?;
    Ok(Found {
        number,
        seed: seen.first_seed,
        picks: shortest.picks(),
        choices: shortest.choices(),
        deviations,
    })
}

/// The outcome, and the options that were taken.
pub fn watch(
    jar: &mut Jar,
    scenario: &Scenario,
    mut notice: impl FnMut(&Event) + Send,
) -> Result<(Outcome, Vec<u32>), Error> {
    let mut watcher = Watcher::new(usize::MAX);
    let finished = jar.run(scenario, |events| {
        for event in &events {
            watcher.notice(event);
            notice(event);
        }
    })?;
    let taken = watcher.taken().to_vec();
    Ok((watcher.outcome(finished.exit_code), taken))
}

impl Found {
    pub fn as_text(&self) -> String {
        let mut text = format!(
            "--- the shortest interleaving that fails so: --seed {} --choose {}\n",
            self.seed, self.picks
        );
        if self.deviations.is_empty() {
            text.push_str("Everything comes in the order of asking.\n");
        }
        for (choice, sentence) in &self.deviations {
            text.push_str(&format!(
                "Choice {} of {}: {sentence}\n",
                choice + 1,
                self.choices
            ));
        }
        text
    }

    pub fn as_value(&self) -> Value {
        let deviations: Vec<_> = self
            .deviations
            .iter()
            .map(|(choice, sentence)| json!({ "choice": choice + 1, "text": sentence }))
            .collect();
        json!({
            "seed": self.seed,
            "choose": self.picks.to_string(),
            "choices": self.choices,
            "deviations": deviations,
        })
    }
}
