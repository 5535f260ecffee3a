//! The story in Persian: Persian digits, and ids between isolates, so that Latin ones do not turn the line around.

use super::deed::{Deed, Field, Given, Moved, Who};
use super::segments::Why;
use super::words::{Closed, Moment, Name, Nth, Parts, Verdict, Words, seconds};
use crate::definition::document::{Unit, Within};
use crate::report::periods::in_persian_digits;
use crate::ticket_facts::{Doing, Micros};

/// Persian.
pub(super) struct Persian;

impl Words for Persian {
    fn moment(&self, moment: &Moment<'_>) -> String {
        let date = moment.date.as_ref().map(|(weekday, date)| format!("{weekday} {date} ")).unwrap_or_default();
        let zone = moment.zone.map(|zone| format!(" ({})", id(zone))).unwrap_or_default();
        format!("{date}ساعت {}{zone}", in_persian_digits(moment.time))
    }

    fn joined(&self, clauses: &[String]) -> String {
        clauses.join("، ")
    }

    fn concluded(&self, clauses: &str, conclusion: &str) -> String {
        format!("{clauses}: {conclusion}")
    }

    fn listed(&self, sentences: &[String]) -> String {
        sentences.join("؛ ")
    }

    fn happened(&self, what: &str, when: &str) -> String {
        format!("{when} {what}")
    }

    fn deed(&self, deed: &Deed) -> String {
        match deed {
            Deed::Opened { by: Who::Customer } => "باز شد".to_owned(),
            Deed::Opened { by } => format!("به دست {} باز شد", who(by)),
            Deed::Assigned { agent: Some(agent) } => format!("به {} سپرده شد", id(agent)),
            Deed::Assigned { agent: None } => "از دوش همه برداشته شد".to_owned(),
            Deed::Transferred { branch, department } => format!("{} منتقل شد", places(branch, department)),
            Deed::PriorityChanged { from, to } => {
                format!("اولویت از {} به {} تغییر کرد", priority(*from), priority(*to))
            }
            Deed::TagsChanged { added, removed } => tags(added, removed),
            Deed::Replied { by: Who::Customer, public: true } => "پیام عمومی مشتری".to_owned(),
            Deed::Replied { by, public: true } => format!("پاسخ عمومی از {}", who(by)),
            Deed::Replied { by, public: false } => format!("یادداشت داخلی از {}", who(by)),
            Deed::Rated { reply, given } => format!("به پاسخ شمارهٔ {} امتیاز {} داده شد", number(reply), value(given)),
            Deed::Held { third_party: true } => "در انتظار شخص ثالث معلق شد".to_owned(),
            Deed::Held { third_party: false } => "در انتظار مشتری معلق شد".to_owned(),
            Deed::Resumed => "از سر گرفته شد".to_owned(),
            Deed::Closed { by, reason, .. } => format!("به دست {}{} بسته شد", who(by), reason_of(reason.as_deref())),
            Deed::Answered { closing, given } if given.is_empty() => {
                format!("به {} پاسخی داده شد که شمرده نمی‌شود", self.survey_of(*closing))
            }
            Deed::Answered { closing, given } => {
                let given: Vec<_> = given.iter().map(|(field, given)| self.answer(field, given)).collect();
                format!("به {} پاسخ داده شد ({})", self.survey_of(*closing), given.join("، "))
            }
            Deed::Reopened { by } => format!("به دست {} دوباره باز شد", who(by)),
            Deed::Voided { reason } => format!("با دلیل {} باطل شد", id(reason)),
            Deed::Restored => "بازگردانده شد".to_owned(),
            Deed::FollowedUp { by, means } => format!("{} {} پیگیری کرد", who(by), by_means(*means)),
        }
    }

    fn reply(&self, nth: Nth, by: &Who) -> String {
        match nth {
            Nth::First => format!("نخستین پاسخ عمومی از {}", who(by)),
            Nth::Next => format!("پاسخ عمومی بعدی از {}", who(by)),
        }
    }

    fn unanswered(&self, nth: Nth, until: &str) -> String {
        match nth {
            Nth::First => format!("تا {until} بدون نخستین پاسخ عمومی"),
            Nth::Next => format!("تا {until} بدون پاسخ عمومی بعدی"),
        }
    }

    fn not_closed(&self, until: &str) -> String {
        format!("تا {until} بسته نشد")
    }

    fn office(&self, closed: &Closed) -> String {
        match closed {
            Closed::Until(to) => format!("{to} دفتر باز می‌شود"),
            Closed::Since(from) => format!("{from} دفتر بسته می‌شود"),
            Closed::Between(from, to) => format!("{from} دفتر بسته و {to} باز می‌شود"),
            Closed::Throughout(from, to) => format!("دفتر از {from} تا {to} بسته است"),
        }
    }

    fn office_days(&self, days: usize) -> String {
        format!("در {} روز کاری", number(&days))
    }

    fn not_counted(&self, why: Why, from: &str, to: &str) -> String {
        let what = match why {
            Why::Runs => "در جریان".to_owned(),
            Why::OutsideHours => "بیرون از ساعت کاری".to_owned(),
            Why::Doing(doing) => self.state(doing),
        };
        format!("از {from} تا {to} {what} (شمرده نشد)")
    }

    fn other_hours(&self, department: Option<&str>, from: &str) -> String {
        match department {
            Some(department) => format!("از {from} با ساعت کاری {}", id(department)),
            None => format!("از {from} با ساعت کاری دیگر"),
        }
    }

    fn more(&self, clauses: usize) -> String {
        format!("و {} مورد دیگر", number(&clauses))
    }

    fn counted(&self, total: &str, parts: &[String]) -> String {
        if parts.is_empty() {
            format!("{total} شمرده شد")
        } else {
            format!("{total} شمرده شد ({})", parts.join(" + "))
        }
    }

    fn duration(&self, micros: Micros, days: bool) -> String {
        let parts = Parts::of(micros, days);
        let whole = [(parts.days, "روز"), (parts.hours, "ساعت"), (parts.minutes, "دقیقه")];
        let mut words: Vec<_> =
            whole.into_iter().filter(|(n, _)| *n != 0).map(|(n, unit)| format!("{} {unit}", number(&n))).collect();
        if parts.rest != 0 {
            words.push(format!("{} ثانیه", decimal(&seconds(parts.rest))));
        }
        if words.is_empty() { "۰ دقیقه".to_owned() } else { words.join(" و ") }
    }

    fn before_any_start(&self) -> String {
        "پیش از آغاز شمارش".to_owned()
    }

    fn target(&self, within: Within, verdict: &Verdict) -> String {
        let target = length(within);
        match verdict {
            Verdict::Met(left) => format!("هدف {target} رعایت شد، {} مانده", self.duration(*left, false)),
            Verdict::Breached(over) => format!("هدف {target} رعایت نشد، {} بیش از آن", self.duration(*over, false)),
            Verdict::Judged(Some(true)) => format!("هدف {target} رعایت شد"),
            Verdict::Judged(Some(false)) => format!("هدف {target} رعایت نشد"),
            Verdict::Judged(None) => format!("هدف {target}"),
            Verdict::Running(left) => format!("هدف {target}، {} مانده", self.duration(*left, false)),
        }
    }

    fn name(&self, name: Name) -> String {
        let name = match name {
            Name::FirstResponse => "نخستین پاسخ",
            Name::NextResponse => "پاسخ بعدی",
            Name::FirstResolution => "نخستین حل",
            Name::FullResolution => "حل کامل",
            Name::OpenTime => "زمان باز بودن",
            Name::RequesterWait => "انتظار درخواست‌کننده",
            Name::CustomerWait => "انتظار برای مشتری",
            Name::AgentWork => "کار کارشناس",
            Name::OnHold => "زمان تعلیق",
            Name::OnHoldCustomer => "زمان تعلیق برای مشتری",
            Name::OnHoldThirdParty => "زمان تعلیق برای شخص ثالث",
            Name::Stay => "ماندن در واحد",
        };
        name.to_owned()
    }

    fn named(&self, name: Name, value: &str) -> String {
        format!("{}: {value}", self.name(name))
    }

    fn answer(&self, field: &Field, given: &Given) -> String {
        match field {
            Field::Overall => value(given),
            Field::Nps => format!("{} {}", id("NPS"), value(given)),
            Field::Ces => format!("{} {}", id("CES"), value(given)),
            Field::Question(question) | Field::Choice(question) => format!("{} {}", id(question), value(given)),
        }
    }

    fn survey_of(&self, closing: u32) -> String {
        format!("نظرسنجی بستن شمارهٔ {}", number(&closing))
    }

    fn in_place_of(&self, given: &str, when: &str) -> String {
        format!("به جای {given} که {when} داده شده بود")
    }

    fn replaced_by(&self, given: &str, when: &str) -> String {
        format!("{when} {given} جای آن را گرفت")
    }

    fn not_taken(&self) -> String {
        "پذیرفته نشد: پیش‌تر پاسخ داده شده و تیکت پس از آن دوباره باز شده بود".to_owned()
    }

    fn no_rating_counts(&self) -> String {
        "در هیچ رقمی شمرده نمی‌شود: پاسخ عمومی یک کارشناس نیست".to_owned()
    }

    fn never_answered(&self) -> String {
        "نظرسنجی پیشنهاد شد و پاسخی نیامد".to_owned()
    }

    fn survey_not_offered(&self) -> String {
        "نظرسنجی پیشنهاد نشد".to_owned()
    }

    fn first_answered(&self, when: &str) -> String {
        format!("{when} برای نخستین بار به نظرسنجی پاسخ داده شد")
    }

    fn taken_back(&self, when: &str) -> String {
        format!("با باز شدن دوباره در {when} پس گرفته شد")
    }

    fn undoes(&self, name: Name) -> String {
        format!("{} بستن پیشین را پس می‌گیرد", self.name(name))
    }

    fn never_reopened(&self) -> String {
        "از آن پس دوباره باز نشد".to_owned()
    }

    fn public_replies(&self, replies: usize) -> String {
        format!("{} پاسخ عمومی کارشناسان", number(&replies))
    }

    fn state(&self, doing: Doing) -> String {
        let state = match doing {
            Doing::WaitingForAgent => "در انتظار کارشناس",
            Doing::WaitingForCustomer => "در انتظار مشتری",
            Doing::HeldForCustomer => "معلق برای مشتری",
            Doing::HeldForThirdParty => "معلق برای شخص ثالث",
            Doing::Closed => "بسته",
        };
        state.to_owned()
    }

    fn since(&self, state: &str, when: &str) -> String {
        format!("از {when} {state}")
    }

    fn own_name(&self, name: &str) -> String {
        id(name)
    }

    fn assigned_to(&self, agent: Option<&str>) -> String {
        agent.map_or_else(|| "به کسی سپرده نشده".to_owned(), |agent| format!("سپرده به {}", id(agent)))
    }

    fn still_a_case(&self) -> String {
        "هنوز کسی پیگیری نکرده است".to_owned()
    }

    fn out_of_figures(&self) -> String {
        "تا بازگرداندن در هیچ رقمی شمرده نمی‌شود".to_owned()
    }
}

/// An id between isolates (U+2068, U+2069): whatever its direction, the line keeps its own.
fn id(text: &str) -> String {
    format!("\u{2068}{text}\u{2069}")
}

fn number(number: &impl ToString) -> String {
    in_persian_digits(&number.to_string())
}

/// With the Persian decimal sign.
fn decimal(text: &str) -> String {
    in_persian_digits(text).replace('.', "٫")
}

fn who(who: &Who) -> String {
    match who {
        Who::Agent(agent) => id(agent),
        Who::Customer => "مشتری".to_owned(),
        Who::Automation(None) => "یک سامانهٔ خودکار".to_owned(),
        Who::Automation(Some(automation)) => format!("سامانهٔ خودکار {}", id(automation)),
    }
}

fn places(branch: &Option<Moved>, department: &Option<Moved>) -> String {
    let place = |moved: &Moved, what: &str| {
        let end = |value: &Option<String>| value.as_deref().map_or_else(|| format!("بدون {what}"), id);
        format!("از {} به {}", end(&moved.from), end(&moved.to))
    };
    let branch = branch.as_ref().map(|moved| place(moved, "شعبه"));
    let department = department.as_ref().map(|moved| place(moved, "واحد"));
    branch.into_iter().chain(department).collect::<Vec<_>>().join(" و ")
}

fn tags(added: &[String], removed: &[String]) -> String {
    let ids = |tags: &[String]| tags.iter().map(|tag| id(tag)).collect::<Vec<_>>().join("، ");
    let change = |tags: &[String], verb: &str| (!tags.is_empty()).then(|| format!("{} {verb}", ids(tags)));
    let changes: Vec<_> = change(added, "افزوده شد").into_iter().chain(change(removed, "برداشته شد")).collect();
    format!("برچسب‌ها: {}", changes.join("، "))
}

fn priority(code: u8) -> &'static str {
    ["کم", "عادی", "زیاد", "فوری"].get(usize::from(code)).copied().unwrap_or("ناشناخته")
}

fn reason_of(reason: Option<&str>) -> String {
    reason.map(|reason| format!(" با دلیل {}", id(reason))).unwrap_or_default()
}

fn by_means(means: u8) -> &'static str {
    ["با پیام", "با تماس", "با دیدار", "بدون تماس"].get(usize::from(means)).copied().unwrap_or_default()
}

fn value(given: &Given) -> String {
    match given {
        Given::Score { scale: 0, score: 0 } => "ناراضی".to_owned(),
        Given::Score { scale: 0, .. } => "راضی".to_owned(),
        Given::Score { scale: 1, score } => format!("{} از ۴", number(&score)),
        Given::Score { score, .. } => format!("{} از ۵", number(&score)),
        Given::Number(given) => number(given),
        Given::Choices(choices) if choices.is_empty() => "بدون انتخاب".to_owned(),
        Given::Choices(choices) => choices.iter().map(|choice| id(choice)).collect::<Vec<_>>().join("، "),
    }
}

fn length(within: Within) -> String {
    let unit = match within.unit {
        Unit::Seconds => "ثانیه",
        Unit::Minutes => "دقیقه",
        Unit::Hours => "ساعت",
        Unit::Days => "روز",
        Unit::BusinessDays => "روز کاری",
    };
    format!("{} {unit}", number(&within.amount))
}
