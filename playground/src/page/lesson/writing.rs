//! What the reader writes, and how it is kept.

use gloo::timers::callback::Timeout;
use yew::prelude::*;

use super::{LessonPage, Message, Pane};
use crate::{
    edge::storage,
    state::{
        edits::{Edits, Replacement},
        run::Status,
    },
};

const SAVE_AFTER_MS: u32 = 400;

impl LessonPage {
    pub(super) fn touched(&mut self, ctx: &Context<Self>) {
        self.run.stale = self.run.status != Status::Never;
        let link = ctx.link().clone();
        self.saving = Some(Timeout::new(SAVE_AFTER_MS, move || {
            link.send_message(Message::Save)
        }));
    }

    pub(super) fn replaced(&mut self, ctx: &Context<Self>, changed: bool) {
        if changed {
            self.revision += 1;
            self.file = self.file.min(self.edits.files.len().saturating_sub(1));
            self.touched(ctx);
        }
    }

    pub(super) fn try_in(&mut self, ctx: &Context<Self>, file: &str, text: String) {
        let Some(index) = self.edits.files.iter().position(|known| known.path == file) else {
            return;
        };
        let mut example = self.edits.files[index].clone();
        example.text = text;
        let changed = self.edits.replace(Replacement::Example, &[example]);
        self.replaced(ctx, changed);
        self.file = index;
        self.pane = Pane::Write;
    }

    pub(super) fn save(&mut self, ctx: &Context<Self>) {
        if self.saving.take().is_none() {
            return;
        }
        let lesson = &ctx.props().lesson;
        let key = storage::edits_key(&lesson.id);
        if self.edits == Edits::of(lesson) {
            storage::remove(&key);
        } else if let Err(sentence) = storage::set(&key, &self.edits.store()) {
            ctx.props().on_notice.emit(sentence.to_string());
        }
    }
}
