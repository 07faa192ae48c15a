//! Which page an address means: the part behind `#`, so that any static server will do.

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// `#/`, and whatever names no lesson.
    Contents,
    /// `#/chapter/lesson`.
    Lesson(String),
}

impl Route {
    pub fn of_hash(hash: &str) -> Self {
        let path = hash.trim_start_matches('#').trim_matches('/');
        let parts: Vec<&str> = path.split('/').collect();
        match parts.as_slice() {
            [chapter, lesson] if plain(chapter) && plain(lesson) => Self::Lesson(path.to_string()),
            _ => Self::Contents,
        }
    }

    pub fn hash(&self) -> String {
        match self {
            Self::Contents => "#/".to_string(),
            Self::Lesson(id) => format!("#/{id}"),
        }
    }
}

/// A folder's name. The id becomes part of an address to fetch, so nothing else may be in it.
fn plain(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_written() {
        let lesson = Route::Lesson("01-event-loop/01-what-runs-first".into());
        assert_eq!(Route::of_hash("#/01-event-loop/01-what-runs-first"), lesson);
        assert_eq!(
            Route::of_hash("#/01-event-loop/01-what-runs-first/"),
            lesson
        );
        assert_eq!(Route::of_hash(&lesson.hash()), lesson);
    }

    #[test]
    fn whatever_names_no_lesson_is_the_contents() {
        for hash in [
            "",
            "#",
            "#/",
            "#/chapter",
            "#/../../etc",
            "#/a/b/c",
            "#/a/b%2f",
            "#//",
            "#/a?x/b",
        ] {
            assert_eq!(Route::of_hash(hash), Route::Contents, "{hash}");
        }
    }
}
