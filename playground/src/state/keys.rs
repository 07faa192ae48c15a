//! The keys that move time. Some work anywhere on the page; those that are characters only while the time panel has
//! the focus, since a character may be meant for something else.

use recording::{Direction, Edge, StepUnit, TimeCommand};

/// Shift with an arrow.
const LEAP: u32 = 10;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Action {
    Time(TimeCommand),
    ClearRange,
    Nearer,
    Farther,
    Whole,
    ShowRange,
    Pan(Direction),
    Bookmark(Direction),
    Keys,
}

/// What the popover says: keys, and what they do. The first [`ANYWHERE`] work anywhere.
pub const KEYS: [(&str, &str); 14] = [
    ("Space", "play, pause"),
    ("← →", "a step back, forward"),
    ("Shift ← →", "ten steps"),
    ("Home End", "the start, the end"),
    ("1 2 3 4", "step by event, callback, turn, line"),
    ("< >", "slower, faster"),
    ("N Shift N", "the next bookmark, the one before"),
    ("+ −", "zoom in, out"),
    ("0", "the whole recording"),
    (", .", "move the window"),
    ("[ ]", "the range begins, ends here"),
    ("Z", "zoom to the range"),
    ("L", "loop the range"),
    ("Esc", "clear the range"),
];
pub const ANYWHERE: usize = 4;

pub fn anywhere(key: &str, shift: bool) -> Option<TimeCommand> {
    let step = |direction| TimeCommand::Step {
        unit: None,
        direction,
        count: if shift { LEAP } else { 1 },
    };
    Some(match key {
        " " => TimeCommand::Toggle,
        "ArrowLeft" => step(Direction::Back),
        "ArrowRight" => step(Direction::Forward),
        "Home" => TimeCommand::ToStart,
        "End" => TimeCommand::ToEnd,
        _ => return None,
    })
}

pub fn in_panel(key: &str, shift: bool) -> Option<Action> {
    if let Some(command) = anywhere(key, shift) {
        return Some(Action::Time(command));
    }
    let unit = |unit| Action::Time(TimeCommand::SetUnit(unit));
    Some(match key {
        "1" => unit(StepUnit::Event),
        "2" => unit(StepUnit::Callback),
        "3" => unit(StepUnit::Turn),
        "4" => unit(StepUnit::Line),
        "<" => Action::Time(TimeCommand::ShiftSpeed(-1)),
        ">" => Action::Time(TimeCommand::ShiftSpeed(1)),
        "n" | "N" if shift => Action::Bookmark(Direction::Back),
        "n" | "N" => Action::Bookmark(Direction::Forward),
        "+" | "=" => Action::Nearer,
        "-" | "_" | "−" => Action::Farther,
        "0" => Action::Whole,
        "," => Action::Pan(Direction::Back),
        "." => Action::Pan(Direction::Forward),
        "[" => Action::Time(TimeCommand::MarkEdge(Edge::From)),
        "]" => Action::Time(TimeCommand::MarkEdge(Edge::To)),
        "z" | "Z" => Action::ShowRange,
        "l" | "L" => Action::Time(TimeCommand::ToggleLooping),
        "Escape" => Action::ClearRange,
        "?" => Action::Keys,
        _ => return None,
    })
}

/// Those of the scrubber alone, which has the focus as any slider.
pub fn on_slider(key: &str, shift: bool) -> Option<Action> {
    let step = |direction, count| {
        Action::Time(TimeCommand::Step {
            unit: None,
            direction,
            count,
        })
    };
    match key {
        "ArrowDown" => Some(step(Direction::Back, if shift { LEAP } else { 1 })),
        "ArrowUp" => Some(step(Direction::Forward, if shift { LEAP } else { 1 })),
        "PageDown" => Some(step(Direction::Back, LEAP)),
        "PageUp" => Some(step(Direction::Forward, LEAP)),
        _ => in_panel(key, shift),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key as the browser calls it.
    fn called(key: &str) -> &str {
        match key {
            "Space" => " ",
            "←" => "ArrowLeft",
            "→" => "ArrowRight",
            "Esc" => "Escape",
            other => other,
        }
    }

    #[test]
    fn every_key_that_is_named_does_something() {
        for (at, (keys, what)) in KEYS.iter().enumerate() {
            let named: Vec<&str> = keys.split(' ').filter(|key| *key != "Shift").collect();
            for key in named {
                let shift = keys.starts_with("Shift");
                assert!(in_panel(called(key), shift).is_some(), "{key}: {what}");
                let is_anywhere = anywhere(called(key), shift).is_some();
                assert_eq!(is_anywhere, at < ANYWHERE, "{key}");
            }
        }
    }

    #[test]
    fn shift_leaps_and_turns_back() {
        let steps = |action| match action {
            Some(Action::Time(TimeCommand::Step {
                direction, count, ..
            })) => (direction, count),
            other => panic!("{other:?}"),
        };
        assert_eq!(steps(in_panel("ArrowLeft", true)), (Direction::Back, 10));
        assert_eq!(steps(on_slider("ArrowUp", false)), (Direction::Forward, 1));
        assert_eq!(in_panel("N", true), Some(Action::Bookmark(Direction::Back)));
        assert_eq!(in_panel("q", false), None);
    }
}
