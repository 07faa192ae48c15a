//! What is drawn of a lesson, but for the views and the time panel.

use std::rc::Rc;

use protocol::{
    Record,
    lesson::{Moment, Step},
    scenario::Picks,
};
use recording::{Highlight, Lit, TimeCommand, time};
use yew::prelude::*;

use super::{
    super::{
        console::{ConsoleProps, ConsoleView},
        editor::EditorView,
        exchange::AskingProps,
        explore::ExploreProps,
        icons,
        outcome::{Ended, outcome},
        predict::{Predict, PredictProps},
        prose, versus,
    },
    LessonPage, Message, Pane,
};
use crate::{
    edge::editor::Mark,
    erased::erased,
    state::{
        console::short_path,
        run::{Ending, Status},
    },
};

impl LessonPage {
    pub(super) fn read_pane(&self, ctx: &Context<Self>) -> Html {
        let props = ctx.props();
        let lesson = &props.lesson;
        let link = ctx.link();
        let recording = self.recording.clone();
        let asks = prose::Asks {
            has: Callback::from(move |moment: Moment| recording.read().moment(&moment).is_some()),
            go: link.callback(Message::Go),
            try_in: link.callback(|(file, text)| Message::Try { file, text }),
        };
        let predict = self.predict(ctx);
        let steps = prose::steps(&lesson.body);
        let first_is_step = prose::step_of(steps[0]).is_some();
        let sections = steps.iter().enumerate().map(|(index, blocks)| {
            if index == 0 && !first_is_step {
                return prose::blocks(blocks, None, &predict, &asks);
            }
            let number = index + usize::from(first_is_step);
            let step = prose::step_of(blocks);
            html! {
                <section class="unfold">
                    { prose::blocks(blocks, Some(number), &predict, &asks) }
                    if step == Some(Step::Change) { { self.exercise(ctx, &asks) } }
                </section>
            }
        });
        html! {
            <main class="read" id="main" tabindex="-1" aria-label="Lesson">
                <article class="page">
                    <h1>{ &lesson.title }</h1>
                    <p class="meta">{ format!("Lesson {} of {} · {} minutes · Node 20", props.number, props.of, lesson.minutes) }</p>
                    { for sections }
                </article>
            </main>
        }
    }

    fn predict(&self, ctx: &Context<Self>) -> Html {
        let (Some(prediction), Some(predict)) = (&self.prediction, &ctx.props().lesson.predict)
        else {
            return Html::default();
        };
        let on_shift = ctx
            .link()
            .callback(|(from, to)| Message::Shift { from, to });
        let on_go = ctx
            .link()
            .callback(|event| Message::Time(TimeCommand::Seek(event)));
        erased::<Predict>(PredictProps {
            question: predict.question.clone().into(),
            prediction: prediction.clone(),
            on_shift,
            on_go,
        })
    }

    /// Hint and Solution, where the reader is asked to change something.
    fn exercise(&self, ctx: &Context<Self>, asks: &prose::Asks) -> Html {
        let link = ctx.link();
        let lesson = &ctx.props().lesson;
        let hints = lesson.hints[..self.hints].iter().enumerate().map(|(index, hint)| {
            html! {
                <div class="hint"><b>{ format!("Hint {}", index + 1) }</b>{ prose::blocks(hint, None, &Html::default(), asks) }</div>
            }
        });
        let none_left = self.hints == lesson.hints.len();
        html! {
            <>
                <div class="hints" aria-live="polite">{ for hints }</div>
                <div class="acts">
                    <button class="btn" disabled={none_left} onclick={link.callback(|_: MouseEvent| Message::Hint)}>{ "Hint" }</button>
                    <button class="btn" onclick={link.callback(|_: MouseEvent| Message::Solution)}>{ "Solution" }</button>
                </div>
            </>
        }
    }

    pub(super) fn panes(&self, ctx: &Context<Self>) -> Html {
        let buttons = Pane::ALL.iter().map(|&(pane, name, label)| {
            let onclick = ctx.link().callback(move |_: MouseEvent| Message::Show(pane));
            html! {
                <button data-pane={name} aria-pressed={(pane == self.pane).to_string()} {onclick}>{ label }</button>
            }
        });
        html! { <nav class="panes" aria-label="Show">{ for buttons }</nav> }
    }

    pub(super) fn write_pane(&self, ctx: &Context<Self>, lit: &Lit) -> Html {
        let props = ctx.props();
        let link = ctx.link();
        let seed = self.seed(ctx);
        let on_run = link.callback(move |()| Message::Run { seed });
        let on_go = link.callback(|event| Message::Time(TimeCommand::Seek(event)));
        let editor = self.edits.files.get(self.file).map(|file| {
            let path = file.path.clone();
            let on_change = link.callback(move |text| Message::Typed { path: path.clone(), text });
            html! {
                <EditorView module={props.editor.clone()} label={file.path.clone()} text={file.text.clone()}
                    revision={self.revision} read_only={file.read_only} mark={self.mark(&file.path, lit)} {on_change}
                    on_run={on_run.clone()} on_point={link.callback(Message::PointLine)} />
            }
        });
        let outcome = outcome(&Ended {
            run: &self.run,
            grading: self.grading.as_ref(),
            edited: self.edits.edited(&props.lesson),
            on_go: on_go.clone(),
            on_seed: link.callback(|seed| Message::Run { seed }),
            on_run: on_run.clone(),
        });
        let console = erased::<ConsoleView>(ConsoleProps {
            console: self.console.clone(),
            recording: self.recording.clone(),
            lit: *lit,
            now: self.playhead.event,
            running: self.run.running(),
            names: self.names(),
            on_go,
        });
        html! {
            <section class="write" aria-label="Code">
                <div class="bar">
                    { self.tabs(ctx) }
                    <span class="grow"></span>
                    if let Some(shelved) = self.edits.shelved() {
                        <button class="btn bare" onclick={link.callback(|_: MouseEvent| Message::TakeBack)}>{ shelved.undo_label() }</button>
                    }
                    <button class="btn bare" disabled={!self.edits.edited(&props.lesson)}
                        onclick={link.callback(|_: MouseEvent| Message::Reset)}>{ "Reset" }</button>
                    if self.run.running() || self.wanted.is_some() {
                        <button class="btn" key="stop" onclick={link.callback(|_: MouseEvent| Message::Stop)}>{ icons::icon(icons::Icon::Stop) }{ "Stop" }</button>
                    } else {
                        <button class="btn go" key="run" onclick={on_run.reform(|_: MouseEvent| ())}>
                            { "Run" }<kbd aria-hidden="true">{ "Ctrl ⏎" }</kbd>
                        </button>
                    }
                </div>
                { editor.unwrap_or_default() }
                { outcome }
                { self.seeds(ctx) }
                { self.injected(ctx) }
                if let Some(kept) = &self.kept {
                    { versus::kept_line(kept, link.callback(|_: MouseEvent| Message::Forget)) }
                }
                { console }
            </section>
        }
    }

    pub(super) fn asking(&self, ctx: &Context<Self>) -> AskingProps {
        AskingProps {
            asking: self.asking.clone(),
            lesson: ctx.props().lesson.clone(),
            now: self.playhead.event,
            running: self.run.running(),
            on_ask: ctx.link().callback(Message::Ask),
            on_command: ctx.link().callback(Message::Time),
        }
    }

    pub(super) fn explore(&self, ctx: &Context<Self>) -> ExploreProps {
        let is_shown = self.run.status != Status::Never && !self.run.stale;
        ExploreProps {
            lesson: ctx.props().lesson.clone(),
            simulation: ctx.props().simulation.clone(),
            scenario: Rc::new(self.world_by_hand(&ctx.props().lesson, 0, Record::Output)),
            is_judged: self.is_untouched(),
            seed: (is_shown && self.picks == Picks::default()).then_some(self.run.seed),
            on_open: ctx.link().callback(|seed| Message::Run { seed }),
            on_replay: ctx
                .link()
                .callback(|(seed, picks)| Message::Replay(seed, picks)),
        }
    }

    /// What the console calls each process, where there are several.
    fn names(&self) -> Rc<Vec<String>> {
        let recording = self.shown.read();
        let processes = recording.processes().filter(|_| recording.has_several());
        Rc::new(
            processes
                .map(|process| recording.process_name(process))
                .collect(),
        )
    }

    fn tabs(&self, ctx: &Context<Self>) -> Html {
        let tabs = self.edits.files.iter().enumerate().map(|(index, file)| {
            let selected = index == self.file;
            let onclick = ctx.link().callback(move |_: MouseEvent| Message::SelectFile(index));
            html! { <button role="tab" aria-selected={selected.to_string()} {onclick}>{ &file.path }</button> }
        });
        html! { <div class="tabs" role="tablist" aria-label="Files">{ for tabs }</div> }
    }

    /// The seed of the run, and another one: where real systems race, the seed decides.
    fn seeds(&self, ctx: &Context<Self>) -> Html {
        if self.run.status == Status::Never || self.run.running() {
            return Html::default();
        }
        let seed = self.run.seed;
        let next = seed.wrapping_add(1);
        let hash = match &self.run.status {
            Status::Ended(Ending::Exited { trace_hash, .. }) => Some(format!("{trace_hash:016x}")),
            _ => None,
        };
        html! {
            <p class="seedline" data-trace-hash={hash}>
                <span>{ format!("Seed {seed}") }</span>
                if self.picks != Picks::default() { <span>{ format!("picked {}", self.picks) }</span> }
                <button class="btn bare" onclick={ctx.link().callback(move |_: MouseEvent| Message::Run { seed: next })}>
                    { format!("Try seed {next}") }
                </button>
                <button class="btn bare" onclick={ctx.link().callback(|_: MouseEvent| Message::Fork)}>{ "Fork from here" }</button>
                if self.run.stale { <em>{ "The code has changed since this run." }</em> }
            </p>
        }
    }

    /// What was broken and mended by hand, and is so in every run.
    fn injected(&self, ctx: &Context<Self>) -> Html {
        let rows = self.injected.rows().iter().enumerate();
        rows.map(|(row, (at_ns, injection))| {
            let onclick = ctx.link().callback(move |_: MouseEvent| Message::TakeBackInjection(row));
            html! {
                <p class="seedline by-hand">
                    <span>{ format!("By hand at {}: {}.", time::point(*at_ns), injection.words()) }</span>
                    <button class="btn bare" {onclick} disabled={self.run.running()}>{ "Take it back" }</button>
                </p>
            }
        })
        .collect()
    }

    /// What last happened on a line of the file that is shown.
    pub(super) fn event_on_line(&self, line: u32) -> Option<Highlight> {
        if self.run.stale || !self.run.recorded() {
            return None;
        }
        let file = self.edits.files.get(self.file)?;
        let path = format!("{}/{}", protocol::lesson::FOLDER, file.path);
        let recording = self.shown.read();
        let event = recording.event_on_line(&path, line, self.playhead.event)?;
        Some(Highlight::Event(event))
    }

    /// The line that something on the page points at, otherwise that which executes at the playhead, or the line where it went wrong.
    fn mark(&self, path: &str, lit: &Lit) -> Option<(u32, Mark)> {
        if self.run.stale || !self.run.recorded() {
            return None;
        }
        let pointed = lit.place(&self.recording.read());
        if let Some(place) = pointed.filter(|place| short_path(&place.file) == Some(path)) {
            return Some((place.line, Mark::Look));
        }
        let place = self.recording.read().place_at(self.playhead.event)?;
        if short_path(&place.file)? != path {
            return None;
        }
        let wrong = self
            .run
            .trouble
            .as_ref()
            .is_some_and(|trouble| trouble.event == self.playhead.event);
        Some((place.line, if wrong { Mark::Fail } else { Mark::Now }))
    }
}
