//! Choices: where chance decides which of several things comes first.
//!
//! What takes a drawn time may overtake what is under way already, or not. The moments of its rivals cut the range of
//! the draw into stretches, and each stretch is an option:
//!
//! ```text
//!      earliest              rival        rival            latest
//!         ├─────────────────────┼────────────┼────────────────┤    where the draw may fall
//!           option 2: ahead of     option 1      option 0: in the order
//!           both                                 of asking
//! ```
//!
//! The seed's own draw falls into one of them. A reader's pick puts it into another, at the end that is nearer, so that
//! whoever picks what the seed would take changes nothing; the draw itself is made either way, so streams stay where they
//! are. A draw that decides no order is no choice.

use protocol::{
    EventKind,
    scenario::{CHOICES_MAX, Picks, Then},
};

/// So many can be overtaken; a race of more is about those around the seed's own place.
const RIVALS_MAX: usize = 7;

#[derive(Debug, Default)]
pub struct Choices {
    picks: Picks,
    made: u32,
    /// Why the picks do not fit this run; what follows has no meaning.
    refusal: Option<String>,
}

/// A choice that has been made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Its number, from 0.
    pub choice: u32,
    pub options: u32,
    pub option: u32,
    pub is_picked: bool,
}

impl Taken {
    pub fn told(self, race: protocol::trace::Race, rivals: Vec<u64>) -> EventKind {
        EventKind::ChoiceTaken {
            choice: self.choice,
            race,
            rivals,
            options: self.options,
            option: self.option,
            is_picked: self.is_picked,
        }
    }
}

impl Choices {
    pub fn new(picks: Picks) -> Self {
        Self {
            picks,
            ..Self::default()
        }
    }

    /// No further choice is told: chance decides.
    pub fn is_over(&self) -> bool {
        self.made >= CHOICES_MAX
    }

    /// `seeds` is the option into which the seed's own draw falls. `None` when there is nothing to choose.
    pub fn take(&mut self, options: u32, seeds: u32) -> Option<Taken> {
        if options < 2 || self.is_over() {
            return None;
        }
        let choice = self.made;
        self.made += 1;
        let (option, is_picked) = match (self.picks.taken.get(choice as usize), self.picks.then) {
            (Some(&pick), _) if pick < options => (pick, true),
            (Some(&pick), _) => {
                self.refusal.get_or_insert_with(|| {
                    format!(
                        "Choice {} has {options} options, from 0 to {}; {pick} was picked.",
                        choice + 1,
                        options - 1
                    )
                });
                (seeds, false)
            }
            (None, Then::First) => (0, true),
            (None, Then::Seed) => (seeds, false),
        };
        Some(Taken {
            choice,
            options,
            option,
            is_picked,
        })
    }

    /// Why the run so far cannot be what was picked; `has_ended` when no further choice comes.
    pub fn refusal(&self, has_ended: bool) -> Option<String> {
        let picked = self.picks.taken.len();
        let too_many = || {
            let made = self.made;
            let text = format!("Picked options: {picked}. But choices of this run: {made}.");
            (has_ended && picked > made as usize).then_some(text)
        };
        self.refusal.clone().or_else(too_many)
    }
}

/// Something that comes at a moment which chance draws, among rivals whose moments are known.
#[derive(Debug)]
pub struct Race {
    drawn_ns: u64,
    earliest_ns: u64,
    latest_ns: u64,
    /// Their moments, ascending, and who they are.
    rivals: Vec<(u64, u64)>,
}

impl Race {
    /// The draw falls between the two, both included. Of equal moments the rival comes first, as it was asked for first.
    pub fn new(
        drawn_ns: u64,
        (earliest_ns, latest_ns): (u64, u64),
        rivals: Vec<(u64, u64)>,
    ) -> Self {
        let mut race = Self {
            drawn_ns,
            earliest_ns,
            latest_ns,
            rivals: Vec::new(),
        };
        for rival in rivals {
            race.add(rival);
        }
        race
    }

    /// Those that one option may be about are few.
    fn add(&mut self, rival: (u64, u64)) {
        if rival.0 <= self.earliest_ns || rival.0 > self.latest_ns {
            return;
        }
        let place = self.places_until(rival.0);
        if place > 0 && self.rivals[place - 1].0 == rival.0 {
            return;
        }
        self.rivals.insert(place, rival);
        if self.rivals.len() <= RIVALS_MAX {
            return;
        }
        if self.places_until(self.drawn_ns) > RIVALS_MAX / 2 {
            self.earliest_ns = self.rivals.remove(0).0;
        } else if let Some((at_ns, _)) = self.rivals.pop() {
            self.latest_ns = at_ns - 1;
        }
    }

    fn places_until(&self, time_ns: u64) -> usize {
        let rivals = self.rivals.iter();
        rivals.take_while(|(at_ns, _)| *at_ns <= time_ns).count()
    }

    pub fn options(&self) -> u32 {
        self.rivals.len() as u32 + 1
    }

    /// Option 0 is the order of asking, option n is ahead of the last n rivals.
    pub fn seeds(&self) -> u32 {
        (self.rivals.len() - self.places_until(self.drawn_ns)) as u32
    }

    pub fn rivals(&self) -> Vec<u64> {
        self.rivals.iter().map(|(_, who)| *who).collect()
    }

    /// The moment, when that option is taken.
    pub fn moment_ns(&self, option: u32) -> u64 {
        let place = self.rivals.len() - option as usize;
        let from_ns = match place {
            0 => self.earliest_ns,
            place => self.rivals[place - 1].0,
        };
        let next = self.rivals.get(place);
        let to_ns = next.map_or(self.latest_ns, |(at_ns, _)| at_ns - 1);
        self.drawn_ns.max(from_ns).min(to_ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picks(taken: &[u32], then: Then) -> Picks {
        Picks {
            taken: taken.to_vec(),
            then,
        }
    }

    #[test]
    fn behind_the_picks_the_seed_chooses_or_the_first_is_taken() {
        for (then, last) in [(Then::Seed, (2, false)), (Then::First, (0, true))] {
            let mut choices = Choices::new(picks(&[1, 0], then));
            let mut take = |options, seeds| {
                let taken = choices.take(options, seeds);
                taken.map(|taken| (taken.option, taken.is_picked))
            };
            assert_eq!(take(2, 0), Some((1, true)));
            assert_eq!(take(1, 0), None, "one option is no choice");
            assert_eq!(take(3, 2), Some((0, true)));
            assert_eq!(take(3, 2), Some(last));
            assert_eq!(choices.refusal(true), None);
        }
    }

    #[test]
    fn picks_that_do_not_fit_are_refused_in_words() {
        let mut wrong = Choices::new(picks(&[0, 5], Then::Seed));
        wrong.take(2, 1);
        assert_eq!(wrong.refusal(false), None);
        let taken = wrong.take(2, 1).expect("a choice");
        assert_eq!((taken.option, taken.is_picked), (1, false));
        let said = "Choice 2 has 2 options, from 0 to 1; 5 was picked.";
        assert_eq!(wrong.refusal(false).as_deref(), Some(said));
        let few = Choices::new(picks(&[0], Then::First));
        assert_eq!(few.refusal(false), None);
        let said = "Picked options: 1. But choices of this run: 0.";
        assert_eq!(few.refusal(true).as_deref(), Some(said));
    }

    #[test]
    fn choices_come_to_an_end() {
        let mut choices = Choices::new(picks(&[], Then::First));
        for _ in 0..CHOICES_MAX {
            assert!(choices.take(2, 1).is_some());
        }
        assert_eq!(choices.take(2, 1), None);
    }

    #[test]
    fn every_option_puts_the_moment_where_it_says() {
        let rivals = vec![(30, 3), (20, 2), (10, 1), (20, 9), (41, 4)];
        for drawn_ns in 10..=40 {
            let race = Race::new(drawn_ns, (10, 40), rivals.clone());
            assert_eq!(race.rivals(), [2, 3], "in reach, and one for a moment");
            assert_eq!(race.moment_ns(race.seeds()), drawn_ns);
            let order = |option| {
                let at_ns = race.moment_ns(option);
                assert!((10..=40).contains(&at_ns));
                (at_ns >= 20, at_ns >= 30)
            };
            assert_eq!(order(0), (true, true));
            assert_eq!(order(1), (true, false));
            assert_eq!(order(2), (false, false));
        }
        let alone = Race::new(15, (10, 40), vec![(10, 1), (41, 4)]);
        assert_eq!((alone.options(), alone.seeds()), (1, 0));
        assert_eq!(alone.moment_ns(0), 15);
    }

    #[test]
    fn a_race_of_many_is_about_those_around_it() {
        let rivals =
            || -> Vec<(u64, u64)> { (1..=100).map(|number| (number * 10, number)).collect() };
        for drawn_ns in [0, 5, 10, 333, 995, 1_000, 1_500] {
            let race = Race::new(drawn_ns, (0, 1_500), rivals());
            assert_eq!(race.options(), RIVALS_MAX as u32 + 1);
            assert_eq!(race.moment_ns(race.seeds()), drawn_ns);
            for option in 0..race.options() {
                let at_ns = race.moment_ns(option);
                let own = Race {
                    drawn_ns: at_ns,
                    ..Race::new(drawn_ns, (0, 1_500), rivals())
                };
                assert_eq!(own.seeds(), option, "{drawn_ns}: {at_ns}");
            }
        }
    }
}
