//! A table with sentences under each of its rows, as wide as the screen.

use crate::screen::Screen;
use comfy_table::Table;

/// How far sentences stand in.
const INDENT: &str = "      ";

/// The table, whose rows are a line each, with the sentences of each row under it.
pub(crate) fn of(table: &Table, sentences: &[Vec<String>], screen: Screen) -> String {
    let width = screen.width.map(|width| usize::from(width).saturating_sub(INDENT.len() + 1));
    let drawn = table.to_string();
    let rows_from = drawn.lines().count().saturating_sub(sentences.len());
    let mut lines = Vec::new();
    for (n, line) in drawn.lines().enumerate() {
        lines.push(line.to_owned());
        let under = n.checked_sub(rows_from).and_then(|row| sentences.get(row)).into_iter().flatten();
        lines.extend(under.flat_map(|sentence| wrapped(sentence, width)).map(|line| format!("{INDENT}{line}")));
    }
    lines.join("\n")
}

/// A sentence in lines of at most so many characters, a longer word alone in its line; none: in one.
fn wrapped(sentence: &str, width: Option<usize>) -> Vec<String> {
    let Some(width) = width else { return vec![sentence.to_owned()] };
    let (mut lines, mut line) = (Vec::new(), String::new());
    for word in sentence.split(' ') {
        let long = line.chars().count() + 1 + word.chars().count();
        if !line.is_empty() && width < long {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::empty_table;

    #[test]
    fn sentences_stand_under_their_row_and_end_where_the_screen_does() {
        let mut table = empty_table();
        table.set_header(["ticket"]);
        table.add_row(["A"]).add_row(["B"]);
        let sentences = [vec!["one two three".to_owned()], vec![]];
        let lines = |width| {
            let text = of(&table, &sentences, Screen { width, colours: false });
            text.lines().skip(2).map(|line| line.trim_end().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(lines(None), ["  A", "      one two three", "  B"]);
        assert_eq!(lines(Some(14)), ["  A", "      one two", "      three", "  B"]);
    }

    #[test]
    fn lines_are_filled_and_never_longer_but_for_a_word() {
        assert_eq!(wrapped("aa bb cc", Some(5)), ["aa bb", "cc"]);
        assert_eq!(wrapped("aa bb cc", Some(4)), ["aa", "bb", "cc"]);
        assert_eq!(wrapped("abcdefgh ij", Some(4)), ["abcdefgh", "ij"]);
        assert_eq!(wrapped("سلام بر شما", Some(7)), ["سلام بر", "شما"]);
    }
}
