//! Which requests are followed: those with a letter and a colour, the same in every view and at every moment.
//!
//! What a client outside asks for is followed, and whatever is asked for its sake with it. Without a word from the
//! reader each takes, when it is sent, the next letter from A to E that nobody under way has; one that finds none goes
//! without. Once the reader follows some by hand only those are; the sixth and later have a letter and no colour.

use std::rc::Rc;

use protocol::EventId;

use crate::sorting::sort_by_numbers;
use crate::{
    Recording,
    network::{Network, RequestIndex},
};

/// From 0, for A.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Letter(u8);

const COLOURS: u8 = 5;
const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

impl Letter {
    pub fn name(self) -> &'static str {
        let at = usize::from(self.0);
        &LETTERS[at..=at]
    }

    /// From 0; more requests than colours have none.
    pub fn colour(self) -> Option<usize> {
        (self.0 < COLOURS).then_some(usize::from(self.0))
    }
}

/// Given out without being asked.
#[derive(Debug, Default, PartialEq)]
struct Given {
    /// Of each request.
    letters: Vec<Option<Letter>>,
    /// Those with each letter, in the order in which they were sent.
    requests: [Vec<RequestIndex>; COLOURS as usize],
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Following {
    /// By letter.
    by_hand: Vec<Option<RequestIndex>>,
    given: Rc<Given>,
}

impl Following {
    /// Takes note of what the recording has become.
    pub fn read(&mut self, recording: &Recording) {
        let network = recording.network();
        let mut given = Given {
            letters: vec![None; network.requests().len()],
            ..Given::default()
        };
        let mut next = 0;
        for (request, known) in network.requests().iter().enumerate() {
            if known.parent.is_some() || !network.is_request(request) {
                continue;
            }
            let is_free = |letter: &u8| {
                let last = given.requests[usize::from(*letter)].last();
                let end = last.map(|last| network.request(*last).end);
                end.is_none_or(|end| end.is_some_and(|(end, _)| end < known.sent))
            };
            let mut wanted = (0..COLOURS).map(|offset| (next + offset) % COLOURS);
            if let Some(letter) = wanted.find(is_free) {
                given.letters[request] = Some(Letter(letter));
                given.requests[usize::from(letter)].push(request);
                next = (letter + 1) % COLOURS;
            }
        }
        if *self.given != given {
            self.given = Rc::new(given);
        }
    }

    pub fn is_by_hand(&self) -> bool {
        self.by_hand.iter().any(Option::is_some)
    }

    /// Whether the reader follows it, or what it is for.
    pub fn follows(&self, network: &Network, request: RequestIndex) -> bool {
        self.by_hand.contains(&Some(network.root(request)))
    }

    /// Follows by hand, or no longer. All letters may be taken; then nothing changes.
    pub fn toggle(&mut self, network: &Network, request: RequestIndex) {
        if request >= network.requests().len() {
            return;
        }
        let root = network.root(request);
        if let Some(slot) = self.by_hand.iter_mut().find(|slot| **slot == Some(root)) {
            *slot = None;
            return;
        }
        // It keeps the letter that it has.
        let own = self
            .letter(network, root)
            .map(|letter| usize::from(letter.0));
        self.by_hand.resize(LETTERS.len(), None);
        let free = self.by_hand.iter().position(Option::is_none);
        let slot = own.filter(|own| self.by_hand[*own].is_none()).or(free);
        if let Some(slot) = slot {
            self.by_hand[slot] = Some(root);
        }
    }

    pub fn follow_none(&mut self) {
        self.by_hand.clear();
    }

    pub fn letter(&self, network: &Network, request: RequestIndex) -> Option<Letter> {
        let root = network.root(request);
        if self.is_by_hand() {
            let slot = self.by_hand.iter().position(|slot| *slot == Some(root))?;
            return Some(Letter(slot as u8));
        }
        *self.given.letters.get(root)?
    }

    /// The letters, and who has each of them at an event: the reader's own choice, or the last that was sent with it.
    pub fn at(&self, network: &Network, event: EventId) -> Vec<(Letter, Option<RequestIndex>)> {
        if self.is_by_hand() {
            let slots = (0..).map(Letter).zip(&self.by_hand);
            return slots
                .filter(|(_, slot)| slot.is_some())
                .map(|(letter, slot)| (letter, *slot))
                .collect();
        }
        let given = (0..).map(Letter).zip(&self.given.requests);
        given
            .map(|(letter, requests)| {
                let until =
                    requests.partition_point(|request| network.request(*request).sent <= event);
                (letter, until.checked_sub(1).map(|last| requests[last]))
            })
            .collect()
    }

    /// All that have a letter, in the order in which they were sent.
    pub fn all(&self) -> Vec<(Letter, RequestIndex)> {
        let mut all: Vec<(Letter, RequestIndex)> = if self.is_by_hand() {
            let slots = (0..).map(Letter).zip(&self.by_hand);
            slots
                .filter_map(|(letter, slot)| Some((letter, (*slot)?)))
                .collect()
        } else {
            let letters = self.given.letters.iter().enumerate();
            letters
                .filter_map(|(request, letter)| Some(((*letter)?, request)))
                .collect()
        };
        sort_by_numbers(&mut all, |(_, request)| (*request as u64, 0));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    fn recording() -> (Recording, Following) {
        let recording = Recording::from_events(fixture::exchanges(80, 3));
        let mut following = Following::default();
        following.read(&recording);
        (recording, following)
    }

    #[test]
    fn no_two_under_way_have_one_letter() {
        let (recording, following) = recording();
        let network = recording.network();
        let mut lettered = 0;
        for event in 0..recording.events().len() as u64 {
            let flying = network.requests_in_flight(event, usize::MAX);
            let roots = flying
                .iter()
                .filter(|request| network.root(**request) == **request);
            let mut letters: Vec<Letter> = roots
                .filter_map(|request| following.letter(network, *request))
                .collect();
            lettered = lettered.max(letters.len());
            let count = letters.len();
            letters.sort();
            letters.dedup();
            assert_eq!(letters.len(), count, "event {event}");
        }
        assert!(lettered > 1);
    }

    #[test]
    fn what_is_asked_for_a_requests_sake_has_its_letter() {
        let (recording, following) = recording();
        let network = recording.network();
        for request in 0..network.requests().len() {
            let root = network.root(request);
            assert_eq!(
                following.letter(network, request),
                following.letter(network, root)
            );
        }
    }

    #[test]
    fn by_hand_only_those_are_followed_and_none_gives_the_letters_back() {
        let (recording, mut following) = recording();
        let network = recording.network();
        let before = following.clone();
        let all: Vec<RequestIndex> = before.all().iter().map(|(_, request)| *request).collect();
        let (first, second) = (all[1], all[2]);
        let kept = following.letter(network, first);
        following.toggle(network, first);
        assert_eq!(following.letter(network, first), kept);
        assert_eq!(following.letter(network, all[0]), None);
        following.toggle(network, second);
        assert_eq!(following.at(network, 0).len(), 2);
        assert_eq!(following.all().len(), 2);
        following.toggle(network, first);
        following.toggle(network, second);
        assert!(!following.is_by_hand());
        assert_eq!(following.all(), before.all());
    }

    #[test]
    fn the_sixth_has_a_letter_and_no_colour_and_the_alphabet_ends() {
        let (recording, mut following) = recording();
        let network = recording.network();
        let roots = (0..network.requests().len()).filter(|root| network.root(*root) == *root);
        for root in roots {
            following.toggle(network, root);
        }
        let slots = following.at(network, 0);
        assert!(slots.len() <= LETTERS.len());
        let coloured = slots.iter().filter(|(letter, _)| letter.colour().is_some());
        assert_eq!(coloured.count(), 5);
        assert_eq!(slots[5].0.name(), "F");
        following.toggle(network, usize::MAX);
        following.follow_none();
        assert!(!following.is_by_hand());
    }

    #[test]
    fn of_nothing_nobody_is_followed() {
        let mut following = Following::default();
        following.read(&Recording::new());
        let recording = Recording::new();
        assert!(following.all().is_empty());
        assert!(
            following
                .at(recording.network(), 0)
                .iter()
                .all(|(_, who)| who.is_none())
        );
    }
}
