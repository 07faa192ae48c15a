//! One lesson: its prose, its code, its run and what there is to see of it.
//!
//! The component holds the reader's session and turns what happens (typing, buttons, the worker's messages, time) into
//! changes of the reducers in [`crate::state`]. Replies of the worker are read a few milliseconds at a time, so that
//! the page answers while a quarter of a million events come in.

mod drawing;
mod playing;
mod running;
mod writing;

use std::{collections::VecDeque, rc::Rc};

use gloo::timers::callback::Timeout;
use protocol::{
    ProcessId, Reply,
    codec::Stretch,
    lesson::{Lesson, Moment},
    scenario::Picks,
};
use recording::{
    Following, Highlight, InOrder, Playhead, Shared, TimeCommand, inject::Injection,
    network::RequestIndex,
};
use yew::prelude::*;

use super::{
    console,
    look::{Look, LookProps},
};
use crate::{
    edge::{
        editor::EditorModule,
        jar::{Heard, Jar, JobId, Part, Simulation},
        storage,
    },
    erased::erased,
    state::{
        asking::{self, Asking},
        choices,
        edits::{Edits, Replacement},
        focus::Focus,
        fork::{Kept, Versus},
        grading::Grading,
        injected::Injected,
        predict::Prediction,
        run::Run,
    },
    views::{TimePanel, TimeProps, pointing},
};

#[derive(Properties)]
pub struct LessonProps {
    pub lesson: Rc<Lesson>,
    pub number: usize,
    pub of: usize,
    pub simulation: Option<Rc<Simulation>>,
    pub editor: Option<EditorModule>,
    pub on_done: Callback<String>,
    pub on_notice: Callback<String>,
}

impl PartialEq for LessonProps {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.lesson, &other.lesson)
            && (self.number, self.of) == (other.number, other.of)
            && self.simulation.is_some() == other.simulation.is_some()
            && self.editor == other.editor
            && self.on_done == other.on_done
            && self.on_notice == other.on_notice
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pane {
    Read,
    Write,
    Look,
}

impl Pane {
    const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::Read, "read", "Read"),
        (Self::Write, "write", "Code"),
        (Self::Look, "look", "See"),
    ];

    fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(pane, ..)| *pane == self)
            .map_or("read", |(_, name, _)| name)
    }
}

pub enum Message {
    Typed {
        path: String,
        text: String,
    },
    Save,
    SelectFile(usize),
    Run {
        seed: u64,
    },
    /// The same run, but for one choice and what comes of it; or as the seed would have it.
    Pick(Option<(u32, u32)>),
    Replay(u64, Picks),
    Stop,
    /// Keeps this run, to compare the next one with it.
    Fork,
    Forget,
    /// Breaks or mends something at the playhead, and runs again beside this run.
    Inject(Injection),
    TakeBackInjection(usize),
    Reset,
    TakeBack,
    Solution,
    Hint,
    Try {
        file: String,
        text: String,
    },
    Shift {
        from: usize,
        to: usize,
    },
    Heard(Heard),
    Part {
        job: JobId,
        part: Result<Part, String>,
    },
    Read,
    Time(TimeCommand),
    Go(Moment),
    /// What is asked for by hand.
    Ask(asking::Message),
    /// Whose loop to show; `None` follows the playhead.
    Choose(Option<ProcessId>),
    Show(Pane),
    Point(Option<Highlight>),
    /// Follow this request by hand, or no longer; `None` nobody.
    Follow(Option<RequestIndex>),
    /// At a line of the code that is shown.
    PointLine(Option<u32>),
    Key(KeyboardEvent),
}

/// Where the playhead goes when a run has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Landing {
    /// Counted from 0.
    Choice(usize),
    Time(u64),
}

/// What the worker is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Job {
    Idle,
    Recording(JobId),
    Grading(JobId),
}

pub struct LessonPage {
    edits: Edits,
    /// Rises when a text was changed by anything but typing.
    revision: u32,
    file: usize,
    pane: Pane,
    hints: usize,
    prediction: Option<Prediction>,
    run: Run,
    console: console::Shared,
    recording: Shared,
    /// The recording as the views have it, which lags a little behind while it grows.
    shown: Shared,
    shown_ms: f64,
    playhead: Playhead,
    focus: Focus,
    highlight: Option<Highlight>,
    following: Following,
    line_pointed_at: Option<u32>,
    order: InOrder,
    grading: Option<Grading>,
    kept: Option<Rc<Kept>>,
    versus: Option<Versus>,
    asking: Rc<Asking>,
    injected: Injected,
    /// What was picked for the run, and the choice to look at when it has ended.
    picks: Picks,
    landing: Option<Landing>,
    jar: Option<Jar>,
    jobs: JobId,
    job: Job,
    /// A run that was asked for before the simulation had loaded.
    wanted: Option<u64>,
    unread: VecDeque<Unread>,
    /// Events to come that have come before.
    known_events: u64,
    reading: Option<Timeout>,
    saving: Option<Timeout>,
    _keys: gloo::events::EventListener,
    _leaving: gloo::events::EventListener,
}

/// What the worker has sent and nobody has read yet.
enum Unread {
    Events(Stretch),
    Other(Reply),
    /// The run begins anew, and what it did so far comes once more.
    Again,
    Ended,
}

impl Component for LessonPage {
    type Message = Message;
    type Properties = LessonProps;

    fn create(ctx: &Context<Self>) -> Self {
        let lesson = &ctx.props().lesson;
        let edits = restored(lesson, &ctx.props().on_notice);
        let keys = ctx.link().callback(Message::Key);
        let leaving = ctx.link().callback(|()| Message::Save);
        let window = gloo::utils::window();
        let options = gloo::events::EventListenerOptions::enable_prevent_default();
        let mut page = Self {
            edits,
            revision: 0,
            file: 0,
            pane: Pane::Read,
            hints: 0,
            prediction: lesson.predict.as_ref().map(Prediction::of),
            run: Run::default(),
            console: console::Shared::default(),
            recording: Shared::default(),
            shown: Shared::default(),
            shown_ms: 0.0,
            playhead: Playhead::default(),
            focus: Focus::default(),
            highlight: None,
            following: Following::default(),
            line_pointed_at: None,
            order: InOrder::default(),
            grading: None,
            kept: None,
            versus: None,
            asking: Rc::default(),
            injected: Injected::default(),
            picks: Picks::default(),
            landing: None,
            jar: None,
            jobs: 0,
            job: Job::Idle,
            wanted: None,
            unread: VecDeque::new(),
            known_events: 0,
            reading: None,
            saving: None,
            _keys: gloo::events::EventListener::new_with_options(
                &window,
                "keydown",
                options,
                move |event| {
                    if let Some(event) = wasm_bindgen::JsCast::dyn_ref::<KeyboardEvent>(event) {
                        keys.emit(event.clone());
                    }
                },
            ),
            _leaving: gloo::events::EventListener::new(&window, "pagehide", move |_| {
                leaving.emit(())
            }),
        };
        page.open_jar(ctx);
        page
    }

    fn changed(&mut self, ctx: &Context<Self>, _: &Self::Properties) -> bool {
        self.open_jar(ctx);
        if self.jar.is_some()
            && let Some(seed) = self.wanted.take()
        {
            self.start(ctx, seed);
        }
        true
    }

    fn update(&mut self, ctx: &Context<Self>, message: Message) -> bool {
        let lesson = ctx.props().lesson.clone();
        match message {
            Message::Typed { path, text } => {
                if !self.edits.set_text(&path, &text) {
                    return false;
                }
                self.touched(ctx);
            }
            Message::Save => {
                self.save(ctx);
                return false;
            }
            Message::SelectFile(file) => self.file = file,
            Message::Run { seed } => self.start(ctx, seed),
            Message::Pick(pick) => {
                let taken = self.shown.read().options_taken();
                let picks = pick.map(|(choice, option)| choices::pick(&taken, choice, option));
                let landing = pick.map(|(choice, _)| Landing::Choice(choice as usize));
                self.start_picked(ctx, self.run.seed, picks.unwrap_or_default(), landing);
            }
            Message::Replay(seed, picks) => {
                let landing = picks.taken.len().saturating_sub(1);
                self.start_picked(ctx, seed, picks, Some(Landing::Choice(landing)));
            }
            Message::Stop => self.stop(),
            Message::Fork => self.fork(),
            Message::Forget => {
                self.kept = None;
                self.versus = None;
            }
            Message::Inject(injection) => self.inject(ctx, injection),
            Message::TakeBackInjection(row) => {
                self.injected.take_back(row);
                self.start(ctx, self.run.seed);
            }
            Message::Reset => {
                let changed = self.edits.reset(&lesson);
                self.replaced(ctx, changed);
            }
            Message::TakeBack => {
                let changed = self.edits.take_back();
                self.replaced(ctx, changed);
            }
            Message::Solution => {
                let changed = self.edits.replace(Replacement::Solution, &lesson.solution);
                self.replaced(ctx, changed);
                self.pane = Pane::Write;
            }
            Message::Hint => self.hints = (self.hints + 1).min(lesson.hints.len()),
            Message::Try { file, text } => self.try_in(ctx, &file, text),
            Message::Shift { from, to } => {
                return self
                    .prediction
                    .as_mut()
                    .is_some_and(|prediction| prediction.shift(from, to));
            }
            Message::Heard(heard) => return self.heard(ctx, heard),
            Message::Part { job, part } => return self.part_came(ctx, job, part),
            Message::Read => self.read(ctx),
            Message::Time(command) => self.time(command),
            Message::Go(moment) => {
                let event = self.recording.read().moment(&moment);
                match event {
                    Some(event) => self.time(TimeCommand::Seek(event)),
                    None => return false,
                }
            }
            Message::Ask(message) => {
                if Rc::make_mut(&mut self.asking).change(message) == asking::Effect::Run {
                    let seed = self.seed(ctx);
                    self.start(ctx, seed);
                }
            }
            Message::Choose(process) => {
                self.focus.choose(process);
                let recording = self.shown.read();
                self.focus.follow(&recording, self.playhead.event, false);
            }
            Message::Show(pane) => self.pane = pane,
            Message::Point(highlight) => {
                self.line_pointed_at = None;
                return std::mem::replace(&mut self.highlight, highlight) != highlight;
            }
            Message::Follow(request) => {
                let recording = self.shown.read();
                match request {
                    Some(request) => self.following.toggle(recording.network(), request),
                    None => self.following.follow_none(),
                }
            }
            Message::PointLine(line) => {
                if std::mem::replace(&mut self.line_pointed_at, line) == line {
                    return false;
                }
                let highlight = line.and_then(|line| self.event_on_line(line));
                return std::mem::replace(&mut self.highlight, highlight) != highlight;
            }
            Message::Key(event) => return self.key(ctx, &event),
        }
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let link = ctx.link();
        let on_command = link.callback(Message::Time);
        let on_choose = link.callback(Message::Choose);
        let recording = self.shown.read();
        let lit = recording.lit(self.highlight);
        let on_point = |target| pointing::at(target).map(Message::Point);
        let onpointerover =
            link.batch_callback(move |event: PointerEvent| on_point(event.target()));
        let onfocusin = link.batch_callback(move |event: FocusEvent| on_point(event.target()));
        let onfocusout = link.callback(|_: FocusEvent| Message::Point(None));
        let onpointerout = link.batch_callback(|event: PointerEvent| {
            pointing::has_left(&event).then_some(Message::Point(None))
        });
        let look = erased::<Look>(LookProps {
            id: ctx.props().lesson.id.clone().into(),
            recording: self.shown.clone(),
            has_ended: self.run.has_ended(),
            playhead: self.playhead,
            focus: self.focus,
            lit,
            following: self.following.clone(),
            on_follow: link.callback(Message::Follow),
            on_command: on_command.clone(),
            on_choose: on_choose.clone(),
            on_pick: link.callback(Message::Pick),
            on_inject: self.run.recorded().then(|| link.callback(Message::Inject)),
            explore: self.explore(ctx),
            versus: self.versus.clone(),
            asking: self.asking(ctx),
        });
        let time = erased::<TimePanel>(TimeProps {
            recording: self.shown.clone(),
            playhead: self.playhead,
            process: self.focus.process(),
            lit,
            parts_at: self
                .versus
                .as_ref()
                .and_then(|versus| versus.parts_at(&recording)),
            following: self.following.clone(),
            noted: self.noted(),
            on_command,
            on_choose,
            on_point: link.callback(Message::Point),
        });
        html! {
            <div class="lesson" data-pane={self.pane.name()} {onpointerover} {onpointerout} {onfocusin} {onfocusout}>
                { self.read_pane(ctx) }
                { self.panes(ctx) }
                { self.write_pane(ctx, &lit) }
                { look }
                { time }
            </div>
        }
    }

    fn destroy(&mut self, ctx: &Context<Self>) {
        self.save(ctx);
    }
}

/// What the reader typed last time, or the lesson's own files where nothing can be read.
fn restored(lesson: &Lesson, on_notice: &Callback<String>) -> Edits {
    let key = storage::edits_key(&lesson.id);
    let Some(stored) = storage::get(&key) else {
        return Edits::of(lesson);
    };
    Edits::restore(lesson, &stored).unwrap_or_else(|why| {
        // It stays where it is under another name, in case somebody wants it back.
        let _ = storage::set(&format!("{key}:unreadable"), &stored);
        on_notice.emit(format!(
            "Your saved edits of this lesson could not be read ({why}), so it begins anew."
        ));
        Edits::of(lesson)
    })
}
