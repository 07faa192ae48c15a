//! A small lesson for the tests of the reducers.

use protocol::{
    Limits,
    lesson::{Lesson, LessonFile, Predict, ProcessTemplate, WorldTemplate},
    scenario::NetworkSpec,
};

pub fn lesson() -> Lesson {
    let file = |path: &str, text: &str, read_only| LessonFile {
        path: path.into(),
        text: text.into(),
        read_only,
    };
    Lesson {
        id: "01-chapter/01-lesson".into(),
        title: "A lesson".into(),
        summary: "For tests".into(),
        minutes: 1,
        covers: Vec::new(),
        body: Vec::new(),
        start: vec![
            file("main.js", "console.log('start')\n", false),
            file("package.json", "{}\n", true),
        ],
        solution: vec![file("main.js", "console.log('solved')\n", false)],
        hints: vec![Vec::new(), Vec::new()],
        predict: Some(Predict {
            question: "What comes first?".into(),
            lines: vec!["start".into(), "end".into()],
            host: None,
        }),
        world: WorldTemplate {
            seed: 7,
            epoch_ms: 0,
            limits: Limits::PAGE,
            network: NetworkSpec::default(),
            processes: vec![ProcessTemplate {
                host: "api-1".into(),
                entry: "main.js".into(),
                args: Vec::new(),
                env: Vec::new(),
                tick_ns: 50,
            }],
        },
        checks: String::new(),
        check_seeds: 3,
        requests: Vec::new(),
    }
}
