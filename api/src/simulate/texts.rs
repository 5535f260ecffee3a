//! Texts in the customers' languages, with small things filled in.

pub(super) mod phrases;
pub(super) mod topics;

use super::chance::Chance;
use super::people::Tongue;
use daftar_domain::ids::TicketId;
use daftar_domain::ticket::Attachment;

/// The stream of chance that details are drawn from.
const STREAM: u64 = 3;

/// One thing, said in several ways in each language.
pub(super) struct Said {
    fa: &'static [&'static str],
    en: &'static [&'static str],
    ar: &'static [&'static str],
}

const fn said(fa: &'static [&'static str], en: &'static [&'static str], ar: &'static [&'static str]) -> Said {
    Said { fa, en, ar }
}

impl Said {
    const fn ways(&self, tongue: Tongue) -> &'static [&'static str] {
        match tongue {
            Tongue::Persian => self.fa,
            Tongue::English => self.en,
            Tongue::Arabic => self.ar,
        }
    }
}

/// What is sold: its id, its Persian name, and its name elsewhere.
pub(super) struct Product {
    /// Its id.
    pub(super) id: &'static str,
    fa: &'static str,
    other: &'static str,
}

/// Everything that is sold.
pub(super) const PRODUCTS: [Product; 6] = [
    Product { id: "hesabyar", fa: "حساب\u{200C}یار", other: "Hesabyar" },
    Product { id: "vitrin", fa: "ویترین", other: "Vitrin" },
    Product { id: "anbardar", fa: "انباردار", other: "Anbardar" },
    Product { id: "s90", fa: "کارت\u{200C}خوان S90", other: "S90" },
    Product { id: "l2", fa: "چاپگر L2", other: "L2" },
    Product { id: "hamrah", fa: "همراه", other: "Hamrah" },
];

/// The small things that texts of one ticket agree on.
pub(super) struct Details {
    /// The language spoken with the customer.
    pub(super) tongue: Tongue,
    /// What it is about.
    pub(super) product: &'static Product,
    order: u32,
    amount: u32,
}

impl Details {
    /// The details of a ticket about `product`: always the same for the same ticket.
    pub(super) fn of(ticket: &TicketId, product: &'static Product, tongue: Tongue) -> Self {
        let mut chance = Chance::new(0, STREAM, digest(ticket.as_str()));
        Self { tongue, product, order: chance.between(10_000, 99_999), amount: chance.between(40, 2_400) * 1_000 }
    }

    /// Says it in one of its ways.
    pub(super) fn say(&self, what: &Said, chance: &mut Chance) -> String {
        self.filled(chance.one_of(what.ways(self.tongue)))
    }

    /// What an agent writes: a greeting, the matter, a farewell.
    pub(super) fn letter(&self, matter: &Said, chance: &mut Chance) -> String {
        let greeting = self.say(&phrases::GREETING, chance);
        let matter = self.say(matter, chance);
        if chance.likely(0.3) {
            return format!("{greeting} {matter}");
        }
        let farewell = self.say(&phrases::FAREWELL, chance);
        format!("{greeting}\n{matter}\n{farewell}")
    }

    /// What agents write for each other: Persian, but in English for now and then.
    pub(super) fn memo(&self, matter: &Said, chance: &mut Chance) -> String {
        let tongue =
            if self.tongue == Tongue::English && chance.likely(0.5) { Tongue::English } else { Tongue::Persian };
        let way = chance.one_of(matter.ways(tongue));
        Self { tongue, ..*self }.filled(way)
    }

    /// A file that a customer sends along.
    pub(super) fn attachment(&self, chance: &mut Chance) -> Attachment {
        let files: [(&str, &str, &str, u32); 3] = [
            ("screenshot.png", "تصویر صفحه.png", "image/png", 900),
            ("photo.jpg", "عکس.jpg", "image/jpeg", 3_000),
            ("receipt.pdf", "رسید.pdf", "application/pdf", 400),
        ];
        let (other, persian, media_type, kilobytes) = chance.one_of(&files);
        let name = if self.tongue == Tongue::Persian && chance.likely(0.6) { persian } else { other };
        Attachment {
            name: name.to_owned(),
            media_type: Some(media_type.to_owned()),
            size: Some(u64::from(chance.between(20_000, kilobytes * 1_000))),
            sha256: None,
            url: None,
        }
    }

    fn filled(&self, template: &str) -> String {
        let mut parts = template.split('{');
        let mut text = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (name, rest) = part.split_once('}').unwrap_or((part, ""));
            text.push_str(&self.value(name));
            text.push_str(rest);
        }
        text
    }

    fn value(&self, name: &str) -> String {
        match name {
            "order" => self.number(&self.order.to_string()),
            "amount" => self.number(&grouped(self.amount)),
            _ if self.tongue == Tongue::Persian => self.product.fa.to_owned(),
            _ => self.product.other.to_owned(),
        }
    }

    /// The number in the digits of the language.
    fn number(&self, latin: &str) -> String {
        if self.tongue != Tongue::Persian {
            return latin.to_owned();
        }
        latin.chars().map(persian).collect()
    }
}

/// A number made of a text (FNV-1a).
fn digest(text: &str) -> u64 {
    text.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
}

/// The number with a mark between its thousands.
fn grouped(number: u32) -> String {
    if number < 1_000 { number.to_string() } else { format!("{},{:03}", grouped(number / 1_000), number % 1_000) }
}

/// The Persian form of a digit or of the mark between thousands.
fn persian(c: char) -> char {
    const DIGITS: [char; 10] = ['۰', '۱', '۲', '۳', '۴', '۵', '۶', '۷', '۸', '۹'];
    match c.to_digit(10).and_then(|digit| usize::try_from(digit).ok()) {
        Some(digit) => DIGITS[digit],
        None if c == ',' => '٬',
        None => c,
    }
}

#[cfg(test)]
mod tests;
