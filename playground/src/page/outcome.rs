//! How a run ended, in one place and in words: a limit, an error, a broken simulation, a failed check, a pass.

use protocol::EventId;
use recording::{time, words::some};
use yew::prelude::*;

use super::icons::{self, Icon};
use crate::state::{
    grading::{Grading, Verdict},
    run::{Ending, Run, Status, Trouble, TroubleKind},
};

/// What it is told from.
pub struct Ended<'a> {
    pub run: &'a Run,
    pub grading: Option<&'a Grading>,
    /// The reader has changed the code. Before that, a check that fails is no news.
    pub edited: bool,
    pub on_go: Callback<EventId>,
    pub on_seed: Callback<u64>,
    pub on_run: Callback<()>,
}

pub fn outcome(ended: &Ended) -> Html {
    html! { <div class="outcome" aria-live="polite">{ content(ended) }</div> }
}

fn content(ended: &Ended) -> Html {
    let run = ended.run;
    match &run.status {
        Status::Never => Html::default(),
        Status::Running => html! {
            <p class="running">
                <b>{ time::point(run.now_ns) }</b>
                <span>{ some(run.events as usize, "event") }</span>
            </p>
        },
        Status::Ended(Ending::Trapped { report }) => trap(
            "The simulation broke, not your program",
            "Your code is saved, and everything until then can be looked at.",
            report,
            &ended.on_run,
        ),
        Status::Ended(Ending::Refused { reason }) => trap(
            "The program could not be started",
            "Your code is saved.",
            reason,
            &ended.on_run,
        ),
        Status::Ended(Ending::Silent) => failure(
            "Stopped: the program gave no sign of life any more.",
            "It was ended from outside. What ran until then is kept.",
            Html::default(),
        ),
        Status::Ended(Ending::Stopped) => html! {
            <div class="verdict2"><span class="i"></span><p><b>{ "Stopped." }</b>{ " What ran until then can be looked at." }</p></div>
        },
        // One failure at a time: a program that did not end by itself need not be told that its checks fail, too.
        Status::Ended(Ending::Exited { .. }) => match (&run.trouble, ended.grading) {
            (Some(trouble), _) => troubled(trouble, &ended.on_go),
            (None, Some(grading)) => graded(grading, run, ended),
            (None, None) => Html::default(),
        },
    }
}

fn troubled(trouble: &Trouble, on_go: &Callback<EventId>) -> Html {
    let place = trouble.place.as_ref().map(|place| place.text());
    let head = match (trouble.kind, &place) {
        (TroubleKind::Limit(_), Some(place)) => format!("Stopped at {place}."),
        (TroubleKind::Limit(_), None) => "Stopped by a limit.".to_string(),
        (TroubleKind::Uncaught, Some(place)) => format!("An error that nobody caught, at {place}."),
        (TroubleKind::Uncaught, None) => "An error that nobody caught.".to_string(),
    };
    let event = trouble.event;
    let look = html! {
        <button class="link" onclick={on_go.reform(move |_: MouseEvent| event)}>
            { format!("Look at {}", time::point(trouble.time_ns)) }
        </button>
    };
    failure(&head, &trouble.text, look)
}

fn failure(head: &str, text: &str, look: Html) -> Html {
    html! {
        <div class="verdict2 bad" role="alert">
            { icons::icon(Icon::Flag) }
            <p><b>{ head }</b>{ " " }<span class="text">{ text }</span>{ " " }{ look }</p>
        </div>
    }
}

fn trap(head: &str, text: &str, report: &str, on_run: &Callback<()>) -> Html {
    html! {
        <div class="trap" role="alert">
            <h3>{ head }</h3>
            <p>{ text }</p>
            <pre>{ report }</pre>
            <p class="acts"><button class="btn" onclick={on_run.reform(|_: MouseEvent| ())}>{ "Start again" }</button></p>
        </div>
    }
}

fn graded(grading: &Grading, run: &Run, ended: &Ended) -> Html {
    match &grading.verdict {
        None if grading.checks == 0 => Html::default(),
        None => html! {
            <div class="verdict2 quiet"><span class="i"></span><p>
                { format!("Trying other seeds: {} of {} hold so far.", grading.held, grading.seeds()) }
            </p></div>
        },
        Some(Verdict::Passed) => html! {
            <div class="verdict2 good"><span class="i">{ icons::icon(Icon::Done) }</span><p>
                <b>{ "Solved." }</b>
                { format!(" {} with {}.", held(grading.checks), some(grading.seeds(), "seed")) }
            </p></div>
        },
        Some(Verdict::Broken(reason)) => html! {
            <div class="verdict2"><span class="i"></span><p>
                <b>{ "This lesson’s checks are broken, which is not your fault." }</b>{ format!(" {reason}") }
            </p></div>
        },
        Some(Verdict::Failed(_)) if !ended.edited => Html::default(),
        Some(Verdict::Failed(failed)) => {
            let look = if failed.seed == run.seed {
                failed.at.map(|event| html! {
                    <button class="link" onclick={ended.on_go.reform(move |_: MouseEvent| event)}>{ "Look at it" }</button>
                })
            } else {
                let seed = failed.seed;
                Some(html! {
                    <button class="link" onclick={ended.on_seed.reform(move |_: MouseEvent| seed)}>
                        { format!("Run it with seed {seed}") }
                    </button>
                })
            };
            let seed = (failed.seed != run.seed).then(|| format!("With seed {}: ", failed.seed));
            html! {
                <div class="verdict2 todo"><span class="i">{ icons::icon(Icon::Flag) }</span><p>
                    <b>{ format!("Not yet: {}.", failed.check) }</b>{ " " }
                    <span class="text">{ seed.unwrap_or_default() }{ &failed.text }</span>{ " " }{ look.unwrap_or_default() }
                </p></div>
            }
        }
    }
}

fn held(checks: usize) -> String {
    match checks {
        1 => "The check holds".to_string(),
        _ => format!("All {checks} checks hold"),
    }
}
