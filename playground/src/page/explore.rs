//! The outcomes: the program under many seeds at once, every way in which it comes out, and which checks that fails.

use std::rc::Rc;

use gloo::timers::callback::Timeout;
use protocol::{
    Scenario,
    explore::{Outcome, Seen},
    lesson::Lesson,
    scenario::Picks,
};
use recording::{time::count, words::some};
use yew::prelude::*;

use super::icons::{self, Icon};
use crate::{
    edge::{
        assets,
        crew::{Crew, News, Worker},
        jar::{Heard, JobId, Part, Simulation},
    },
    state::{
        choices::{Failure, Search},
        explore::{self, Check, Exploration, SEEDS, State},
    },
    views::drawn,
};

/// It is drawn so often at most while seeds come in.
const DRAW_EVERY_MS: u32 = 120;
const ROWS_FIRST: usize = 20;
const LINES_MAX: usize = 7;

#[derive(Clone, Properties)]
pub struct ExploreProps {
    pub lesson: Rc<Lesson>,
    pub simulation: Option<Rc<Simulation>>,
    /// The reader's program in the world as the reader has made it; the seed and the picks are the explorer's.
    pub scenario: Rc<Scenario>,
    /// The lesson's checks judge the program in the lesson's own world.
    pub is_judged: bool,
    /// Whose recording is looked at.
    pub seed: Option<u64>,
    pub on_open: Callback<u64>,
    /// The shortest interleaving that fails: a seed, and what to pick.
    pub on_replay: Callback<(u64, Picks)>,
}

impl PartialEq for ExploreProps {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.lesson, &other.lesson)
            && self.simulation.is_some() == other.simulation.is_some()
            && self.scenario == other.scenario
            && self.is_judged == other.is_judged
            && self.seed == other.seed
            && self.on_open == other.on_open
            && self.on_replay == other.on_replay
    }
}

pub enum Message {
    Seeds(u64),
    Explore,
    Cancel,
    Heard(Worker, Heard),
    Part {
        worker: Worker,
        job: JobId,
        part: Result<Part, String>,
    },
    Draw,
    More,
    /// Looks for the shortest interleaving that fails as this seed does.
    Shorten(u64),
}

pub struct Explore {
    seeds: u64,
    exploration: Option<(Exploration, Explored)>,
    search: Option<Search>,
    /// While it runs.
    crew: Option<Crew>,
    rows: usize,
    drawing: Option<Timeout>,
}

/// What is run under the seeds.
struct Explored {
    scenario: Rc<Scenario>,
    checks: Option<String>,
}

impl Explored {
    fn with(&self, seed: u64, picks: Picks) -> Scenario {
        Scenario {
            seed,
            picks,
            ..(*self.scenario).clone()
        }
    }
}

impl Component for Explore {
    type Message = Message;
    type Properties = ExploreProps;

    fn create(_: &Context<Self>) -> Self {
        Self {
            seeds: SEEDS[0],
            exploration: None,
            search: None,
            crew: None,
            rows: ROWS_FIRST,
            drawing: None,
        }
    }

    fn update(&mut self, ctx: &Context<Self>, message: Message) -> bool {
        match message {
            Message::Seeds(seeds) => self.seeds = seeds,
            Message::Explore => self.begin(ctx),
            Message::Cancel => {
                if let Some((exploration, _)) = &mut self.exploration {
                    exploration.cancel();
                }
                self.crew = None;
                self.search = None;
            }
            Message::Heard(worker, heard) => return self.heard(ctx, worker, heard),
            Message::Part { worker, job, part } => {
                let crew = self.crew.as_mut();
                let brought = crew.map(|crew| crew.add_part(worker, job, part));
                if let Some(Err(sentence)) = brought {
                    self.fail(sentence);
                }
            }
            Message::Draw => self.drawing = None,
            Message::More => self.rows *= 4,
            Message::Shorten(seed) => self.shorten(ctx, seed),
        }
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let exploration = self
            .exploration
            .as_ref()
            .map(|(exploration, _)| exploration);
        html! {
            <div class="view explore" role="group" aria-label="The outcomes">
                { sentence(exploration) }
                { self.controls(ctx) }
                { exploration.map(|exploration| self.results(ctx, exploration)).unwrap_or_default() }
            </div>
        }
    }
}

// --- what happens ---

impl Explore {
    fn begin(&mut self, ctx: &Context<Self>) {
        let props = ctx.props();
        let Some(simulation) = &props.simulation else {
            return;
        };
        let exploration = Exploration::new(props.lesson.world.seed, self.seeds);
        let explored = Explored {
            scenario: props.scenario.clone(),
            checks: props.is_judged.then(|| props.lesson.checks.clone()),
        };
        self.exploration = Some((exploration, explored));
        self.rows = ROWS_FIRST;
        self.gather(ctx, simulation);
        self.occupy();
    }

    /// A crew of one.
    fn gather(&mut self, ctx: &Context<Self>, simulation: &Rc<Simulation>) {
        let on_heard = ctx
            .link()
            .callback(|(worker, heard)| Message::Heard(worker, heard));
        self.crew = Some(Crew::new(simulation.clone(), on_heard));
        self.hire(1);
    }

    fn shorten(&mut self, ctx: &Context<Self>, seed: u64) {
        if let Some(simulation) = &ctx.props().simulation {
            self.search = Some(Search::new(seed));
            self.gather(ctx, simulation);
            self.search_on(ctx);
        }
    }

    /// Begins the next run of the search; when there is none, what was found is opened.
    fn search_on(&mut self, ctx: &Context<Self>) {
        let (Some(search), Some((_, explored)), Some(crew)) =
            (&self.search, &self.exploration, &mut self.crew)
        else {
            return;
        };
        let Some(picks) = search.next() else {
            if let Some(picks) = search.found() {
                ctx.props().on_replay.emit((search.seed, picks));
            }
            (self.search, self.crew) = (None, None);
            return;
        };
        let scenario = explored.with(search.seed, picks);
        let begun = crew.start(0, &scenario, explored.checks.as_deref());
        if begun.is_err() {
            (self.search, self.crew) = (None, None);
        }
    }

    fn hire(&mut self, workers_max: usize) {
        let Some(crew) = &mut self.crew else {
            return;
        };
        for _ in 0..workers_max {
            match crew.hire() {
                Ok(true) => {}
                Ok(false) => return,
                Err(sentence) => return self.fail(sentence),
            }
        }
    }

    /// Whoever has nothing to do takes the next seed.
    fn occupy(&mut self) {
        let (Some((exploration, explored)), Some(crew)) = (&mut self.exploration, &mut self.crew)
        else {
            return;
        };
        while let Some(worker) = crew.idle() {
            let Some(seed) = exploration.next_seed() else {
                break;
            };
            let scenario = explored.with(seed, Picks::default());
            if let Err(sentence) = crew.start(worker, &scenario, explored.checks.as_deref()) {
                return self.fail(sentence);
            }
        }
        if !exploration.is_running() {
            self.crew = None;
        }
    }

    fn heard(&mut self, ctx: &Context<Self>, worker: Worker, heard: Heard) -> bool {
        let (Some((exploration, _)), Some(crew)) = (&mut self.exploration, &mut self.crew) else {
            return false;
        };
        let news = crew.heard(worker, heard);
        if let (Some(search), Some(News::Ran { .. } | News::Broke { .. })) =
            (&mut self.search, &news)
        {
            search.take(match news {
                Some(News::Ran {
                    outcome,
                    report,
                    taken,
                    ..
                }) => Some((Failure::of(&outcome, report.as_ref()), taken)),
                _ => None,
            });
            self.search_on(ctx);
            return true;
        }
        match news {
            None => return false,
            Some(News::Wants { job, part }) => {
                ctx.link().send_future(async move {
                    let part = assets::part(&part).await;
                    Message::Part { worker, job, part }
                });
                return false;
            }
            Some(News::Ran {
                seed,
                outcome,
                report,
                ..
            }) => exploration.take(seed, outcome, report.as_ref()),
            Some(News::Broke { seed, reason }) => exploration.broke(seed, reason),
        }
        if exploration.done() == 1 {
            self.hire(usize::MAX);
        }
        self.occupy();
        if self.crew.is_none() {
            self.drawing = None;
            return true;
        }
        if self.drawing.is_none() {
            let link = ctx.link().clone();
            self.drawing = Some(Timeout::new(DRAW_EVERY_MS, move || {
                link.send_message(Message::Draw)
            }));
        }
        false
    }

    fn fail(&mut self, sentence: String) {
        if let Some((exploration, _)) = &mut self.exploration {
            exploration.fail(sentence);
        }
        self.crew = None;
    }
}

// --- what is drawn ---

impl Explore {
    fn controls(&self, ctx: &Context<Self>) -> Html {
        let link = ctx.link();
        let running = self.crew.is_some();
        let searched = self.search.as_ref().map(Search::runs);
        let choices = SEEDS.iter().map(|&seeds| {
            let onclick = link.callback(move |_: MouseEvent| Message::Seeds(seeds));
            html! {
                <button disabled={running} aria-pressed={(seeds == self.seeds).to_string()} {onclick}>{ count(seeds) }</button>
            }
        });
        let stale = self
            .exploration
            .as_ref()
            .is_some_and(|(_, explored)| explored.scenario != ctx.props().scenario);
        html! {
            <div class="explore-bar">
                <div class="seg" role="group" aria-label="How many seeds">{ for choices }</div>
                <span>{ format!("seeds from {}", ctx.props().lesson.world.seed) }</span>
                if running {
                    <button class="btn" key="cancel" onclick={link.callback(|_: MouseEvent| Message::Cancel)}>{ icons::icon(Icon::Stop) }{ "Cancel" }</button>
                } else {
                    <button class="btn go" key="explore" disabled={ctx.props().simulation.is_none()}
                        onclick={link.callback(|_: MouseEvent| Message::Explore)}>{ "Explore" }</button>
                }
                if let Some(runs) = searched {
                    <span role="status">{ format!("Taking back what is out of order: run {}", runs + 1) }</span>
                } else if let (true, Some((exploration, _))) = (running, &self.exploration) { { progress(exploration) } }
                if stale && !running { <em>{ "The code or the world has changed since." }</em> }
            </div>
        }
    }

    fn results(&self, ctx: &Context<Self>, exploration: &Exploration) -> Html {
        let on_open = &ctx.props().on_open;
        let order = exploration.tally.by_count();
        let most = order.first().map(|number| exploration.tally.get(*number));
        let here = ctx
            .props()
            .seed
            .and_then(|seed| exploration.outcome_of(seed));
        let rows = order
            .iter()
            .take(self.rows)
            .enumerate()
            .map(|(place, &number)| {
                let other = most.filter(|_| place > 0).map(|seen| &*seen.outcome);
                html! {
                    <li key={number} class={classes!((Some(number) == here).then_some("here"))}>
                        { self.row(ctx, exploration, number, other, Some(number) == here) }
                    </li>
                }
            });
        let rest = order.len().saturating_sub(self.rows);
        html! {
            <>
                if let Some((seed, reason)) = &exploration.broken {
                    <div class="verdict2 bad"><span class="i">{ icons::icon(Icon::Flag) }</span><p>
                        <b>{ format!("The simulation broke with {}.", some(exploration.broken_count as usize, "seed")) }</b>
                        { " That is not your program’s fault. " }<span class="text">{ format!("Seed {seed}: {reason}") }</span>
                    </p></div>
                }
                <ol class="outcomes" aria-label="Outcomes, the most frequent first">{ for rows }</ol>
                if rest > 0 {
                    <button class="btn" onclick={ctx.link().callback(|_: MouseEvent| Message::More)}>
                        { format!("Show more: {} left", some(rest, "outcome")) }
                    </button>
                }
                { checks(exploration, on_open, &|seed| self.shortest(ctx, seed)) }
            </>
        }
    }

    fn shortest(&self, ctx: &Context<Self>, seed: u64) -> Html {
        let onclick = ctx
            .link()
            .callback(move |_: MouseEvent| Message::Shorten(seed));
        html! {
            <button class="link" disabled={self.crew.is_some()} {onclick}>{ "Shortest interleaving that fails so" }</button>
        }
    }

    fn row(
        &self,
        ctx: &Context<Self>,
        exploration: &Exploration,
        number: usize,
        other: Option<&Outcome>,
        here: bool,
    ) -> Html {
        let Seen {
            outcome,
            count: seeds,
            first_seed,
        } = exploration.tally.get(number);
        let first_seed = *first_seed;
        let open = ctx.props().on_open.reform(move |_: MouseEvent| first_seed);
        // What fails with every seed tells no two outcomes apart.
        let failing: Vec<(&str, u64)> = exploration.failing(number).collect();
        let bad = !failing.is_empty() || !outcome.is_well();
        let failing = failing.into_iter().map(|(name, times)| {
            let when = match times == *seeds {
                true => String::new(),
                false => format!(" with {} of its seeds", count(times)),
            };
            html! { <p class="fails">{ icons::icon(Icon::Flag) }<span>{ "Fails " }<b>{ name.to_string() }</b>{ when }</span></p> }
        });
        let width = *seeds as f64 * 100.0 / exploration.tally.runs as f64;
        html! {
            <>
                <div class={classes!("share", bad.then_some("bad"))} aria-hidden="true"><i style={drawn("width:#%", &[width])}></i></div>
                <p class="way">
                    <b>{ format!("{} of {}", count(*seeds), count(exploration.tally.runs)) }</b>
                    if outcome.exit_code != 0 { <span class="bad">{ format!("exit code {}", outcome.exit_code) }</span> }
                    <span class="grow"></span>
                    if here { <em>{ "the recording you look at" }</em> }
                    <button class="link" onclick={open}>{ format!("Open seed {first_seed}") }</button>
                </p>
                { printed(&ctx.props().lesson, outcome, other) }
                { for outcome.loads.iter().map(load) }
                { for failing }
                if !outcome.is_well() { <p>{ self.shortest(ctx, first_seed) }</p> }
            </>
        }
    }
}

fn sentence(exploration: Option<&Exploration>) -> Html {
    let (head, text) = match exploration {
        None => (
            "How else could it have come out?".to_string(),
            "Wherever real systems race, the seed decides. Run the program under many seeds, and see every way in which it ends."
                .to_string(),
        ),
        Some(exploration) => said(exploration),
    };
    let live = match exploration.is_some_and(Exploration::is_running) {
        true => "off",
        false => "polite",
    };
    html! { <div class="saying"><p class="say" aria-live={live}><b>{ head }</b>{ " " }<span>{ text }</span></p></div> }
}

fn said(exploration: &Exploration) -> (String, String) {
    let (done, outcomes) = (exploration.done(), exploration.tally.len());
    let ways = some(outcomes, "outcome");
    let head = match &exploration.state {
        State::Running => format!(
            "{} of {} seeds have run.",
            count(done),
            count(exploration.seeds)
        ),
        State::Cancelled => format!("Stopped after {}.", some(done as usize, "seed")),
        State::Failed(sentence) => return (sentence.clone(), String::new()),
        State::Finished if outcomes == 1 => format!("All {} seeds bring the same.", count(done)),
        State::Finished => format!("{} seeds bring {ways}.", count(done)),
    };
    let text = match (&exploration.state, outcomes) {
        (_, 0) => String::new(),
        (State::Finished, 1) => {
            "Whatever the seed decides, nobody who watches the program can tell.".to_string()
        }
        (State::Finished, _) => {
            let order = exploration.tally.by_count();
            let most = exploration.tally.get(order[0]);
            match most.count {
                1 => "No two are the same.".to_string(),
                times => format!("The most frequent is what {} of them bring.", count(times)),
            }
        }
        _ => format!("They brought {ways} so far."),
    };
    (head, text)
}

fn progress(exploration: &Exploration) -> Html {
    let (done, seeds) = (exploration.done(), exploration.seeds);
    let width = done as f64 * 100.0 / seeds as f64;
    html! {
        <div class="progress" role="progressbar" aria-label="Seeds run" aria-valuemin="0" aria-valuemax={seeds.to_string()}
            aria-valuenow={done.to_string()}><i style={drawn("width:#%", &[width])}></i></div>
    }
}

/// Those that fail, each with the smallest seed that does it; or that all hold.
fn checks(
    exploration: &Exploration,
    on_open: &Callback<u64>,
    shortest: &dyn Fn(u64) -> Html,
) -> Html {
    let runs = exploration.tally.runs;
    if exploration.checks.is_empty() {
        return Html::default();
    }
    let failing: Vec<&Check> = exploration
        .checks
        .iter()
        .filter(|check| check.failed > 0)
        .collect();
    if failing.is_empty() {
        return match exploration.state {
            State::Finished => html! {
                <div class="verdict2 good"><span class="i">{ icons::icon(Icon::Done) }</span><p>
                    <b>{ "All checks hold" }</b>{ format!(" with all {} seeds.", count(runs)) }
                </p></div>
            },
            _ => Html::default(),
        };
    }
    let rows = failing.into_iter().map(|check| {
        let first = check.first.as_ref().map(|(seed, text)| {
            let seed = *seed;
            let open = on_open.reform(move |_: MouseEvent| seed);
            html! {
                <><span class="text">{ text }</span>{ " " }<button class="link" onclick={open}>{ format!("Open seed {seed}") }</button>{ " " }{ shortest(seed) }</>
            }
        });
        html! {
            <li class="verdict2 todo"><span class="i">{ icons::icon(Icon::Flag) }</span><p>
                <b>{ format!("{}: fails with {} of {}.", check.name, count(check.failed), count(runs)) }</b>{ " " }
                { first.unwrap_or_default() }
            </p></li>
        }
    });
    html! { <ul class="failing" aria-label="Checks that fail">{ for rows }</ul> }
}

fn load(judgement: &protocol::explore::Judgement) -> Html {
    let thresholds = judgement.thresholds.iter().map(|(text, passed)| {
        let icon = if *passed { Icon::Done } else { Icon::Flag };
        let word = if *passed { "held" } else { "broken" };
        html! { <li class={classes!((!passed).then_some("bad"))}>{ icons::icon(icon) }<code>{ text }</code><span>{ word }</span></li> }
    });
    let none = judgement.thresholds.is_empty();
    html! {
        <div class="load-verdict">
            <b>{ format!("Load {}", judgement.name) }</b>
            if none { <span>{ "has no thresholds" }</span> }
            <ul>{ for thresholds }</ul>
        </div>
    }
}

/// What an outcome prints, around the first line in which it differs from another.
pub fn printed(lesson: &Lesson, outcome: &Outcome, other: Option<&Outcome>) -> Html {
    let excerpt = explore::excerpt(outcome, other, LINES_MAX);
    if excerpt.lines.is_empty() {
        return match outcome.loads.is_empty() {
            true => html! { <p class="nothing">{ "Prints nothing." }</p> },
            false => Html::default(),
        };
    }
    let world = &lesson.world;
    let several = world.processes.len() > 1;
    let mut whose = None;
    let lines = excerpt.lines.iter().map(|line| {
        let changes = whose.replace(line.process) != Some(line.process);
        let name = (several && changes).then(|| {
            let process = world.processes.get((line.process as usize).wrapping_sub(1));
            let name = process.map_or("a child process", |process| process.host.as_str());
            html! { <span class="whose">{ name.to_string() }</span> }
        });
        let class = classes!("line", line.is_error.then_some("err"), line.differs.then_some("differs"));
        html! {
            <>
                { name.unwrap_or_default() }
                if line.differs { <span class={class}><mark>{ &line.text }</mark>{ " " }<small>{ "differs here" }</small></span> }
                else { <span class={class}>{ &line.text }</span> }
            </>
        }
    });
    let skipped = |lines: usize| {
        (lines > 0).then(
            || html! { <span class="skipped">{ format!("… {}", some(lines, "line")) }</span> },
        )
    };
    html! {
        <div class="printed">
            { skipped(excerpt.above).unwrap_or_default() }
            { for lines }
            { skipped(excerpt.below).unwrap_or_default() }
            if excerpt.is_cut { <span class="skipped">{ "… and more, which is compared but not kept" }</span> }
        </div>
    }
}
