//! The playhead: commands, bookmarks of the grading, keys.

use std::rc::Rc;

use recording::{BookmarkKind, Noted, TimeCommand, reduce};
use yew::prelude::*;

use super::LessonPage;
use crate::{
    edge::browser,
    state::{
        console::short_path,
        grading::Verdict,
        keys,
        predict::{Difference, Prediction},
        run::Status,
    },
};

impl LessonPage {
    pub(super) fn time(&mut self, command: TimeCommand) {
        let recording = self.recording.read();
        self.playhead = reduce(&self.playhead, command, &recording);
        let jumped = matches!(command, TimeCommand::Seek(_));
        self.focus.follow(&recording, self.playhead.event, jumped);
        if jumped && let Some(place) = recording.place_at(self.playhead.event) {
            let path = short_path(&place.file);
            let file = self
                .edits
                .files
                .iter()
                .position(|file| path == Some(&file.path));
            self.file = file.unwrap_or(self.file);
        }
    }

    /// The failed check and the first difference from the prediction: bookmarks that only the page knows.
    pub(super) fn noted(&self) -> Rc<Vec<Noted>> {
        let verdict = self
            .grading
            .as_ref()
            .and_then(|grading| grading.verdict.as_ref());
        let check = match verdict {
            Some(Verdict::Failed(failure)) if failure.seed == self.run.seed => {
                failure.at.map(|event| Noted {
                    event,
                    kind: BookmarkKind::Check,
                    text: failure.check.clone(),
                })
            }
            _ => None,
        };
        let comparison = self.prediction.as_ref().and_then(Prediction::comparison);
        let difference = comparison.and_then(|compared| compared.difference.as_ref());
        let difference = difference.map(|difference| {
            let (event, text) = match difference {
                Difference::Other { said, ran, .. } | Difference::Unknown { said, ran, .. } => {
                    (ran.event, format!("not {said}"))
                }
                Difference::More { ran, .. } => (ran.event, "one more".to_owned()),
                Difference::Missing { said, .. } => {
                    (self.shown.read().last_moment(), format!("no {said}"))
                }
            };
            Noted {
                event,
                kind: BookmarkKind::Difference,
                text,
            }
        });
        Rc::new(check.into_iter().chain(difference).collect())
    }

    pub(super) fn key(&mut self, ctx: &Context<Self>, event: &KeyboardEvent) -> bool {
        let key = event.key();
        if key == "Enter" && (event.ctrl_key() || event.meta_key()) {
            event.prevent_default();
            let seed = self.seed(ctx);
            self.start(ctx, seed);
            return true;
        }
        if event.ctrl_key()
            || event.meta_key()
            || event.alt_key()
            || event.default_prevented()
            || browser::focus_takes(&key)
        {
            return false;
        }
        let Some(command) = keys::anywhere(&key, event.shift_key()) else {
            return false;
        };
        event.prevent_default();
        self.time(command);
        true
    }

    pub(super) fn seed(&self, ctx: &Context<Self>) -> u64 {
        match self.run.status {
            Status::Never => ctx.props().lesson.world.seed,
            _ => self.run.seed,
        }
    }
}
