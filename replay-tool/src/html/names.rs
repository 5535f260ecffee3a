//! What figures, their parts and dimensions are called in a page.

use super::markup::in_persian;
use crate::table::unit;
use daftar_projections::report::periods::Language;
use daftar_projections::report::query::ReportName;

/// Names in a language.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names(pub(super) Language);

/// Names of figures, parts and dimensions in Persian; in English they are their own, with spaces.
const PERSIAN: [(&str, &str); 122] = [
    ("ages", "سن تیکت‌های باز"),
    ("agent", "کارشناس"),
    ("agent_work", "کار کارشناس"),
    ("all", "همه"),
    ("answer", "پاسخ نظرسنجی"),
    ("answer_rate", "نرخ پاسخ‌گویی"),
    ("answered", "پاسخ‌داده"),
    ("answers", "پاسخ‌ها"),
    ("as_of", "آنچه دانسته بود تا"),
    ("at", "سنجیده تا"),
    ("automation", "خودکار"),
    ("backlog", "باز مانده"),
    ("between", "میان واحدها"),
    ("binary", "دوگانه"),
    ("branch", "شعبه"),
    ("breached", "از هدف گذشته"),
    ("ces", "آسانی کار مشتری (CES)"),
    ("channel", "کانال"),
    ("choices", "گزینه‌ها"),
    ("closed", "بسته‌شده"),
    ("closed_by", "بسته‌شده به دست"),
    ("closed_tickets", "تیکت‌های بسته‌شده"),
    ("closing_reason", "دلیل بستن"),
    ("count", "تعداد"),
    ("csat", "رضایت مشتری (CSAT)"),
    ("customer", "مشتری"),
    ("customer_tier", "سطح مشتری"),
    ("customer_wait", "انتظار برای مشتری"),
    ("definition", "تعریف"),
    ("department", "واحد"),
    ("detractors", "ناخشنودان"),
    ("distribution", "پراکندگی"),
    ("due_at", "مهلت"),
    ("first_resolution", "نخستین حل"),
    ("first_response", "نخستین پاسخ"),
    ("five", "پنج‌درجه‌ای"),
    ("followed_up", "پیگیری‌شده"),
    ("form", "فرم"),
    ("four", "چهاردرجه‌ای"),
    ("from", "از"),
    ("full_resolution", "حل کامل"),
    ("goals", "هدف‌ها"),
    ("good_percent", "درصد خوب"),
    ("happened_by", "رخ‌داده تا"),
    ("held", "معلق"),
    ("high95", "کران بالای ۹۵٪"),
    ("language", "زبان"),
    ("left", "مانده"),
    ("low95", "کران پایین ۹۵٪"),
    ("max", "بیشینه"),
    ("mean", "میانگین"),
    ("mean_score", "میانگین امتیاز"),
    ("met", "به هدف رسیده"),
    ("min", "کمینه"),
    ("next_response", "پاسخ بعدی"),
    ("nps", "شاخص خالص مروجان (NPS)"),
    ("of", "از میان"),
    ("offered", "نظرسنجی پیشنهادشده"),
    ("on_hold", "زمان تعلیق"),
    ("on_hold_customer", "زمان تعلیق برای مشتری"),
    ("on_hold_third_party", "زمان تعلیق برای شخص ثالث"),
    ("one_touch_rate", "نرخ حل با یک پاسخ"),
    ("open", "باز"),
    ("open_time", "زمان باز بودن"),
    ("opened", "بازشده"),
    ("over_30d", "بیش از ۳۰ روز"),
    ("p50", "میانه"),
    ("p75", "صدک ۷۵"),
    ("p90", "صدک ۹۰"),
    ("p95", "صدک ۹۵"),
    ("p99", "صدک ۹۹"),
    ("partial", "بخشی"),
    ("passives", "بی‌طرفان"),
    ("percent", "درصد"),
    ("period", "دوره"),
    ("position", "جایگاه"),
    ("positive", "مثبت"),
    ("priority", "اولویت"),
    ("priority_changed", "تغییر اولویت"),
    ("promoters", "مروجان"),
    ("public_replies", "پاسخ‌های عمومی"),
    ("questions", "پرسش‌ها"),
    ("rank", "رتبه"),
    ("rated", "امتیازگرفته"),
    ("reached", "رسیده"),
    ("reasons", "دلیل‌ها"),
    ("recovered", "بازیافته"),
    ("reopen_rate", "نرخ بازگشایی"),
    ("reopened_tickets", "تیکت‌های بازگشوده"),
    ("reopenings", "بازگشایی‌ها"),
    ("replies", "پاسخ‌ها"),
    ("replies_per_closed", "پاسخ در هر تیکت بسته"),
    ("reply_rating", "امتیاز پاسخ‌ها"),
    ("requester_wait", "انتظار درخواست‌کننده"),
    ("response_rate", "نرخ پاسخ به نظرسنجی"),
    ("running", "در جریان"),
    ("running_tickets", "تیکت‌های در جریان"),
    ("satisfied", "راضی"),
    ("score", "امتیاز"),
    ("share", "سهم"),
    ("since", "از زمان"),
    ("stay", "ماندن در واحد"),
    ("sum", "جمع"),
    ("tag", "برچسب"),
    ("targets_met", "هدف‌های رسیده"),
    ("ticket", "تیکت"),
    ("time_to_follow_up", "زمان تا پیگیری"),
    ("time_zone", "منطقهٔ زمانی"),
    ("to", "تا"),
    ("transferred_tickets", "تیکت‌های جابه‌جاشده"),
    ("transfers", "جابه‌جایی‌ها"),
    ("unanswered", "بی‌پاسخ"),
    ("unassigned", "بی‌کارشناس"),
    ("under_1d", "کمتر از ۱ روز"),
    ("1d_3d", "۱ تا ۳ روز"),
    ("3d_7d", "۳ تا ۷ روز"),
    ("7d_30d", "۷ تا ۳۰ روز"),
    ("value", "مقدار"),
    ("at_least", "دست‌کم"),
    ("at_most", "دست‌بالا"),
    ("within", "در زمان هدف"),
    ("counts", "شمارش‌ها"),
];

impl Names {
    /// Of a report.
    pub(super) fn report(self, report: ReportName) -> String {
        let (english, persian) = match report {
            ReportName::Overview => ("Overview", "نمای کلی"),
            ReportName::Satisfaction => ("Satisfaction", "رضایت مشتریان"),
            ReportName::ResponseTimes => ("Response times", "زمان‌های پاسخ"),
            ReportName::ResolutionTimes => ("Resolution times", "زمان‌های حل"),
            ReportName::Flow => ("Flow", "جریان کار"),
            ReportName::Leaderboard => ("Leaderboard", "جدول کارشناسان"),
            ReportName::Targets => ("Targets", "هدف‌ها"),
            ReportName::Volume => ("Volume", "حجم کار در هفته"),
            ReportName::Backlog => ("Backlog", "کارهای باز مانده"),
            ReportName::Cases => ("Cases", "مشتریان ناراضی"),
            ReportName::ReviewQueue => ("Review queue", "صف بازبینی"),
        };
        self.words(english, persian)
    }

    /// Of one name of a path; an id of the caller's own stays as it is.
    pub(super) fn part(self, name: &str) -> String {
        match (PERSIAN.iter().find(|(known, _)| *known == name), self.0) {
            (Some((_, persian)), Language::Persian) => (*persian).to_owned(),
            (Some((known, _)), Language::English) => known.replace('_', " "),
            (None, _) => name.to_owned(),
        }
    }

    /// Of a path; a place in a list is counted from 1.
    pub(super) fn path(self, path: &str) -> String {
        let parts = path.split('.').map(|part| match part.parse::<usize>() {
            Ok(place) => self.digits(&(place + 1).to_string()),
            Err(_) => self.part(part),
        });
        parts.collect::<Vec<_>>().join(&self.words(", ", "، "))
    }

    /// A name with the unit of the figure at a path.
    pub(super) fn in_unit(self, name: &str, path: &str) -> String {
        match unit::of(path) {
            Some("s") => format!("{name} ({})", self.words("s", "ثانیه")),
            Some(unit) => format!("{name} ({})", self.words(unit, "٪")),
            None => name.to_owned(),
        }
    }

    /// The title of figures that are counts and words.
    pub(super) fn counts(self) -> String {
        self.part("counts")
    }

    /// A label of a period that the report covers a part of.
    pub(super) fn partial(self, label: &str) -> String {
        self.words(&format!("{label} (part)"), &format!("{label} (بخشی)"))
    }

    pub(super) fn no_rows(self) -> String {
        self.words("No rows.", "ردیفی نیست.")
    }

    pub(super) fn seconds(self) -> String {
        self.words("Durations are in seconds (s).", "زمان‌ها به ثانیه‌اند.")
    }

    fn digits(self, text: &str) -> String {
        if self.0 == Language::Persian { in_persian(text) } else { text.to_owned() }
    }

    fn words(self, english: &str, persian: &str) -> String {
        if self.0 == Language::Persian { persian } else { english }.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_figure_of_every_report_has_a_persian_name() {
        let persian = Names(Language::Persian);
        for figure in ReportName::ALL.iter().flat_map(|report| report.figures()).filter(|figure| **figure != "cells") {
            assert_ne!(&persian.part(figure), figure, "{figure} has none");
        }
        let names: HashSet<_> = PERSIAN.iter().map(|(name, _)| name).collect();
        assert_eq!(names.len(), PERSIAN.len(), "each once");
    }

    #[test]
    fn a_path_is_told_with_its_unit() {
        let (english, persian) = (Names(Language::English), Names(Language::Persian));
        assert_eq!(english.path("first_response.p90"), "first response, p90");
        assert_eq!(persian.path("first_response.p90"), "نخستین پاسخ، صدک ۹۰");
        assert_eq!(english.path("questions.agent_behaviour.mean"), "questions, agent_behaviour, mean");
        assert_eq!(persian.path("stay.0.mean"), "ماندن در واحد، ۱، میانگین");
        assert_eq!(english.in_unit("p90", "first_response.p90"), "p90 (s)");
        assert_eq!(persian.in_unit("درصد", "csat.percent"), "درصد (٪)");
    }
}
