//! One lesson: its prose, its code, its run and what there is to see of it.
//!
//! The component holds the reader's session and turns what happens (typing, buttons, the worker's messages, time) into
//! changes of the reducers in [`crate::state`]. Replies of the worker are read a few milliseconds at a time, so that
//! the page answers while a quarter of a million events come in.

use std::{collections::VecDeque, rc::Rc};

use gloo::timers::callback::Timeout;
use protocol::{
    EventKind, ProcessId, Record, Reply, Scenario, Status as JarStatus, VERSION,
    codec::{self, Stretch},
    lesson::{Lesson, Moment, Step},
    scenario::Picks,
};
use recording::{
    BookmarkKind, Following, Handed, Highlight, InOrder, Lit, Noted, Playhead, Shared, TimeCommand,
    inject::Injection, network::RequestIndex, reduce, time,
};
use yew::prelude::*;

use super::{
    console::{self, ConsoleView},
    editor::EditorView,
    exchange::AskingProps,
    explore::ExploreProps,
    icons,
    look::Look,
    outcome::{Ended, outcome},
    predict::Predict,
    prose, versus,
};
use crate::{
    edge::{
        assets, browser,
        editor::{EditorModule, Mark},
        jar::{Heard, Jar, JobId, Part, Simulation},
        storage,
    },
    state::{
        asking::{self, Asking},
        choices,
        console::short_path,
        edits::{Edits, Replacement},
        focus::Focus,
        fork::{Kept, Versus},
        grading::{Grading, Verdict},
        injected::Injected,
        keys,
        predict::{Difference, Prediction},
        run::{Ending, Run, Status},
    },
    views::{TimePanel, pointing},
};

/// So long the page reads events before it lets the browser draw.
const READ_MS_MAX: f64 = 8.0;
const SAVE_AFTER_MS: u32 = 400;
/// A recording that grows is drawn so often at most: the picture of all of it is costlier than its next events.
const SHOW_EVERY_MS: f64 = 150.0;

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
        html! {
            <div class="lesson" data-pane={self.pane.name()} {onpointerover} {onpointerout} {onfocusin} {onfocusout}>
                { self.read_pane(ctx) }
                { self.panes(ctx) }
                { self.write_pane(ctx, &lit) }
                <Look id={ctx.props().lesson.id.clone()} recording={self.shown.clone()} playhead={self.playhead}
                    focus={self.focus} {lit} following={self.following.clone()}
                    on_follow={link.callback(Message::Follow)} on_command={on_command.clone()} on_choose={on_choose.clone()}
                    on_pick={link.callback(Message::Pick)} on_inject={self.run.recorded().then(|| link.callback(Message::Inject))} explore={self.explore(ctx)} versus={self.versus.clone()} asking={self.asking(ctx)} />
                <TimePanel recording={self.shown.clone()} playhead={self.playhead} process={self.focus.process()} {lit}
                    parts_at={self.versus.as_ref().and_then(|versus| versus.parts_at(&recording))}
                    following={self.following.clone()} noted={self.noted()} {on_command} {on_choose}
                    on_point={link.callback(Message::Point)} />
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

// --- what the reader writes ---

impl LessonPage {
    fn touched(&mut self, ctx: &Context<Self>) {
        self.run.stale = self.run.status != Status::Never;
        let link = ctx.link().clone();
        self.saving = Some(Timeout::new(SAVE_AFTER_MS, move || {
            link.send_message(Message::Save)
        }));
    }

    fn replaced(&mut self, ctx: &Context<Self>, changed: bool) {
        if changed {
            self.revision += 1;
            self.file = self.file.min(self.edits.files.len().saturating_sub(1));
            self.touched(ctx);
        }
    }

    fn try_in(&mut self, ctx: &Context<Self>, file: &str, text: String) {
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

    fn save(&mut self, ctx: &Context<Self>) {
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

// --- running and grading ---

impl LessonPage {
    fn open_jar(&mut self, ctx: &Context<Self>) {
        let (None, Some(simulation)) = (&self.jar, &ctx.props().simulation) else {
            return;
        };
        match Jar::open(simulation, ctx.link().callback(Message::Heard)) {
            Ok(jar) => self.jar = Some(jar),
            Err(sentence) => ctx.props().on_notice.emit(sentence),
        }
    }

    fn start(&mut self, ctx: &Context<Self>, seed: u64) {
        self.start_picked(ctx, seed, Picks::default(), None);
    }

    fn start_picked(
        &mut self,
        ctx: &Context<Self>,
        seed: u64,
        picks: Picks,
        landing: Option<Landing>,
    ) {
        (self.picks, self.landing) = (picks, landing);
        self.save(ctx);
        self.halt(ctx);
        if ctx.props().simulation.is_none() {
            self.wanted = Some(seed);
            return;
        }
        self.open_jar(ctx);
        if self.jar.is_none() {
            return;
        }
        let lesson = &ctx.props().lesson;
        self.run.begin(seed);
        self.versus = None;
        self.console = console::Shared::default();
        self.recording = Shared::default();
        self.show();
        // How fast and by what to step are the reader's choice and stay.
        self.playhead = reduce(&self.playhead, TimeCommand::Pause, &self.recording.read());
        self.playhead.event = 0;
        self.playhead = reduce(
            &self.playhead,
            TimeCommand::SetRange(None),
            &self.recording.read(),
        );
        self.playhead.follows = true;
        self.focus = Focus::default();
        self.highlight = None;
        self.following = Following::default();
        self.order = InOrder::default();
        // What the reader picks is one run, and no proof for others.
        self.grading = Some(match self.picks == Picks::default() {
            true => Grading::of(seed, lesson.world.seed, lesson.check_seeds),
            false => Grading::of(seed, seed, 1),
        });
        if let Some(prediction) = &mut self.prediction {
            prediction.forget_run();
        }
        self.jobs += 1;
        self.job = Job::Recording(self.jobs);
        Rc::make_mut(&mut self.asking).begin();
        let mut scenario = self.world_by_hand(lesson, seed, Record::All);
        scenario.picks = self.picks.clone();
        let Some(jar) = &self.jar else {
            return;
        };
        // Checks judge the program in its own world.
        let checks = Some(lesson.checks.as_str()).filter(|_| self.is_untouched());
        if let Err(reason) = jar.start(self.jobs, &scenario, checks) {
            self.run.end(Ending::Refused { reason });
            self.job = Job::Idle;
        }
    }

    fn grade_next(&mut self, ctx: &Context<Self>) {
        self.job = Job::Idle;
        let Some(seed) = self.grading.as_ref().and_then(Grading::next_seed) else {
            return;
        };
        let (Some(jar), lesson) = (&self.jar, &ctx.props().lesson) else {
            return;
        };
        self.jobs += 1;
        let scenario = lesson.scenario(self.edits.texts(), seed, Record::Output);
        if jar
            .start(self.jobs, &scenario, Some(&lesson.checks))
            .is_ok()
        {
            self.job = Job::Grading(self.jobs);
        }
    }

    /// Whatever the worker is still at no longer matters.
    fn halt(&mut self, ctx: &Context<Self>) {
        if self.job != Job::Idle {
            // A worker inside a callback cannot listen; a new one can.
            self.jar = None;
            self.job = Job::Idle;
            self.open_jar(ctx);
        }
        self.unread.clear();
        self.known_events = 0;
        self.reading = None;
    }

    fn stop(&mut self) {
        match (self.job, &self.jar) {
            (Job::Recording(job), Some(jar)) => {
                jar.stop(job);
                // What has come so far is kept, what comes later is not.
                self.job = Job::Idle;
                self.ended(Ending::Stopped);
            }
            _ => self.wanted = None,
        }
    }

    fn heard(&mut self, ctx: &Context<Self>, heard: Heard) -> bool {
        match heard {
            Heard::Ready => false,
            Heard::Reply { job, bytes } => {
                let unread = match Stretch::open(bytes) {
                    Ok(stretch) => Unread::Events(stretch),
                    Err(bytes) => match codec::decode(&bytes) {
                        Ok(reply) => Unread::Other(reply),
                        Err(reason) => Unread::Other(Reply::Refused { reason }),
                    },
                };
                self.receive(ctx, job, unread)
            }
            Heard::Wanting { job, part } => {
                ctx.link().send_future(async move {
                    let part = assets::part(&part).await;
                    Message::Part { job, part }
                });
                false
            }
            Heard::Ended { job } => self.receive(ctx, job, Unread::Ended),
            Heard::Trapped { job, report } => {
                self.broke(ctx, job, Ending::Trapped { report }, false)
            }
            Heard::Lost {
                job, silent: true, ..
            } => self.broke(ctx, job, Ending::Silent, true),
            Heard::Lost { job, report, .. } => {
                self.broke(ctx, job, Ending::Trapped { report }, true)
            }
        }
    }

    fn part_came(&mut self, ctx: &Context<Self>, job: JobId, part: Result<Part, String>) -> bool {
        let is_present = matches!(self.job, Job::Recording(own) | Job::Grading(own) if own == job);
        let (Some(jar), true) = (&self.jar, is_present) else {
            return false;
        };
        if let Err(reason) = part.and_then(|part| jar.add_part(part)) {
            return self.broke(ctx, job, Ending::Refused { reason }, true);
        }
        self.receive(ctx, job, Unread::Again)
    }

    fn receive(&mut self, ctx: &Context<Self>, job: JobId, unread: Unread) -> bool {
        match self.job {
            Job::Recording(own) if own == job => {
                self.unread.push_back(unread);
                if self.reading.is_none() {
                    self.read(ctx);
                    return true;
                }
                false
            }
            Job::Grading(own) if own == job => {
                match unread {
                    Unread::Other(Reply::Graded(mut report)) => {
                        if !self.is_untouched() {
                            // Its places are those of another recording.
                            report
                                .outcomes
                                .iter_mut()
                                .for_each(|outcome| outcome.at = None);
                        }
                        if let Some(grading) = &mut self.grading {
                            grading.take(&report);
                        }
                    }
                    Unread::Ended => {
                        self.grade_next(ctx);
                        self.judged(ctx);
                        return true;
                    }
                    _ => {}
                }
                false
            }
            _ => false,
        }
    }

    fn broke(&mut self, ctx: &Context<Self>, job: JobId, ending: Ending, replace: bool) -> bool {
        if replace {
            self.jar = None;
            self.open_jar(ctx);
        }
        match self.job {
            Job::Recording(own) if own == job => {
                self.job = Job::Idle;
                self.ended(ending);
                true
            }
            Job::Grading(own) if own == job => {
                self.job = Job::Idle;
                self.grading = None;
                true
            }
            _ => replace,
        }
    }

    /// Reads what has come, for a few milliseconds.
    fn read(&mut self, ctx: &Context<Self>) {
        self.reading = None;
        let until = browser::now_ms() + READ_MS_MAX;
        let mut batch = Vec::new();
        while let Some(front) = self.unread.front_mut() {
            match front {
                Unread::Events(stretch) => {
                    match stretch.next_event() {
                        Ok(Some(_)) if self.known_events > 0 => {
                            self.known_events -= 1;
                            continue;
                        }
                        Ok(Some(event)) => {
                            batch.push(event);
                            // The clock is asked now and then only.
                            if batch.len().is_multiple_of(256) && browser::now_ms() > until {
                                break;
                            }
                            continue;
                        }
                        Ok(None) => {
                            let status = stretch.status.clone();
                            self.unread.pop_front();
                            if let JarStatus::Finished {
                                exit_code,
                                trace_hash,
                                ..
                            } = status
                            {
                                self.append(std::mem::take(&mut batch));
                                let code = exit_code;
                                self.ended(Ending::Exited { code, trace_hash });
                            }
                        }
                        Err(reason) => {
                            self.unread.clear();
                            self.append(std::mem::take(&mut batch));
                            self.ended(Ending::Refused { reason });
                        }
                    }
                }
                Unread::Other(_) | Unread::Again | Unread::Ended => match self.unread.pop_front() {
                    Some(Unread::Other(reply)) => self.replied(reply),
                    Some(Unread::Again) => {
                        self.append(std::mem::take(&mut batch));
                        self.known_events = self.order.taken();
                    }
                    Some(Unread::Ended) => {
                        self.grade_next(ctx);
                        self.judged(ctx);
                    }
                    _ => {}
                },
            }
        }
        self.append(batch);
        if !self.unread.is_empty() {
            let link = ctx.link().clone();
            self.reading = Some(Timeout::new(0, move || link.send_message(Message::Read)));
        }
    }

    fn replied(&mut self, reply: Reply) {
        match reply {
            Reply::Started { version } if version != VERSION => {
                let reason = format!(
                    "The simulation speaks version {version} and this page {VERSION}. Reload the page to get both anew."
                );
                self.ended(Ending::Refused { reason });
            }
            Reply::Refused { reason } => self.ended(Ending::Refused { reason }),
            Reply::Graded(mut report) => {
                for outcome in &mut report.outcomes {
                    outcome.at = outcome.at.map(|event| self.order.place(event));
                }
                if let Some(grading) = &mut self.grading {
                    grading.take(&report);
                }
            }
            Reply::Loaded { .. }
            | Reply::Started { .. }
            | Reply::Stepped { .. }
            | Reply::Wanting { .. }
            | Reply::Exchanged { .. }
            | Reply::Compiled { .. } => {}
        }
    }

    fn append(&mut self, batch: Vec<protocol::Event>) {
        match self.order.push(batch) {
            Handed::Next(batch) => self.take(batch),
            Handed::Anew(batch) => {
                let mut again = self.recording.read().events().to_vec();
                again.extend(batch);
                self.recording = Shared::default();
                self.console = console::Shared::default();
                self.run.forget_events();
                Rc::make_mut(&mut self.asking).begin();
                self.append(again);
            }
        }
    }

    fn take(&mut self, batch: Vec<protocol::Event>) {
        if batch.is_empty() {
            return;
        }
        let run = &mut self.run;
        let is_answer = |event: &protocol::Event| matches!(event.kind, EventKind::AskEnded { .. });
        for (id, event) in (run.events..)
            .zip(&batch)
            .filter(|(_, event)| is_answer(event))
        {
            Rc::make_mut(&mut self.asking).take(id, event);
        }
        self.console.change(|console| {
            for (id, event) in (run.events..).zip(&batch) {
                console.append(id, event);
                run.notice(id, event, console);
            }
        });
        self.recording = self.recording.pushed(batch);
        if browser::now_ms() - self.shown_ms > SHOW_EVERY_MS {
            self.show();
        }
    }

    /// Lets the views see all that has been read.
    fn show(&mut self) {
        self.shown = self.recording.clone();
        self.following.read(&self.shown.read());
        self.shown_ms = browser::now_ms();
        self.time(TimeCommand::Grown);
    }

    fn ended(&mut self, ending: Ending) {
        if !self.run.running() {
            return;
        }
        let rest = self.order.finish();
        self.take(rest);
        self.run.end(ending);
        self.recording = self.recording.finished();
        self.show();
        self.versus = self.kept.as_ref().map(|kept| {
            let (seed, code) = (self.run.seed, self.run.exit_code());
            Versus::new(kept.clone(), &self.recording, seed, code)
        });
        let is_untouched = self.is_untouched();
        if let Some(prediction) = &mut self.prediction
            && self.run.recorded()
            && is_untouched
        {
            let host = prediction.host.clone();
            prediction.compare(self.console.read().stdout(host.as_deref()));
        }
        let landing = self.landing.take();
        let landing = landing.and_then(|landing| {
            let recording = self.shown.read();
            match landing {
                Landing::Choice(choice) => recording.choices().nth(choice),
                Landing::Time(time_ns) => recording.first_from(time_ns),
            }
        });
        let trouble = self.run.trouble.as_ref().map(|trouble| trouble.event);
        if let Some(event) = landing.or(trouble) {
            self.time(TimeCommand::Seek(event));
        }
    }

    fn fork(&mut self) {
        let (seed, code) = (self.run.seed, self.run.exit_code());
        let kept = Kept::new(self.recording.clone(), seed, code, self.playhead.event);
        self.kept = Some(Rc::new(kept));
        self.versus = None;
    }

    /// What happens until the playhead happens again: what is picked for later may no longer fit.
    fn inject(&mut self, ctx: &Context<Self>, injection: Injection) {
        let (at_ns, choices) = {
            let recording = self.shown.read();
            let event = recording.snap(self.playhead.event);
            let before = recording.choices().take_while(|choice| *choice <= event);
            (recording.time_ns(event) + 1, before.count())
        };
        self.fork();
        self.injected.add(at_ns, injection);
        let mut picks = self.picks.clone();
        picks.taken.truncate(choices);
        self.start_picked(ctx, self.run.seed, picks, Some(Landing::Time(at_ns)));
    }

    /// The reader's program in the lesson's world, with what was asked and broken by hand.
    fn world_by_hand(&self, lesson: &Lesson, seed: u64, record: Record) -> Scenario {
        let mut scenario = lesson.scenario(self.edits.texts(), seed, record);
        self.asking.join(&mut scenario);
        self.injected.join(&mut scenario);
        scenario
    }

    /// Nothing was asked and nothing broken by hand.
    fn is_untouched(&self) -> bool {
        self.asking.sent().is_empty() && self.injected.is_empty()
    }

    /// A verdict may have come: a failure moves the playhead to its moment, a pass is remembered.
    fn judged(&mut self, ctx: &Context<Self>) {
        let verdict = self
            .grading
            .as_ref()
            .and_then(|grading| grading.verdict.as_ref());
        match verdict {
            Some(Verdict::Passed) if self.picks == Picks::default() => {
                let id = &ctx.props().lesson.id;
                if let Err(sentence) = storage::set(&storage::done_key(id), "1") {
                    ctx.props().on_notice.emit(sentence.to_string());
                }
                ctx.props().on_done.emit(id.clone());
            }
            Some(Verdict::Failed(failure))
                if failure.seed == self.run.seed
                    && self.run.trouble.is_none()
                    && self.picks == Picks::default() =>
            {
                // Before the reader has touched anything a failing check is no news.
                if let (Some(event), true) = (failure.at, self.edits.edited(&ctx.props().lesson)) {
                    self.time(TimeCommand::Seek(event));
                }
            }
            _ => {}
        }
    }
}

// --- time ---

impl LessonPage {
    fn time(&mut self, command: TimeCommand) {
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
    fn noted(&self) -> Rc<Vec<Noted>> {
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

    fn key(&mut self, ctx: &Context<Self>, event: &KeyboardEvent) -> bool {
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

    fn seed(&self, ctx: &Context<Self>) -> u64 {
        match self.run.status {
            Status::Never => ctx.props().lesson.world.seed,
            _ => self.run.seed,
        }
    }
}

// --- what is drawn ---

impl LessonPage {
    fn read_pane(&self, ctx: &Context<Self>) -> Html {
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
        html! { <Predict question={predict.question.clone()} prediction={prediction.clone()} {on_shift} {on_go} /> }
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

    fn panes(&self, ctx: &Context<Self>) -> Html {
        let buttons = Pane::ALL.iter().map(|&(pane, name, label)| {
            let onclick = ctx.link().callback(move |_: MouseEvent| Message::Show(pane));
            html! {
                <button data-pane={name} aria-pressed={(pane == self.pane).to_string()} {onclick}>{ label }</button>
            }
        });
        html! { <nav class="panes" aria-label="Show">{ for buttons }</nav> }
    }

    fn write_pane(&self, ctx: &Context<Self>, lit: &Lit) -> Html {
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
                <ConsoleView console={self.console.clone()} recording={self.recording.clone()} lit={*lit} now={self.playhead.event} running={self.run.running()}
                    names={self.names()} {on_go} />
            </section>
        }
    }

    fn asking(&self, ctx: &Context<Self>) -> AskingProps {
        AskingProps {
            asking: self.asking.clone(),
            lesson: ctx.props().lesson.clone(),
            now: self.playhead.event,
            running: self.run.running(),
            on_ask: ctx.link().callback(Message::Ask),
            on_command: ctx.link().callback(Message::Time),
        }
    }

    fn explore(&self, ctx: &Context<Self>) -> ExploreProps {
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
    fn event_on_line(&self, line: u32) -> Option<Highlight> {
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
