//! Texts and numbers as they stand in a page.

use daftar_projections::report::figure::Figure;
use daftar_projections::report::periods::Language;

/// A text that cannot be taken for markup, within an element or an attribute.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // What XML has no character for; ids and reasons have none.
            c if c.is_control() && !matches!(c, '\t' | '\n' | '\r') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// A number as its reader writes it, its thousands set apart.
pub(super) fn number(text: &str, language: Language) -> String {
    let grouped = crate::table::grouped(text);
    if language == Language::Persian { in_persian(&grouped) } else { grouped }
}

/// Digits and marks of numbers as Persian has them.
pub(super) fn in_persian(text: &str) -> String {
    let persian = |c: char| match c {
        ',' => '٬',
        '.' => '٫',
        '%' => '٪',
        digit => digit.to_digit(10).and_then(|value| char::from_u32('۰' as u32 + value)).unwrap_or(digit),
    };
    text.chars().map(persian).collect()
}

/// A cell of a table: its value as JSON has it in `data-value`, and as its reader reads it.
pub(super) fn cell(path: &str, figure: Option<&Figure>, language: Language) -> String {
    let Some(figure) = figure else { return "<td></td>".to_owned() };
    let path = escaped(path);
    match figure {
        Figure::Count(_) | Figure::Number(_) => {
            let value = figure.number().map(|value| value.to_string()).unwrap_or_default();
            let shown = number(&value, language);
            format!("<td class=\"number\" data-path=\"{path}\" data-value=\"{value}\">{shown}</td>")
        }
        Figure::Null => format!("<td class=\"number\" data-path=\"{path}\" data-value=\"null\">–</td>"),
        Figure::Truth(_) | Figure::Text(_) | Figure::Object(_) | Figure::List(_) => {
            let text = crate::table::text_of(figure);
            format!("<td class=\"words\" data-path=\"{path}\">{}</td>", escaped(&text))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use daftar_projections::exact::Decimal;

    #[test]
    fn no_text_is_markup() {
        let text = "<script>alert(\"x\")</script> & 'y'\u{0}";
        let safe = "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &#39;y&#39;\u{fffd}";
        assert_eq!(escaped(text), safe);
    }

    #[test]
    fn numbers_are_written_as_their_reader_writes_them() {
        assert_eq!(number("1234567.25", Language::English), "1,234,567.25");
        assert_eq!(number("-1234.5", Language::Persian), "-۱٬۲۳۴٫۵");
        let figure = Figure::Number(Decimal::from_micros(1_234_500_000));
        let shown = "<td class=\"number\" data-path=\"csat.percent\" data-value=\"1234.5\">۱٬۲۳۴٫۵</td>";
        assert_eq!(cell("csat.percent", Some(&figure), Language::Persian), shown);
        assert_eq!(cell("p", None, Language::English), "<td></td>");
    }
}
