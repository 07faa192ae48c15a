//! What the reader breaks and mends in the world by hand: part of every later run, each at its time, until it is taken
//! back.

use protocol::{Scenario, scenario::ChangeSpec};
use recording::{inject::Injection, sort_by_numbers};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Injected {
    rows: Vec<(u64, Injection)>,
}

impl Injected {
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// In the order in which they were made.
    pub fn rows(&self) -> &[(u64, Injection)] {
        &self.rows
    }

    pub fn add(&mut self, at_ns: u64, injection: Injection) {
        self.rows.push((at_ns, injection));
    }

    pub fn take_back(&mut self, row: usize) {
        if row < self.rows.len() {
            self.rows.remove(row);
        }
    }

    /// Behind what the scenario itself foresees for the same moment.
    pub fn join(&self, scenario: &mut Scenario) {
        let network = &mut scenario.network;
        for (at_ns, injection) in &self.rows {
            let changes = injection.changes(&network.links).into_iter();
            let changes = changes.map(|what| ChangeSpec {
                at_ns: *at_ns,
                what,
            });
            network.changes.extend(changes);
        }
        sort_by_numbers(&mut network.changes, |change| (change.at_ns, 0));
    }
}

#[cfg(test)]
mod tests {
    use protocol::{Record, scenario::Change};
    use recording::inject::HostFault;

    use super::*;
    use crate::state::fixtures;

    #[test]
    fn what_is_injected_stands_among_what_the_scenario_foresees() {
        let mut scenario = fixtures::lesson().scenario([], 7, Record::All);
        let power = |is_up| Change::Power {
            host: "api".to_owned(),
            is_up,
        };
        scenario.network.changes = vec![
            ChangeSpec {
                at_ns: 10,
                what: power(false),
            },
            ChangeSpec {
                at_ns: 30,
                what: power(true),
            },
        ];
        let mut injected = Injected::default();
        for (at_ns, what) in [(20, HostFault::Slow), (10, HostFault::DiskFull)] {
            let host = "api".to_owned();
            injected.add(at_ns, Injection::Host { host, what });
        }
        injected.join(&mut scenario);
        let times = scenario.network.changes.iter().map(|change| change.at_ns);
        assert_eq!(times.collect::<Vec<_>>(), [10, 10, 20, 30]);
        assert_eq!(scenario.network.changes[0].what, power(false));
        injected.take_back(7);
        injected.take_back(0);
        assert_eq!(injected.rows().len(), 1);
    }
}
